// Runs a partition's maintenance by its object's one alarm. An alarm is a row written: it is set only to ring earlier than it would,
// and the one that an instance before has set counts.

import { COMPACTION_KEY_MAP_BYTES } from "../common/limits/partition-log.ts";
import type { ArchiveStore } from "../log/archive-store.ts";
import { Compactor } from "../log/compaction/compactor.ts";
import type { HashSeed } from "../log/compaction/key-hash.ts";
import type { LogStore } from "../log/log-store.ts";
import { type MaintenanceOptions, nextDueMs, runMaintenance, sweepOrphans } from "../log/maintenance.ts";
import { archivePrefix } from "../log/segment.ts";
import { batchTools, recordTools } from "./core.ts";
import type { OpenPartition } from "./open-partition.ts";

/** Between two tries of a maintenance that failed: doubled from the first to the last (ms). */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;

/** Between two runs that have something to do (ms). */
const MIN_INTERVAL_MS = 1_000;

/** The latest that a Date can be: what configs of "for ever" put beyond it never comes. */
const LATEST_TIME_MS = 8.64e15;

/** What it needs of a DurableObjectStorage. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
}

class DestroyedError extends Error {}

export class Upkeep {
  readonly #storage: AlarmStorage;
  readonly #store: LogStore;
  readonly #archive: ArchiveStore | null;
  #alarmMs = Number.POSITIVE_INFINITY;
  #failures = 0;
  #isSwept = false;
  /** Of the one partition that this keeps up. */
  #compactor: Compactor | null = null;
  #isStopped = false;
  #run: Promise<void> = Promise.resolve();

  constructor(storage: AlarmStorage, store: LogStore, archive: ArchiveStore | null) {
    this.#storage = storage;
    this.#store = store;
    this.#archive = archive;
  }

  /** The log was opened: finds what an instance before left undone, should its alarm be lost. */
  begin(partition: OpenPartition): void {
    this.schedule(nextDueMs(this.#optionsFor(partition)) ?? Number.POSITIVE_INFINITY);
  }

  /** Makes the alarm ring at `dueMs` at the latest; at once where that is over. */
  schedule(dueMs: number): void {
    const atMs = Math.max(dueMs, Date.now()); // no alarm can be set to 0, which stands for "at once" here
    if (atMs >= this.#alarmMs || atMs > LATEST_TIME_MS || this.#isStopped) return;
    this.#alarmMs = atMs;
    void this.#setAlarm(atMs);
  }

  /** As `schedule`, in one write with what comes before it in the same turn: for what must not be forgotten. */
  ringBy(dueMs: number): void {
    this.#alarmMs = Math.min(dueMs, this.#alarmMs);
    void this.#storage.setAlarm(this.#alarmMs);
  }

  /** Where it fails, the next that is due sets it. */
  async #setAlarm(atMs: number): Promise<void> {
    try {
      const storedMs = await this.#storage.getAlarm();
      if (this.#alarmMs < atMs) return; // an earlier one was set meanwhile
      if (storedMs === null || storedMs > atMs) await this.#storage.setAlarm(atMs);
    } catch (error) {
      if (this.#alarmMs === atMs) this.#alarmMs = Number.POSITIVE_INFINITY;
      console.error(JSON.stringify({ message: "the alarm of a partition could not be set", error: String(error), atMs }));
    }
  }

  /** To be called first when the alarm rings: who wants to be called again must not be told that it is set. */
  alarmIsGone(): void {
    this.#alarmMs = Number.POSITIVE_INFINITY;
  }

  /** What the alarm rang for. One run at a time: a second waits for the first. */
  async ring(partition: OpenPartition): Promise<void> {
    this.#run = this.#run.then(() => this.#maintain(partition));
    await this.#run;
  }

  /** Lets a run that is under way end, and no other begin. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#run;
  }

  #optionsFor(partition: OpenPartition): MaintenanceOptions {
    const checkAlive = (): void => {
      if (this.#isStopped) throw new DestroyedError();
    };
    this.#compactor ??= this.#createCompactor(partition);
    return {
      log: partition.log,
      store: this.#store,
      archive: this.#archive,
      tools: recordTools,
      compactor: this.#compactor,
      config: () => partition.config,
      now: Date.now,
      checkAlive,
      yieldTurn: () => scheduler.wait(0),
    };
  }

  async #maintain(partition: OpenPartition): Promise<void> {
    const options = this.#optionsFor(partition);
    try {
      if (!this.#isSwept) await sweepOrphans(options);
      this.#isSwept = true;
      const dueMs = await runMaintenance(options);
      this.#failures = 0;
      if (dueMs !== null) this.schedule(Math.max(dueMs, Date.now() + MIN_INTERVAL_MS));
    } catch (error) {
      if (error instanceof DestroyedError) return;
      this.#failures += 1;
      this.#isSwept = false; // what failed may have left something behind
      const retryMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS);
      console.error(
        JSON.stringify({ message: "the maintenance of a partition failed", ...partition.log.state, error: String(error), retryMs }),
      );
      this.schedule(Date.now() + retryMs);
    }
  }

  #createCompactor(open: OpenPartition): Compactor {
    const { topicId, partition } = open.log.state;
    return new Compactor({
      log: open.log,
      config: () => open.config,
      store: this.#store,
      archive: this.#archive,
      prefix: archivePrefix(topicId, partition),
      tools: batchTools,
      now: Date.now,
      randomSeed: () => [...crypto.getRandomValues(new Uint32Array(4))] as unknown as HashSeed,
      keyMapBytes: COMPACTION_KEY_MAP_BYTES,
    });
  }
}

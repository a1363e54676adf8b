// Runs a partition's maintenance by its object's one alarm. An alarm is a row written: it is set only to ring earlier than it would,
// and the one that an instance before has set counts.

import type { ArchiveStore } from "../log/archive-store.ts";
import type { LogStore } from "../log/log-store.ts";
import { type MaintenanceOptions, nextDueMs, runMaintenance, sweepOrphans } from "../log/maintenance.ts";
import { recordTools } from "./core.ts";
import type { OpenPartition } from "./open-partition.ts";

/** Between two tries of a maintenance that failed: doubled from the first to the last (ms). */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;

/** Between two runs that have something to do (ms). */
const MIN_INTERVAL_MS = 1_000;

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

  /** Makes the alarm ring at `dueMs` at the latest. */
  schedule(dueMs: number): void {
    if (dueMs >= this.#alarmMs || this.#isStopped) return;
    this.#alarmMs = dueMs;
    void this.#setAlarm(dueMs);
  }

  async #setAlarm(dueMs: number): Promise<void> {
    const storedMs = await this.#storage.getAlarm();
    if (storedMs === null || storedMs > dueMs) await this.#storage.setAlarm(dueMs);
  }

  /** The alarm rang. One run at a time: a second waits for the first. */
  async ring(partition: OpenPartition): Promise<void> {
    this.#alarmMs = Number.POSITIVE_INFINITY;
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
    return {
      log: partition.log,
      store: this.#store,
      archive: this.#archive,
      tools: recordTools,
      config: () => partition.config,
      now: Date.now,
      checkAlive,
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
      this.#isSwept = false; // it may have left objects behind
      const retryMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS);
      console.error(
        JSON.stringify({ message: "the maintenance of a partition failed", ...partition.log.state, error: String(error), retryMs }),
      );
      this.schedule(Date.now() + retryMs);
    }
  }
}

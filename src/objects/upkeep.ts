// Runs a partition's maintenance by its object's one alarm. An alarm is a row written: it is set only to ring earlier than it would.

import type { ArchiveStore } from "../log/archive-store.ts";
import type { LogStore } from "../log/log-store.ts";
import { runMaintenance, sweepOrphans } from "../log/maintenance.ts";
import { recordTools } from "./core.ts";
import type { OpenPartition } from "./open-partition.ts";

/** Between two tries of a maintenance that failed: doubled from the first to the last (ms). */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;

/** Between two runs that have something to do (ms). */
const MIN_INTERVAL_MS = 1_000;

class DestroyedError extends Error {}

export class Upkeep {
  readonly #storage: DurableObjectStorage;
  readonly #store: LogStore;
  readonly #archive: ArchiveStore | null;
  #alarmMs = Number.POSITIVE_INFINITY;
  #failures = 0;
  #isSwept = false;
  #isStopped = false;
  #run: Promise<void> = Promise.resolve();

  constructor(storage: DurableObjectStorage, store: LogStore, archive: ArchiveStore | null) {
    this.#storage = storage;
    this.#store = store;
    this.#archive = archive;
  }

  /** Makes the alarm ring at `dueMs` at the latest. */
  schedule(dueMs: number): void {
    if (dueMs >= this.#alarmMs || this.#isStopped) return;
    this.#alarmMs = dueMs;
    void this.#storage.setAlarm(dueMs);
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

  async #maintain(partition: OpenPartition): Promise<void> {
    const checkAlive = (): void => {
      if (this.#isStopped) throw new DestroyedError();
    };
    const { log } = partition;
    const options = {
      log,
      store: this.#store,
      archive: this.#archive,
      tools: recordTools,
      config: () => partition.config,
      now: Date.now,
      checkAlive,
    };
    try {
      if (!this.#isSwept) await sweepOrphans(options);
      this.#isSwept = true;
      const dueMs = await runMaintenance(options);
      this.#failures = 0;
      if (dueMs !== null) this.schedule(Math.max(dueMs, Date.now() + MIN_INTERVAL_MS));
    } catch (error) {
      if (error instanceof DestroyedError) return;
      this.#failures += 1;
      const retryMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS);
      console.error(JSON.stringify({ message: "the maintenance of a partition failed", ...log.state, error: String(error), retryMs }));
      this.schedule(Date.now() + retryMs);
    }
  }
}

// Compacts a log in steps, each short enough to leave the partition responsive. A run of maintenance takes as many as its share; the
// work then waits in memory, its key map with it, for the next. Without that memory it goes on from what is stored (round.ts).

import type { CompactionStep } from "./clean-group.ts";
import { type Dirt, findDirt } from "./dirt.ts";
import { dropTombstones, type RoundOptions, runRound } from "./round.ts";
import { SegmentGoneError } from "./segment-slices.ts";

export class Compactor {
  readonly #options: RoundOptions;
  #work: AsyncGenerator<CompactionStep> | null = null;

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  /**
   * Does the next step, null: there is nothing to do. What it replaced in the manifest is the caller's to delete from the archive.
   * @throws what the archive throws; the next step begins the round again
   */
  async next(): Promise<CompactionStep | null> {
    if (!this.#options.config().isCompacted) {
      await this.stop();
      return null;
    }
    this.#work ??= this.#begin();
    if (this.#work === null) return null;
    try {
      const step = await this.#work.next();
      if (!step.done) return step.value;
      this.#work = null;
    } catch (error) {
      this.#work = null;
      if (!(error instanceof SegmentGoneError)) throw error;
    }
    return { bytes: 0, replaced: [] };
  }

  /** When something is due without anything being written (ms; what is due already, at once), null: never. */
  dueMs(): number | null {
    const { log, config } = this.#options;
    if (!config().isCompacted) return null;
    const { cleaner } = log.state;
    const dirt = this.#findDirt();
    return cleaner.round !== null || dirt.isDue || dirt.expired.length > 0 ? 0 : dirt.dueMs;
  }

  /** Gives up what is under way, and the rows that it wrote. The next step begins the round again. */
  async stop(): Promise<void> {
    await this.#work?.return(undefined);
    this.#work = null;
  }

  #begin(): AsyncGenerator<CompactionStep> | null {
    const { cleaner } = this.#options.log.state;
    if (cleaner.round !== null) return runRound(cleaner.round, this.#options);
    const dirt = this.#findDirt();
    if (dirt.isDue) return runRound({ endOffset: dirt.endOffset, nextOffset: 0 }, this.#options);
    return dirt.expired.length === 0 ? null : dropTombstones(dirt.expired, this.#options);
  }

  #findDirt(): Dirt {
    const { log, store, config, now } = this.#options;
    const view = { config: config(), lastStableOffset: log.lastStableOffset, nowMs: now() };
    return findDirt(store.segmentsFrom(0), log.state.cleaner, view);
  }
}

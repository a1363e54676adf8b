// Destroys the partitions of deleted topics until none is left. What is left is stored, so that a pass may end anywhere: on failures,
// on a crash, at the bound on its calls. A partition may be told to destroy itself more than once, and must not mind.
//
// A pass works through the partitions in waves and stores what is left after each, which is one row for each wave, and none for a topic
// that goes in one.

import { forEachConcurrently } from "../common/concurrency.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import type { StoredDeletion, TopicStore } from "../storage/topic-store.ts";

/** Partitions between two stores of what is left: as many are destroyed again after a crash. */
const WAVE_PARTITIONS = 128;

/** One invocation may make 10,000 calls (platform: subrequests); this leaves room for everything else. */
const MAX_PARTITIONS_PER_PASS = 5_000;

const MIN_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 300_000;

/** Destroys one partition's data; a rejection means: again later. */
export type DestroyPartition = (topicId: string, partition: number) => Promise<void>;

export class TopicDeletion {
  readonly #store: TopicStore;
  readonly #destroyPartition: DestroyPartition;
  readonly #passes = new Map<string, Promise<void>>();

  constructor(store: TopicStore, destroyPartition: DestroyPartition) {
    this.#store = store;
    this.#destroyPartition = destroyPartition;
  }

  /** Tries each partition of the topic that is left once. A pass that is already running is joined. */
  run(topicId: string): Promise<void> {
    const running = this.#passes.get(topicId);
    if (running !== undefined) return running;
    const pass = this.#pass(topicId).finally(() => this.#passes.delete(topicId));
    this.#passes.set(topicId, pass);
    return pass;
  }

  async runAll(): Promise<void> {
    for (const topicId of this.#store.deletingTopicIds()) await this.run(topicId);
  }

  /** How long to wait before the next `runAll` (ms), or null when nothing is left. */
  backoffMs(): number | null {
    const left = this.#store.deletingTopicIds().map((topicId) => this.#store.deletion(topicId)?.attempts ?? 0);
    if (left.length === 0) return null;
    return Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** Math.min(...left));
  }

  async #pass(topicId: string): Promise<void> {
    const deletion = this.#store.deletion(topicId);
    if (deletion === null) return;
    const partitions = partitionsLeft(deletion).slice(0, MAX_PARTITIONS_PER_PASS);
    let left = deletion;
    for (let start = 0; start < partitions.length; start += WAVE_PARTITIONS) {
      const wave = partitions.slice(start, start + WAVE_PARTITIONS);
      left = afterWave(left, wave, await this.#destroy(topicId, wave));
      if (start + WAVE_PARTITIONS < partitions.length) this.#store.putDeletion(left);
    }
    if (partitionsLeft(left).length === 0) this.#store.removeDeletion(topicId);
    else this.#store.putDeletion({ ...left, attempts: left.failed.length > 0 ? left.attempts + 1 : left.attempts });
  }

  /** Answers the partitions that could not be destroyed, and logs one line for all of them. */
  async #destroy(topicId: string, partitions: readonly number[]): Promise<Set<number>> {
    const failed = new Set<number>();
    let lastError: unknown;
    await forEachConcurrently(partitions, MAX_CONCURRENT_CALLS, async (partition) => {
      try {
        await this.#destroyPartition(topicId, partition);
      } catch (error) {
        failed.add(partition);
        lastError = error;
      }
    });
    if (failed.size > 0) {
      const about = { topicId, partitionCount: failed.size, error: String(lastError) };
      console.warn(JSON.stringify({ message: "partitions of a deleted topic are not destroyed yet", ...about }));
    }
    return failed;
  }
}

/** Those that were never tried come first, so that one that keeps failing holds up no other. */
function partitionsLeft({ nextPartition, partitionCount, failed }: StoredDeletion): number[] {
  const untried = Array.from({ length: partitionCount - nextPartition }, (_, index) => nextPartition + index);
  return [...untried, ...failed];
}

function afterWave(before: StoredDeletion, wave: readonly number[], failed: ReadonlySet<number>): StoredDeletion {
  const tried = new Set(wave);
  const stillFailed = [...before.failed.filter((partition) => !tried.has(partition)), ...failed].sort((a, b) => a - b);
  const nextPartition = Math.max(before.nextPartition, ...wave.map((partition) => partition + 1));
  return { ...before, nextPartition, failed: stillFailed };
}

// The watches that one client's fetches leave open for its next ones. A consumer that is at the end of its partitions asks again and
// again: without this each empty fetch would read every partition and open a watch on it, and no idle partition would ever sleep. With
// it, a partition that has said nothing since its last empty read is not asked at all.
//
// An entry is an open watch and the empty read before it. The read still holds while the watch is open and tells of nothing past it:
// what changes a log otherwise (its deletion, a restart of its object) closes the watch. Only its start may have moved meanwhile, which
// a reader at the end of the log does not come near.

import type { FetchStart, IsolationLevel, PartitionWatch, ReadResult } from "./ports.ts";

/** Fetches that a watch is kept over without being waited for: a consumer that lost the partition does not come back for it. */
const KEPT_FETCHES = 8;

export interface WatchPlace {
  readonly topic: string;
  readonly partition: number;
  readonly isolation: IsolationLevel;
}

interface Entry {
  readonly watch: PartitionWatch;
  /** Empty: it ends where it started. */
  result: ReadResult;
  /** The last fetch that waited for it. */
  fetch: number;
}

export class WatchCache {
  readonly #maxWatches: number;
  readonly #entries = new Map<string, Entry>();
  #fetch = 0;
  #isClosed = false;

  /** @param maxWatches those that do not fit are closed after each fetch */
  constructor(maxWatches: number) {
    this.#maxWatches = maxWatches;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Closes what the last fetches did not wait for, and what the partition closed. */
  beginFetch(): void {
    this.#fetch += 1;
    for (const [key, entry] of this.#entries) {
      if (!entry.watch.isOpen || this.#fetch - entry.fetch > KEPT_FETCHES) this.#drop(key, entry);
    }
  }

  /** The empty read from `start` on, if it still holds; null where the partition must be asked. */
  async idleRead(place: WatchPlace, start: FetchStart): Promise<ReadResult | null> {
    const entry = this.#entries.get(keyOf(place));
    if (entry === undefined || entry.result.startOffset !== start) return null;
    return (await entry.watch.past(entry.result.nextOffset, 0)) ? null : entry.result;
  }

  /** The open watch on a partition, or null. */
  open(place: WatchPlace): PartitionWatch | null {
    const watch = this.#entries.get(keyOf(place))?.watch;
    return watch?.isOpen ? watch : null;
  }

  /** Takes the watch over after a wait; `result` is what was last read before it. */
  keep(place: WatchPlace, watch: PartitionWatch, result: ReadResult): void {
    const key = keyOf(place);
    const known = this.#entries.get(key);
    if (known !== undefined && known.watch !== watch) this.#drop(key, known);
    const isFull = known === undefined && this.#entries.size >= this.#maxWatches;
    if (this.#isClosed || isFull || !watch.isOpen) {
      watch.close();
      return;
    }
    this.#entries.set(key, { watch, result, fetch: this.#fetch });
  }

  /** Closes all: the next fetch reads every partition again. */
  clear(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  /** Closes all, and whatever is brought afterwards. */
  close(): void {
    this.#isClosed = true;
    this.clear();
  }

  #drop(key: string, { watch }: Entry): void {
    this.#entries.delete(key);
    watch.close();
  }
}

function keyOf({ topic, partition, isolation }: WatchPlace): string {
  return `${isolation} ${partition} ${topic}`;
}

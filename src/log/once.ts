// Runs that are written once: each comes with the digest of an id, and a repeat of the id within its window is not written, but answered
// with the first one's offset. What a producer's sequence is for a producer, this is for senders that only know their events' ids (inbound
// webhooks).
//
// Invariant: an id is remembered in the transaction that writes its run, and by nothing else. So a crash leaves both or neither, and of two
// that come at the same moment one is written.
//
// Ids are kept in blocks, in the order in which they came: a flush writes the newest block again, one row, however many ids it adds; and a
// block whose ids have all expired goes with one row. The oldest go early where there are more than MAX_ONCE_IDS.

import { type Failure, isFailure } from "../common/errors.ts";
import { MAX_ONCE_IDS, ONCE_BLOCK_IDS } from "../common/limits.ts";
import type { AppendedRun, AppendItem } from "./append-plan.ts";

/** Names what is written once. */
export interface OnceKey {
  /** 16 bytes, as hexadecimal digits. */
  readonly digest: string;
  /** For how long a repeat is known again (ms). */
  readonly windowMs: number;
}

/** A run of one record that is written once. */
export interface OnceRun {
  readonly bytes: ArrayBuffer;
  readonly once: OnceKey;
}

export interface OnceAppended extends AppendedRun {
  /** The record was there already: the offset is the first one's. */
  readonly isRepeat?: true;
}

export interface OnceEntry {
  readonly digest: string;
  readonly offset: number;
  /** ms since the epoch */
  readonly expiresAtMs: number;
}

export interface OnceBlock {
  /** Rises from block to block. */
  readonly blockId: number;
  readonly entries: readonly OnceEntry[];
}

/** Implementations: src/storage/sqlite-once-store.ts, src/storage/memory-once-store.ts. */
export interface OnceStore {
  /** Whole or not at all, with whatever else is written in it. */
  transaction<T>(work: () => T): T;
  /** In the order of their ids. */
  blocks(): readonly OnceBlock[];
  /** Writes a block, new or changed. */
  put(block: OnceBlock): void;
  remove(blockId: number): void;
}

interface Block {
  readonly blockId: number;
  readonly entries: OnceEntry[];
}

/** Where the answer to an item comes from. */
type Source = { readonly known: OnceEntry } | { readonly freshIndex: number; readonly isRepeat: boolean };

export class OnceIds {
  readonly #store: OnceStore;
  readonly #now: () => number;
  /** Loaded at the first need: most partitions have none. The newest last. */
  #blocks: Block[] | null = null;
  readonly #entries = new Map<string, OnceEntry>();

  /** @param now ms since the epoch */
  constructor(store: OnceStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Passes on what is to be written, and remembers it. After an exception memory and store may differ: the instance is done with.
   * @param append writes its items, a result for each
   */
  write(
    items: readonly (AppendItem | OnceRun)[],
    append: (fresh: readonly AppendItem[]) => readonly (AppendedRun | Failure)[],
  ): readonly (OnceAppended | Failure)[] {
    if (!items.some(isOnceRun)) return append(items as readonly AppendItem[]);
    this.#load();
    const nowMs = this.#now();
    const fresh: AppendItem[] = [];
    const named = new Map<string, { readonly index: number; readonly expiresAtMs: number }>();
    const sources = items.map((item): Source => {
      if (!isOnceRun(item)) return { freshIndex: fresh.push(item) - 1, isRepeat: false };
      const { digest, windowMs } = item.once;
      const known = this.#entries.get(digest);
      if (known !== undefined && known.expiresAtMs > nowMs) return { known };
      const before = named.get(digest);
      if (before !== undefined) return { freshIndex: before.index, isRepeat: true };
      const index = fresh.push(item.bytes) - 1;
      named.set(digest, { index, expiresAtMs: nowMs + windowMs });
      return { freshIndex: index, isRepeat: false };
    });
    const results = this.#store.transaction(() => {
      const appended = append(fresh);
      this.#remember(
        [...named].flatMap(([digest, { index, expiresAtMs }]) => {
          const result = appended[index]!;
          return isFailure(result) ? [] : { digest, offset: result.baseOffset, expiresAtMs };
        }),
        nowMs,
      );
      return appended;
    });
    return sources.map((source) => answerOf(source, results));
  }

  #remember(entries: readonly OnceEntry[], nowMs: number): void {
    if (entries.length === 0) return;
    const blocks = this.#blocks!;
    const changed = new Set<Block>();
    for (const entry of entries) {
      let newest = blocks.at(-1);
      if (newest === undefined || newest.entries.length >= ONCE_BLOCK_IDS) {
        newest = { blockId: (newest?.blockId ?? -1) + 1, entries: [] };
        blocks.push(newest);
      }
      newest.entries.push(entry);
      this.#entries.set(entry.digest, entry);
      changed.add(newest);
    }
    for (const block of changed) this.#store.put(block);
    this.#forget(nowMs);
  }

  /** Lets blocks go from the oldest on: those that have expired, and those beyond the limit. The newest stays: its id is the next one's. */
  #forget(nowMs: number): void {
    const blocks = this.#blocks!;
    while (blocks.length > 1) {
      const oldest = blocks[0]!;
      const isExpired = oldest.entries.every(({ expiresAtMs }) => expiresAtMs <= nowMs);
      if (!isExpired && blocks.length * ONCE_BLOCK_IDS <= MAX_ONCE_IDS) return;
      for (const entry of oldest.entries) if (this.#entries.get(entry.digest) === entry) this.#entries.delete(entry.digest);
      this.#store.remove(oldest.blockId);
      blocks.shift();
    }
  }

  #load(): void {
    if (this.#blocks !== null) return;
    this.#blocks = this.#store.blocks().map(({ blockId, entries }) => ({ blockId, entries: [...entries] }));
    for (const { entries } of this.#blocks) for (const entry of entries) this.#entries.set(entry.digest, entry);
  }
}

function isOnceRun(item: AppendItem | OnceRun): item is OnceRun {
  return "once" in item;
}

function answerOf(source: Source, results: readonly (AppendedRun | Failure)[]): OnceAppended | Failure {
  if ("known" in source) return { baseOffset: source.known.offset, logAppendTimeMs: -1, isRepeat: true };
  const result = results[source.freshIndex]!;
  return isFailure(result) || !source.isRepeat ? result : { ...result, isRepeat: true };
}

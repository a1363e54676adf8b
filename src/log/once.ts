// Runs that are written once: each comes with the digest of an id, and a repeat of the id within its window is not written, but answered
// with the first one's offset. What a producer's sequence is for a producer, this is for senders that only know their events' ids (inbound
// webhooks).
//
// Invariant: an id is remembered in the transaction that writes its run, and by nothing else. So a crash leaves both or neither, and of two
// that come at the same moment one is written.
//
// Ids are kept in blocks (once-block.ts), in the order in which they came: a flush writes the newest block again, one row, however many ids
// it adds; and a block whose ids have all expired goes with one row. The oldest go early where there are more than MAX_ONCE_IDS.

import { type Failure, isFailure } from "../common/errors.ts";
import { decodeHex } from "../common/hex.ts";
import { MAX_ONCE_IDS, ONCE_BLOCK_IDS } from "../common/limits/partition-log.ts";
import type { AppendedRun, AppendItem } from "./append-plan.ts";
import { digestKey, OnceBlock } from "./once-block.ts";

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

export interface StoredOnceBlock {
  readonly blockId: number;
  /** OnceBlock.encode */
  readonly entries: ArrayBuffer;
}

/** Implementations: src/storage/sqlite-once-store.ts, src/storage/memory-once-store.ts. */
export interface OnceStore {
  /** Whole or not at all, with whatever else is written in it. */
  transaction<T>(work: () => T): T;
  /** In the order of their ids. */
  blocks(): readonly StoredOnceBlock[];
  /** Writes a block, new or changed. */
  put(block: StoredOnceBlock): void;
  remove(blockId: number): void;
}

/** Where the answer to an item comes from: a record that is there, or what becomes of a fresh one. */
type AnswerSource = { readonly knownOffset: number } | { readonly freshIndex: number; readonly isRepeat: boolean };

/** An id that comes for the first time, with the index of its run among the fresh ones. */
interface NewId {
  readonly digest: Uint8Array;
  readonly freshIndex: number;
  readonly expiresAtMs: number;
}

export class OnceIds {
  readonly #store: OnceStore;
  readonly #now: () => number;
  /** Loaded at the first need: most partitions have none. The newest last; their ids follow one another. */
  #blocks: OnceBlock[] | null = null;
  /** By digestKey: block id times ONCE_BLOCK_IDS plus the index in it. */
  readonly #places = new Map<string, number>();

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
    const nowMs = this.#now();
    const fresh: AppendItem[] = [];
    const newIds = new Map<string, NewId>();
    const sources = items.map((item): AnswerSource => {
      if (!isOnceRun(item)) return { freshIndex: fresh.push(item) - 1, isRepeat: false };
      const digest = decodeHex(item.once.digest)!;
      const key = digestKey(digest);
      const knownOffset = this.#find(key, nowMs);
      if (knownOffset !== null) return { knownOffset };
      const first = newIds.get(key);
      if (first !== undefined) return { freshIndex: first.freshIndex, isRepeat: true };
      const freshIndex = fresh.push(item.bytes) - 1;
      newIds.set(key, { digest, freshIndex, expiresAtMs: nowMs + item.once.windowMs });
      return { freshIndex, isRepeat: false };
    });
    const results = this.#store.transaction(() => {
      const appended = append(fresh);
      this.#remember([...newIds], appended, nowMs);
      return appended;
    });
    return sources.map((source) => answerOf(source, results));
  }

  /** The offset of the first record, null where there is none, or it is too long ago. */
  #find(key: string, nowMs: number): number | null {
    const [oldest] = this.#load();
    const place = this.#places.get(key);
    if (oldest === undefined || place === undefined) return null;
    const block = this.#load()[Math.floor(place / ONCE_BLOCK_IDS) - oldest.blockId]!;
    const index = place % ONCE_BLOCK_IDS;
    return block.expiresAtMs(index) > nowMs ? block.offset(index) : null;
  }

  #remember(newIds: readonly (readonly [key: string, id: NewId])[], appended: readonly (AppendedRun | Failure)[], nowMs: number): void {
    const changed = new Set<OnceBlock>();
    for (const [key, { digest, freshIndex, expiresAtMs }] of newIds) {
      const result = appended[freshIndex]!;
      if (isFailure(result)) continue;
      const block = this.#newest();
      const index = block.add(digest, result.baseOffset, expiresAtMs);
      this.#places.set(key, block.blockId * ONCE_BLOCK_IDS + index);
      changed.add(block);
    }
    for (const block of changed) this.#store.put({ blockId: block.blockId, entries: block.encode() });
    if (changed.size > 0) this.#forget(nowMs);
  }

  /** The block that the next id goes into. */
  #newest(): OnceBlock {
    const blocks = this.#load();
    const newest = blocks.at(-1);
    if (newest !== undefined && !newest.isFull) return newest;
    const next = new OnceBlock((newest?.blockId ?? -1) + 1);
    blocks.push(next);
    return next;
  }

  /** Lets blocks go from the oldest on: those that have expired, and those beyond the limit. The newest stays, for its id. */
  #forget(nowMs: number): void {
    const blocks = this.#load();
    while (blocks.length > 1) {
      const oldest = blocks[0]!;
      if (oldest.lastExpiryMs > nowMs && blocks.length * ONCE_BLOCK_IDS <= MAX_ONCE_IDS) return;
      for (let index = 0; index < oldest.count; index++) {
        const key = oldest.key(index);
        if (this.#places.get(key) === oldest.blockId * ONCE_BLOCK_IDS + index) this.#places.delete(key); // else it came again since
      }
      this.#store.remove(oldest.blockId);
      blocks.shift();
    }
  }

  #load(): OnceBlock[] {
    if (this.#blocks !== null) return this.#blocks;
    this.#blocks = this.#store.blocks().map(({ blockId, entries }) => new OnceBlock(blockId, entries));
    for (const block of this.#blocks) {
      for (let index = 0; index < block.count; index++) this.#places.set(block.key(index), block.blockId * ONCE_BLOCK_IDS + index);
    }
    return this.#blocks;
  }
}

function isOnceRun(item: AppendItem | OnceRun): item is OnceRun {
  return "once" in item;
}

function answerOf(source: AnswerSource, results: readonly (AppendedRun | Failure)[]): OnceAppended | Failure {
  if ("knownOffset" in source) return { baseOffset: source.knownOffset, logAppendTimeMs: -1, isRepeat: true };
  const result = results[source.freshIndex]!;
  return isFailure(result) || !source.isRepeat ? result : { ...result, isRepeat: true };
}

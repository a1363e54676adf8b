// The newest offset of each key of the dirty part of a log, by the key's hash, in a bounded number of bytes
// (org.apache.kafka.storage.internals.log.SkimpyOffsetMap). Open addressing: a key goes to the first free slot from the one that its
// hash names on, and nothing is ever removed.

import { COMPACTION_KEY_MAP_BYTES } from "../../common/limits/partition-log.ts";
import { MAX_RECORDS_PER_REQUEST } from "../../common/limits/records.ts";
import { type HashSeed, KeyHash } from "./key-hash.ts";

/** Four words of hash and a 64-bit offset. */
const KEY_MAP_SLOT_BYTES = 24;

/** Kafka's log.cleaner.io.buffer.load.factor: fuller, and looking takes long. */
const LOAD_FACTOR = 0.9;

const FREE = -1;

export class KeyMap {
  readonly #hash: KeyHash;
  readonly #slotCount: number;
  readonly #hashes: Uint32Array;
  /** FREE where the slot is. */
  readonly #offsets: Float64Array;
  #size = 0;

  /** @param keyCount as many as will come at most; @param maxBytes bounds the memory, and with it the keys */
  constructor(keyCount: number, maxBytes: number, seed: HashSeed) {
    this.#hash = new KeyHash(seed);
    this.#slotCount = Math.max(1, Math.min(Math.floor(maxBytes / KEY_MAP_SLOT_BYTES), Math.ceil(keyCount / LOAD_FACTOR) + 1));
    this.#hashes = new Uint32Array(this.#slotCount * 4);
    this.#offsets = new Float64Array(this.#slotCount).fill(FREE);
  }

  get size(): number {
    return this.#size;
  }

  /** Whether so many more keys fit. */
  hasRoomFor(keyCount: number): boolean {
    return this.#size + keyCount <= keyCapacity(this.#slotCount);
  }

  /** Notes a record; those of one key come in the order of their offsets. */
  put(key: Uint8Array, offset: number): void {
    const slot = this.#slotOf(key);
    if (this.#offsets[slot] === FREE) {
      if (!this.hasRoomFor(1)) throw new Error(`the key map is full with ${this.#size} keys`);
      this.#hashes.set(this.#hash.words, slot * 4);
      this.#size += 1;
    }
    this.#offsets[slot] = offset;
  }

  /** The newest offset of a key, -1 if it never came. */
  offsetOf(key: Uint8Array): number {
    return this.#offsets[this.#slotOf(key)]!;
  }

  /** The slot that has the key, or the free one where it belongs. There always is one: the map is never full. */
  #slotOf(key: Uint8Array): number {
    this.#hash.take(key);
    const { words } = this.#hash;
    const hashes = this.#hashes;
    for (let slot = words[0]! % this.#slotCount; ; slot = slot + 1 === this.#slotCount ? 0 : slot + 1) {
      if (this.#offsets[slot] === FREE) return slot;
      const at = slot * 4;
      const isSame = hashes[at] === words[0] && hashes[at + 1] === words[1] && hashes[at + 2] === words[2] && hashes[at + 3] === words[3];
      if (isSame) return slot;
    }
  }
}

function keyCapacity(slotCount: number): number {
  return Math.min(slotCount - 1, Math.floor(slotCount * LOAD_FACTOR));
}

/** A round gets on by a batch at least. */
if (keyCapacity(COMPACTION_KEY_MAP_BYTES / KEY_MAP_SLOT_BYTES) < MAX_RECORDS_PER_REQUEST)
  throw new Error("limits: a batch must fit the key map");

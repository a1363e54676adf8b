// The one place that touches WebAssembly.Memory: instantiates the core and hands out its exports and its scratch region.
//
// Invariant: views into the memory are taken (`bytes`, `view`) after the last `reserve` of a call and are not kept across calls, because
// growing the memory detaches them.

import { CoreError, MEMORY_LIMIT, OUTPUT_LIMIT } from "./status.ts";

/** A codec export: bytes written, or a negative status. */
export type CodecExport = (source: number, sourceLength: number, destination: number, capacity: number) => number;

/** The core's exports (assembly/index.ts). Pointers, lengths and statuses are i32; an int64 crosses in a low and a high half. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  /** Runs the core's top-level statements; absent if it has none. */
  readonly _start?: () => void;
  scratch(): number;
  reserve(bytes: number): number;
  outcome(): number;
  crc32c(source: number, length: number, seed: number): number;
  compress(codec: number, source: number, sourceLength: number, destination: number, capacity: number): number;
  decompress(codec: number, source: number, sourceLength: number, destination: number, capacity: number): number;
  batchesValidate(
    source: number,
    sourceLength: number,
    flags: number,
    maxRecords: number,
    table: number,
    tableCapacity: number,
    plain: number,
    plainCapacity: number,
  ): number;
  batchDecode(
    source: number,
    sourceLength: number,
    flags: number,
    table: number,
    tableCapacity: number,
    plain: number,
    plainCapacity: number,
  ): number;
  batchEncode(
    list: number,
    listLength: number,
    recordCount: number,
    plain: number,
    plainCapacity: number,
    destination: number,
    capacity: number,
  ): number;
  batchesPatch(source: number, sourceLength: number, baseOffsetLow: number, baseOffsetHigh: number, leaderEpoch: number): number;
  batchSetMaxTimestamp(source: number, sourceLength: number, timestampLow: number, timestampHigh: number, isLogAppendTime: number): number;
  offsetIndexFind(index: number, count: number, relativeOffset: number): number;
  timeIndexFind(index: number, count: number, timestampLow: number, timestampHigh: number): number;
  batchFindOffset(source: number, sourceLength: number, offsetLow: number, offsetHigh: number): number;
  batchFindTimestamp(source: number, sourceLength: number, timestampLow: number, timestampHigh: number): number;
  jsonEscape(source: number, length: number, destination: number): number;
  recordsJson(
    entries: number,
    count: number,
    origin: number,
    baseOffsetLow: number,
    baseOffsetHigh: number,
    prefix: number,
    prefixLength: number,
    destination: number,
    capacity: number,
  ): number;
}

/** Areas of the scratch region begin on a cache line. */
const ALIGNMENT = 64;

/** Positions are passed as i32. */
const MAX_ADDRESS = 0x7fffffff;

/** How much room for an output grows when it was too small. */
const GROWTH_FACTOR = 4;

export class Core {
  readonly exports: CoreExports;
  /** First byte of the scratch region. */
  readonly scratch: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module).exports as unknown as CoreExports;
    this.exports._start?.();
    this.scratch = this.exports.scratch();
    this.#bytes = new Uint8Array(this.exports.memory.buffer);
    this.#view = new DataView(this.exports.memory.buffer);
  }

  /** The whole memory as bytes; valid until the next `reserve`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    this.#refresh();
    return this.#bytes;
  }

  /** The whole memory as a DataView; valid until the next `reserve`. */
  get view(): DataView<ArrayBuffer> {
    this.#refresh();
    return this.#view;
  }

  /**
   * Makes `bytes` bytes from `position` (in the scratch region) on usable.
   * @returns the first aligned position after them, for the next area
   * @throws CoreError MEMORY_LIMIT
   */
  reserve(position: number, bytes: number): number {
    const status = this.#grow(position + bytes);
    if (status < 0) throw new CoreError(status);
    return align(position + bytes);
  }

  /** Copies `input` to the start of the scratch region. @returns the first aligned position after it */
  load(input: Uint8Array): number {
    const next = this.reserve(this.scratch, input.length);
    this.bytes.set(input, this.scratch);
    return next;
  }

  /**
   * Runs `call` with room for its output at `position`: at first what there is, then more, for as long as it answers OUTPUT_LIMIT
   * and `limit` bytes are not reached.
   * @returns what `call` returned last, or MEMORY_LIMIT
   */
  growRoom(position: number, limit: number, call: (capacity: number) => number): number {
    let capacity = Math.min(limit, Math.max(0, this.exports.memory.buffer.byteLength - position));
    for (;;) {
      const status = call(capacity);
      if (status !== OUTPUT_LIMIT || capacity >= limit) return status;
      capacity = Math.min(limit, Math.max(capacity * GROWTH_FACTOR, 1 << 16));
      const grown = this.#grow(position + capacity);
      if (grown < 0) return grown;
    }
  }

  /** Makes the memory reach to `end`. @returns 0 or MEMORY_LIMIT */
  #grow(end: number): number {
    if (end <= this.exports.memory.buffer.byteLength) return 0;
    return end > MAX_ADDRESS ? MEMORY_LIMIT : this.exports.reserve(end - this.scratch);
  }

  #refresh(): void {
    const { buffer } = this.exports.memory;
    if (this.#bytes.buffer === buffer) return;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}

export function align(position: number): number {
  return (position + ALIGNMENT - 1) & -ALIGNMENT;
}

// Builds a segment's sparse indexes while its batches go by, in Kafka's formats (org.apache.kafka.storage.internals.log.OffsetIndex,
// TimeIndex), big endian:
//
//   offset index entry: u32 last offset of a batch, relative to the segment's base; u32 position of that batch
//   time index entry:   i64 largest timestamp so far (ms); u32 relative offset of the last record of the batch that brought it
//
// An entry is written before a batch once index.interval.bytes went by since the last; the time index ends with the segment's largest
// timestamp. Timestamps rise from entry to entry.

import { type BatchHeader, lastOffset } from "../record/record-batch.ts";

const OFFSET_ENTRY_BYTES = 8;
const TIME_ENTRY_BYTES = 12;

export interface BuiltIndexes {
  readonly offsetIndex: ArrayBuffer;
  readonly timeIndex: ArrayBuffer;
}

export class IndexBuilder {
  readonly #baseOffset: number;
  readonly #intervalBytes: number;
  readonly #offsetEntries: [relativeOffset: number, position: number][] = [];
  readonly #timeEntries: [timestamp: number, relativeOffset: number][] = [];
  #bytesSinceEntry = 0;
  #maxTimestamp = -1;
  #maxTimestampOffset = 0;

  constructor(baseOffset: number, intervalBytes: number) {
    this.#baseOffset = baseOffset;
    this.#intervalBytes = intervalBytes;
  }

  /** @param position of the batch in the segment */
  add(batch: BatchHeader, position: number): void {
    if (batch.maxTimestamp > this.#maxTimestamp) {
      this.#maxTimestamp = batch.maxTimestamp;
      this.#maxTimestampOffset = lastOffset(batch);
    }
    if (this.#bytesSinceEntry > this.#intervalBytes) {
      this.#offsetEntries.push([lastOffset(batch) - this.#baseOffset, position]);
      this.#addTimeEntry();
      this.#bytesSinceEntry = 0;
    }
    this.#bytesSinceEntry += batch.sizeBytes;
  }

  finish(): BuiltIndexes {
    this.#addTimeEntry();
    const offsets = new DataView(new ArrayBuffer(this.#offsetEntries.length * OFFSET_ENTRY_BYTES));
    for (const [index, [relativeOffset, position]] of this.#offsetEntries.entries()) {
      offsets.setUint32(index * OFFSET_ENTRY_BYTES, relativeOffset);
      offsets.setUint32(index * OFFSET_ENTRY_BYTES + 4, position);
    }
    const times = new DataView(new ArrayBuffer(this.#timeEntries.length * TIME_ENTRY_BYTES));
    for (const [index, [timestamp, relativeOffset]] of this.#timeEntries.entries()) {
      times.setBigInt64(index * TIME_ENTRY_BYTES, BigInt(timestamp));
      times.setUint32(index * TIME_ENTRY_BYTES + 8, relativeOffset);
    }
    return { offsetIndex: offsets.buffer, timeIndex: times.buffer };
  }

  #addTimeEntry(): void {
    if (this.#maxTimestamp > (this.#timeEntries.at(-1)?.[0] ?? -1)) {
      this.#timeEntries.push([this.#maxTimestamp, this.#maxTimestampOffset - this.#baseOffset]);
    }
  }
}

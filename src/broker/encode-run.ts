// Records of one partition to a run of batches, each within the topic's max.message.bytes. A record that is too large by itself is
// refused; the others go on.

import { concatBytes } from "../common/bytes.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_BATCH_BYTES } from "../common/limits/records.ts";
import type { Core } from "../wasm/core.ts";
import { type Compression, type EncodeOptions, encodeBatch, type RecordInput } from "../wasm/record-batches.ts";
import { CoreError, MEMORY_LIMIT } from "../wasm/status.ts";
import type { ProducerSequence } from "./messages/produce.ts";

export interface RunOptions {
  readonly compression: Compression;
  /** Topic config max.message.bytes. */
  readonly maxMessageBytes: number;
  readonly producer?: ProducerSequence | undefined;
}

export interface EncodedRun {
  /** Whole batches, end to end. */
  readonly bytes: ArrayBuffer;
  /** Indexes into the records, in the order of their offsets. */
  readonly written: readonly number[];
  readonly refused: readonly { readonly index: number; readonly failure: Failure }[];
}

/** A batch is closed at about this many bytes before compression, as clients do. */
const TARGET_BATCH_BYTES = 1_000_000;

/** Bytes of a record beside its key, value and headers, at most: varints and attributes. */
const RECORD_OVERHEAD_BYTES = 32;

export function encodeRun(core: Core, records: readonly RecordInput[], options: RunOptions): EncodedRun {
  const batches: Uint8Array<ArrayBuffer>[] = [];
  const written: number[] = [];
  const refused: { index: number; failure: Failure }[] = [];
  const { maxMessageBytes } = options;

  const encodeRange = (first: number, end: number): void => {
    const batch = encodeWithin(core, records.slice(first, end), {
      compression: options.compression,
      ...sequenceAfter(options, written.length),
    });
    const reason = isFailure(batch) ? batch : batch.length <= maxMessageBytes ? null : tooLarge(batch.length, maxMessageBytes);
    if (reason === null) {
      batches.push(batch as Uint8Array<ArrayBuffer>);
      for (let index = first; index < end; index++) written.push(index);
    } else if (end - first === 1) {
      refused.push({ index: first, failure: reason });
    } else {
      const middle = (first + end) >> 1;
      encodeRange(first, middle);
      encodeRange(middle, end);
    }
  };
  for (const [first, end] of batchRanges(records, Math.min(maxMessageBytes, TARGET_BATCH_BYTES))) encodeRange(first, end);
  return { bytes: concatBytes(batches).buffer, written, refused };
}

/** One batch; MESSAGE_TOO_LARGE where the records are more than any batch, or than the core's memory, holds. */
function encodeWithin(core: Core, records: readonly RecordInput[], options: EncodeOptions): Uint8Array<ArrayBuffer> | Failure {
  if (records.length === 1 && estimateBytes(records[0]!) - RECORD_OVERHEAD_BYTES > MAX_BATCH_BYTES) return beyondAnyBatch();
  try {
    return encodeBatch(core, records, options);
  } catch (error) {
    if (error instanceof CoreError && error.status === MEMORY_LIMIT) return beyondAnyBatch();
    throw error;
  }
}

/** Splits the records where a batch would outgrow `targetBytes` uncompressed. */
function batchRanges(records: readonly RecordInput[], targetBytes: number): [first: number, end: number][] {
  const ranges: [number, number][] = [];
  let first = 0;
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    const size = estimateBytes(record);
    if (index > first && bytes + size > targetBytes) {
      ranges.push([first, index]);
      first = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (first < records.length) ranges.push([first, records.length]);
  return ranges;
}

function estimateBytes(record: RecordInput): number {
  let bytes = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const header of record.headers ?? []) bytes += header.key.length + (header.value?.length ?? 0) + 2;
  return bytes;
}

function sequenceAfter({ producer }: RunOptions, count: number): Partial<EncodeOptions> {
  if (producer === undefined) return {};
  const { producerId, producerEpoch, transactionalId } = producer;
  const baseSequence = (producer.baseSequence + count) % 2 ** 31;
  return { producerId, producerEpoch, baseSequence, isTransactional: transactionalId !== undefined };
}

function tooLarge(bytes: number, maxMessageBytes: number): Failure {
  return failure(
    "MESSAGE_TOO_LARGE",
    `the record takes ${bytes} bytes as a batch of its own, the topic's max.message.bytes is ${maxMessageBytes}`,
  );
}

function beyondAnyBatch(): Failure {
  return failure(
    "MESSAGE_TOO_LARGE",
    `the record's key, value and headers take more than ${MAX_BATCH_BYTES} bytes before compression: no topic's max.message.bytes allows that`,
  );
}

// Follows a read into the archive: ranged reads of the segment's object, cut to whole batches. The partition has no part in it.

import { type Failure, isFailure } from "../common/errors.ts";
import { batchHeaders, lastOffset } from "../record/record-batch.ts";
import { readRange, wholeBatchLength } from "./archive-range.ts";
import type { ArchivedRead, ArchivePort, ReadResult } from "./ports.ts";

/** Read beyond `maxBytes`: a read begins up to an index interval before the batch that is wanted. */
const SLACK_BYTES = 64 * 1024;

const NO_BATCHES = new ArrayBuffer(0);

export interface ArchiveReadLimits {
  readonly maxBytes: number;
  readonly maxRecords: number;
}

/** @returns a read that ends with its segment at the latest */
export async function readArchive(
  archive: ArchivePort | null,
  read: ArchivedRead,
  wanted: ArchiveReadLimits,
): Promise<ReadResult | Failure> {
  const { archived, abortedTransactions, ...offsets } = read;
  const limits = { ...wanted, endOffset: archived.readableEndOffset };
  const answer = (batches: ArrayBuffer, nextOffset: number): ReadResult => {
    const within = abortedTransactions?.filter(({ firstOffset }) => firstOffset < nextOffset);
    return { ...offsets, batches, nextOffset, ...(within !== undefined && { abortedTransactions: within }) };
  };
  const rangeBytes = limits.maxBytes + SLACK_BYTES;
  const soughtBytes = archived.endPosition - archived.position;
  for (let position = archived.position, length = Math.min(soughtBytes, rangeBytes); position < archived.sizeBytes; ) {
    const bytes = await readRange(archive, archived, position, Math.min(length, archived.sizeBytes - position));
    if (isFailure(bytes)) return bytes;
    const cut = cutBatches(bytes, read.startOffset, limits);
    const isLast = position + cut.end === archived.sizeBytes;
    if (cut.batches.byteLength > 0) return answer(cut.batches, isLast ? archived.endOffset : cut.nextOffset);
    if (cut.isAtEnd) return answer(NO_BATCHES, Math.max(archived.readableEndOffset, read.startOffset));
    position += cut.end;
    const needed = cut.end > 0 ? rangeBytes : wholeBatchLength(archived, position, bytes);
    if (typeof needed === "object") return needed;
    length = needed;
  }
  return answer(NO_BATCHES, archived.readableEndOffset);
}

interface CutLimits extends ArchiveReadLimits {
  /** Exclusive: of what may be read. */
  readonly endOffset: number;
}

interface Cut {
  readonly batches: ArrayBuffer;
  readonly nextOffset: number;
  /** Bytes passed: batches taken, and those before the start. */
  readonly end: number;
  /** It came to a batch that may not be read. */
  readonly isAtEnd: boolean;
}

/** The whole batches from `startOffset` on that fit, the first whatever its size. */
function cutBatches(bytes: ArrayBuffer, startOffset: number, { maxBytes, maxRecords, endOffset }: CutLimits): Cut {
  let from = -1;
  let end = 0;
  let nextOffset = startOffset;
  let isAtEnd = false;
  for (const batch of batchHeaders(new Uint8Array(bytes))) {
    const isBefore = lastOffset(batch) < startOffset;
    isAtEnd = batch.baseOffset >= endOffset;
    if (isAtEnd || (from >= 0 && batch.position + batch.sizeBytes - from > maxBytes)) break;
    end = batch.position + batch.sizeBytes;
    if (isBefore) continue;
    if (from < 0) from = batch.position;
    nextOffset = lastOffset(batch) + 1;
    if (nextOffset - startOffset >= maxRecords || end - from >= maxBytes) break;
  }
  return { batches: from < 0 ? new ArrayBuffer(0) : bytes.slice(from, end), nextOffset, end, isAtEnd };
}

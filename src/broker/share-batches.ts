// The records of an acquisition as Kafka's clients take them: stored batches, as they are, of which each has a record that was acquired. What
// else is in them the client is not told of in AcquiredRecords, and passes over.

import { type Failure, isFailure } from "../common/errors.ts";
import { SHARE_LOAD_BYTES } from "../common/limits/share-groups.ts";
import { batchHeaders, lastOffset } from "../record/record-batch.ts";
import type { AnswerRoom } from "./answer-room.ts";
import { noRoom, readPartition, takeRoom } from "./fetch.ts";
import type { SharePartitionAddress } from "./ports.ts";
import type { Acquired, ReadAcquired, ReadRecords } from "./share-acquire.ts";
import type { ShareContext } from "./share-context.ts";

/** Offsets from `firstOffset` to `lastOffset`, all of them acquired, and delivered as often. */
export interface AcquiredRange {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly deliveryCount: number;
}

export interface AcquiredBatch {
  readonly baseOffset: number;
  readonly bytes: Uint8Array;
}

/** What one acquisition brought. */
export interface ReadBatches {
  readonly batches: readonly AcquiredBatch[];
  readonly acquired: readonly Acquired[];
}

/** What a partition's acquisitions brought together. */
export interface AcquiredBatches {
  /** Whole batches, by offset, each once. */
  readonly batches: readonly AcquiredBatch[];
  /** By offset. */
  readonly acquired: readonly AcquiredRange[];
}

/** @param answer which gets what there is room for: the rest of what was acquired goes back */
export function readAcquiredBatches(
  context: ShareContext,
  answer: { readonly room?: AnswerRoom; readonly signal?: AbortSignal },
): ReadRecords<ReadBatches> {
  return async (address, acquired, limits) => {
    const maxBytes = await takeRoom(answer.room, limits.maxBytes, answer.signal);
    if (maxBytes === null) return noRoom();
    const found = await findBatches(context, address, acquired, maxBytes);
    if (isFailure(found)) return found;
    answer.room?.add(found.body.reduce((sum, { bytes }) => sum + bytes.length, 0));
    return { ...found, body: { batches: found.body, acquired: found.served } };
  };
}

/**
 * Several acquisitions of one partition as one: a client goes through batches and ranges side by side, and takes an acquired offset that it
 * has passed for a gap, which is never delivered again.
 * @param batchSize the most offsets of one range
 */
export function mergeAcquired(parts: readonly ReadBatches[], batchSize: number): AcquiredBatches {
  const byOffset = new Map(parts.flatMap(({ batches }) => batches.map((batch) => [batch.baseOffset, batch] as const)));
  const acquired = parts.flatMap((part) => part.acquired).sort((one, other) => one.offset - other.offset);
  return {
    batches: [...byOffset.values()].sort((one, other) => one.baseOffset - other.baseOffset),
    acquired: toRanges(acquired, batchSize),
  };
}

async function findBatches(
  { ports, topics }: ShareContext,
  { topic, topicId, partition, settings: { isolation } }: SharePartitionAddress,
  acquired: readonly Acquired[],
  maxBytes: number,
): Promise<ReadAcquired<readonly AcquiredBatch[]> | Failure> {
  const [batches, served, gone]: [AcquiredBatch[], Acquired[], Acquired[]] = [[], [], []];
  const endOffset = acquired.at(-1)!.offset + 1;
  let sizeBytes = 0;
  let rank = 0;
  while (rank < acquired.length && sizeBytes < maxBytes) {
    const start = acquired[rank]!.offset;
    const limits = { maxBytes: Math.min(SHARE_LOAD_BYTES, maxBytes - sizeBytes), maxRecords: endOffset - start };
    const result = await readPartition(ports, topics, { topic, topicId, partition, start, isolation, ...limits });
    if (isFailure(result)) {
      if (result.error !== "OFFSET_OUT_OF_RANGE") return result;
      const logStartOffset = Math.max(start + 1, result.offsets?.logStartOffset ?? 0);
      while (rank < acquired.length && acquired[rank]!.offset < logStartOffset) gone.push(acquired[rank++]!);
      continue;
    }
    const bytes = new Uint8Array(result.batches);
    for (const header of batchHeaders(bytes)) {
      while (rank < acquired.length && acquired[rank]!.offset < header.baseOffset) gone.push(acquired[rank++]!);
      const isWanted = rank < acquired.length && acquired[rank]!.offset <= lastOffset(header);
      if (!isWanted) continue;
      const { baseOffset, position } = header;
      batches.push({ baseOffset, bytes: bytes.subarray(position, position + header.sizeBytes) });
      sizeBytes += header.sizeBytes;
      while (rank < acquired.length && acquired[rank]!.offset <= lastOffset(header)) served.push(acquired[rank++]!);
    }
    // A read goes on behind what compaction took: what it passed without a batch is not there any more.
    while (rank < acquired.length && acquired[rank]!.offset < Math.max(result.nextOffset, start + 1)) gone.push(acquired[rank++]!);
  }
  return { body: batches, served, gone, left: acquired.slice(rank) };
}

function toRanges(acquired: readonly Acquired[], batchSize: number): AcquiredRange[] {
  const ranges: { firstOffset: number; lastOffset: number; deliveryCount: number }[] = [];
  for (const { offset, deliveryCount } of acquired) {
    const last = ranges.at(-1);
    const goesOn = last?.lastOffset === offset - 1 && last.deliveryCount === deliveryCount && offset - last.firstOffset < batchSize;
    if (goesOn) last.lastOffset = offset;
    else ranges.push({ firstOffset: offset, lastOffset: offset, deliveryCount });
  }
  return ranges;
}

// Fetch: reads of one or many partitions, and the wait for what is not there yet. The wait is a watch (ports.ts): nothing is polled,
// and an idle partition is left to sleep.

import { mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import type { AnswerRoom } from "./answer-room.ts";
import { readArchive } from "./archive-read.ts";
import type { FetchManyRequest, FetchManyResult, FetchRequest } from "./messages/fetch.ts";
import type { ArchivedRead, FetchStart, IsolationLevel, PartitionWatch, Ports, ReadFailure, ReadResult } from "./ports.ts";
import { readableEnd } from "./readable-end.ts";
import { addressOf, madeAgain, type TopicCache, withPartition } from "./topics.ts";
import type { WatchCache, WatchPlace } from "./watch-cache.ts";

interface PartitionRead {
  readonly topic: string;
  readonly topicId?: string | undefined;
  readonly partition: number;
  readonly start: FetchStart;
  readonly maxBytes: number;
  readonly maxRecords?: number | undefined;
  readonly isolation: IsolationLevel;
}

/**
 * Reads once, without waiting. A read that passes offsets without finding any batch, since compaction took them, goes on behind them: an
 * answer without batches is the end of the log.
 */
export async function readPartition(ports: Ports, topics: TopicCache, read: PartitionRead): Promise<ReadResult | ReadFailure> {
  const first = await readSegment(ports, topics, read);
  let result = first;
  while (!isFailure(result) && result.batches.byteLength === 0 && result.nextOffset > result.startOffset) {
    result = await readSegment(ports, topics, { ...read, start: result.nextOffset });
  }
  return isFailure(first) || isFailure(result) ? result : { ...result, startOffset: first.startOffset };
}

/** Reads until a segment ends at the latest. What is in the archive is read there; a segment that is gone there is asked for once more. */
async function readSegment(ports: Ports, topics: TopicCache, read: PartitionRead): Promise<ReadResult | ReadFailure> {
  const result = await askPartition(ports, topics, read);
  if (isFailure(result) || !("archived" in result)) return result;
  const limits = { maxBytes: read.maxBytes, maxRecords: read.maxRecords ?? Number.POSITIVE_INFINITY };
  const archived = await readArchive(ports.archive, result, limits);
  if (!isFailure(archived)) return archived;
  const again = await askPartition(ports, topics, read);
  return isFailure(again) || !("archived" in again) ? again : readArchive(ports.archive, again, limits);
}

function askPartition(ports: Ports, topics: TopicCache, read: PartitionRead): Promise<ReadResult | ArchivedRead | ReadFailure> {
  const { start, maxBytes, maxRecords, isolation } = read;
  const limits = maxRecords === undefined ? { maxBytes } : { maxBytes, maxRecords };
  return withPartition<ReadResult | ArchivedRead>(topics, read.topic, read.partition, async (topic) =>
    read.topicId !== undefined && read.topicId !== topic.topicId
      ? madeAgain(topic, read.topicId)
      : ports.partition(topic.topicId, read.partition).read({ ...addressOf(topic, read.partition), start, isolation, ...limits }),
  );
}

/** Opens a watch on a partition; null where there is nothing to watch. */
export async function watchPartition(
  ports: Ports,
  topics: TopicCache,
  { topic, partition, isolation }: WatchPlace,
): Promise<PartitionWatch | null> {
  const watch = await withPartition<PartitionWatch>(topics, topic, partition, (metadata) =>
    ports.partition(metadata.topicId, partition).watch(addressOf(metadata, partition), isolation),
  );
  return isFailure(watch) ? null : watch;
}

export async function fetchOne(ports: Ports, topics: TopicCache, request: FetchRequest): Promise<ReadResult | ReadFailure> {
  const { partitions } = await fetchMany(ports, topics, {
    partitions: [{ topic: request.topic, partition: request.partition, start: request.start, maxBytes: request.maxBytes }],
    maxBytes: request.maxBytes,
    minBytes: request.minBytes,
    maxWaitMs: request.maxWaitMs,
    isolation: request.isolation,
    maxRecords: request.maxRecords,
    ...(request.room && { room: request.room }),
  });
  return partitions[0]!.result;
}

/** Reads every partition; with less than `minBytes` in all and no failure, waits for more and reads again what has it. */
export async function fetchMany(
  ports: Ports,
  topics: TopicCache,
  request: FetchManyRequest & { readonly maxRecords?: number | undefined },
): Promise<FetchManyResult> {
  const deadline = Date.now() + request.maxWaitMs;
  const reads = request.partitions.map((partition) => ({
    ...partition,
    isolation: request.isolation,
    maxRecords: request.maxRecords,
    maxBytes: Math.min(partition.maxBytes ?? request.maxBytes, request.maxBytes),
  }));
  request.watches?.beginFetch();
  const results = await readAll(ports, topics, reads, request);
  const isEnough = (): boolean => reads.length === 0 || results.some(isFailure) || bytesIn(results) >= request.minBytes;
  if (!isEnough() && request.maxWaitMs > 0) await waitForMore(ports, topics, reads, results, { ...request, deadline, isEnough });
  for (const [index, read] of reads.entries()) {
    request.readAhead?.answered(read, results[index]!, (start) => readPartition(ports, topics, { ...read, start }));
  }
  return { partitions: reads.map(({ topic, partition }, index) => ({ topic, partition, result: results[index]! })) };
}

/**
 * Reads all, and keeps in order what fits into `maxBytes`, or the room that there is; a partition that does not fit answers with no bytes,
 * to be asked again.
 */
async function readAll(
  ports: Ports,
  topics: TopicCache,
  reads: readonly PartitionRead[],
  request: Pick<FetchManyRequest, "maxBytes" | "watches" | "readAhead" | "room" | "signal">,
): Promise<(ReadResult | ReadFailure)[]> {
  const { watches, readAhead, room, signal } = request;
  const wantedBytes = reads.reduce((sum, read) => Math.min(sum + read.maxBytes, request.maxBytes), 0);
  const takenBytes = await takeRoom(room, wantedBytes, signal);
  if (takenBytes === null) return reads.map(noRoom);
  // Where there is room for all, each partition has its first batch, however small a part of the answer it was asked for.
  const maxBytes = takenBytes === wantedBytes ? request.maxBytes : takenBytes;
  const read = async (one: PartitionRead) =>
    (await watches?.idleRead(one, one.start)) ??
    (await readAhead?.take(one, one.start)) ??
    readPartition(ports, topics, { ...one, maxBytes: Math.min(one.maxBytes, maxBytes) });
  const results: (ReadResult | ReadFailure)[] = [];
  let total = 0;
  for (let first = 0; first < reads.length; first += MAX_CONCURRENT_CALLS) {
    const group = reads.slice(first, first + MAX_CONCURRENT_CALLS);
    const answers = await Promise.all(group.map(read));
    for (const answer of answers) {
      const kept = isFailure(answer) || total === 0 || total + answer.batches.byteLength <= maxBytes ? answer : withoutBatches(answer);
      total += bytesIn([kept]);
      results.push(kept);
    }
  }
  room?.add(total);
  return results;
}

/** How much to read; null where there is no room for the answer. */
export async function takeRoom(room: AnswerRoom | undefined, wantedBytes: number, signal: AbortSignal | undefined): Promise<number | null> {
  return room === undefined ? wantedBytes : room.take(wantedBytes, signal);
}

export function noRoom(): Failure {
  return failure("LEADER_NOT_AVAILABLE", "the broker holds as many answers that are not taken as it has room for: ask again");
}

function withoutBatches(result: ReadResult): ReadResult {
  return { ...result, nextOffset: result.startOffset, batches: new ArrayBuffer(0) };
}

interface Wait extends Pick<FetchManyRequest, "watches" | "signal" | "room"> {
  /** ms since the epoch */
  readonly deadline: number;
  readonly isEnough: () => boolean;
}

/** Reads again what grows, into `results`, until they are enough, the time is over, or the reader is gone. */
async function waitForMore(
  ports: Ports,
  topics: TopicCache,
  reads: readonly PartitionRead[],
  results: (ReadResult | ReadFailure)[],
  { deadline, isEnough, watches: cache, signal, room }: Wait,
): Promise<void> {
  const watches = await mapConcurrently(
    reads,
    MAX_CONCURRENT_CALLS,
    async (read) => cache?.open(read) ?? watchPartition(ports, topics, read),
  );
  try {
    while (!isEnough() && !signal?.aborted && watches.every((watch) => watch?.isOpen)) {
      const grown = await firstPast(watches as PartitionWatch[], results as ReadResult[], deadline - Date.now(), signal);
      if (grown === -1) return;
      const read = { ...reads[grown]!, start: (results[grown] as ReadResult).startOffset };
      const maxBytes = await takeRoom(room, read.maxBytes, signal);
      const before = bytesIn([results[grown]!]);
      results[grown] = maxBytes === null ? noRoom() : await readPartition(ports, topics, { ...read, maxBytes });
      room?.add(bytesIn([results[grown]!]) - before);
    }
  } finally {
    for (const [index, watch] of watches.entries()) release(watch, reads[index]!, results[index]!, cache);
  }
}

/** A watch on a partition that has nothing more is kept for the next fetch, any other closed. */
function release(watch: PartitionWatch | null, read: PartitionRead, result: ReadResult | ReadFailure, cache: WatchCache | undefined): void {
  const isIdle = !isFailure(result) && result.nextOffset === result.startOffset && result.nextOffset >= readableEnd(result, read.isolation);
  if (watch === null) return;
  if (cache !== undefined && isIdle) cache.keep(read, watch, result);
  else if (cache?.open(read) !== watch) watch.close();
}

/** The index of a partition that has more than its result holds; -1 when the time is over or the reader is gone. */
async function firstPast(
  watches: readonly PartitionWatch[],
  results: readonly ReadResult[],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (timeoutMs <= 0) return -1;
  const over = new AbortController();
  const end = (): void => over.abort();
  signal?.addEventListener("abort", end);
  try {
    return await Promise.race(
      watches.map(async (watch, index) => ((await watch.past(results[index]!.nextOffset, timeoutMs, over.signal)) ? index : -1)),
    );
  } finally {
    signal?.removeEventListener("abort", end);
    end(); // the waits that lost the race end too
  }
}

function bytesIn(results: readonly (ReadResult | ReadFailure)[]): number {
  return results.reduce((sum, result) => sum + (isFailure(result) ? 0 : result.batches.byteLength), 0);
}

// Produce: records to partitions and batches, batches to the partitions that own them. All CPU work on records is done here, at the
// edge; a partition only sets offsets.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_DECOMPRESSED_BYTES, MAX_RECORDS_PER_REQUEST } from "../common/limits/records.ts";
import type { Core } from "../wasm/core.ts";
import { type BatchInfo, type RecordInput, setMaxTimestamp, validateBatches } from "../wasm/record-batches.ts";
import { statusFailure } from "../wasm/status.ts";
import { encodeRun } from "./encode-run.ts";
import type {
  ProduceBatchesRequest,
  ProduceBatchesResult,
  ProducePartitionResult,
  ProduceRecord,
  ProduceRequest,
  ProduceResult,
  ProducerSequence,
} from "./messages/produce.ts";
import { choosePartition } from "./partitioner.ts";
import type { AppendResult, OnceKey, Ports, TopicMetadata } from "./ports.ts";
import { type BatchFailure, checkRecord, refuseRecords } from "./record-refusals.ts";
import { recompressRun, storedCompression } from "./store-compression.ts";
import { addressOf, checkPartition, configOf, findTopic, madeAgain, type TopicCache, withPartition } from "./topics.ts";
import { appendTransactional, type TransactionalProducer, transactionalProducer } from "./transactional-append.ts";

export interface ProduceContext {
  readonly ports: Ports;
  readonly topics: TopicCache;
  readonly core: Core;
  /** ms */
  readonly now: () => number;
  /** 0 to 1, 1 excluded */
  readonly random: () => number;
}

/** What became of one record. */
type RecordOutcome = { readonly partition: number; readonly offset: number };

const NO_OFFSET = -1;

export async function produceRecords(context: ProduceContext, request: ProduceRequest): Promise<ProduceResult | Failure> {
  const { records, producer, once } = request;
  if (once !== undefined && records.length !== 1) throw new Error(`what is written once is one record, not ${records.length}`);
  const topic = await topicWithPartitions(context.topics, request);
  if (isFailure(topic)) return topic;
  const offsets: RecordOutcome[] = new Array(records.length);
  const refused: { index: number; failure: Failure }[] = [];
  const refuse = (index: number, partition: number, reason: Failure): void => {
    offsets[index] = { partition, offset: NO_OFFSET };
    refused.push({ index, failure: reason });
  };

  const groups = groupByPartition(context, topic, request, refuse);
  if (producer !== undefined && groups.size > 1) return severalPartitions(groups.size);
  if (producer !== undefined && refused.length > 0) return refused[0]!.failure;
  const results = await Promise.all(
    [...groups].map(([partition, indexes]) => producePartition(context, request, topic, partition, indexes, offsets, refuse)),
  );
  refused.sort((a, b) => a.index - b.index);
  return { results: results.filter((result) => result !== null), offsets, refused };
}

/** Appends batches as they are (but for a false maxTimestamp), checked whole. Only a topic with a codec of its own changes theirs. */
export async function produceBatches(
  context: ProduceContext,
  request: ProduceBatchesRequest,
): Promise<ProduceBatchesResult | BatchFailure> {
  const { batches } = request;
  if (batches.length === 0) return failure("INVALID_REQUEST", "the body is empty: it must be one or more record batches of version 2");
  const limits = { maxRecords: MAX_RECORDS_PER_REQUEST, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES };
  const checked = validateBatches(context.core, batches, limits);
  if (!checked.ok) {
    const { error, detail } = statusFailure(checked.status);
    return failure(error, `${detail} (${checked.statusName}, batch ${checked.batchIndex} of the body)`);
  }
  const named = transactionalProducer(checked.batches, request.transactionalId);
  if (named !== null && isFailure(named)) return named;
  const topic = await findTopic(context.topics, request.topic);
  if (isFailure(topic)) return topic;
  if (request.topicId !== undefined && request.topicId !== topic.topicId) return madeAgain(topic, request.topicId);
  const config = configOf(topic);
  const refused = refuseRecords(context.core, batches, checked.batches, { topic: topic.name, config, nowMs: context.now() });
  if (refused !== null) return refused;
  const producer = named && withPart(named, request, topic);
  const run = ownBuffer(batches);
  correctMaxTimestamps(context.core, run, checked.batches);
  const stored = recompressRun(context.core, new Uint8Array(run), checked.batches, config);
  if (isFailure(stored)) return stored;
  const count = checked.batches.reduce((sum, batch) => sum + batch.lastOffsetDelta + 1, 0);
  const result = await append(context, request, ownBuffer(stored), producer);
  return isFailure(result) ? result : { count, ...result };
}

/**
 * A producer may be wrong about a batch's largest timestamp, by which records are found and held to the topic's limits: the leader
 * writes the true one, as Kafka's does (LogValidator). Other batches stay as they came.
 */
function correctMaxTimestamps(core: Core, run: ArrayBuffer, batches: readonly BatchInfo[]): void {
  for (const { position, sizeBytes, maxTimestamp, recordsMaxTimestamp } of batches) {
    if (maxTimestamp === recordsMaxTimestamp) continue;
    const batch = new Uint8Array(run, position, sizeBytes);
    batch.set(setMaxTimestamp(core, batch, { maxTimestamp: recordsMaxTimestamp, isLogAppendTime: false }));
  }
}

/** The topic, with metadata new enough to know every partition that the records name. */
async function topicWithPartitions(topics: TopicCache, { topic: name, records }: ProduceRequest): Promise<TopicMetadata | Failure> {
  const topic = await findTopic(topics, name);
  if (isFailure(topic) || records.every((record) => (record.partition ?? 0) < topic.partitionCount)) return topic;
  topics.invalidate(name);
  return findTopic(topics, name);
}

/** Record indexes by partition, in order; refuses the records that cannot go anywhere. */
function groupByPartition(
  context: ProduceContext,
  topic: TopicMetadata,
  { records, producer }: ProduceRequest,
  refuse: (index: number, partition: number, reason: Failure) => void,
): Map<number, number[]> {
  const config = configOf(topic);
  const nowMs = context.now();
  const stickyOf =
    producer === undefined ? Math.floor(context.random() * topic.partitionCount) : producer.producerId % topic.partitionCount;
  const groups = new Map<number, number[]>();
  for (const [index, record] of records.entries()) {
    const partition = choosePartition(record, topic.partitionCount, stickyOf);
    const reason = checkPartition(topic, partition) ?? checkRecord(record, { topic: topic.name, config, nowMs });
    if (reason !== null) {
      refuse(index, partition, reason);
      continue;
    }
    const group = groups.get(partition);
    if (group === undefined) groups.set(partition, [index]);
    else group.push(index);
  }
  return groups;
}

/** Encodes and appends one partition's records. @returns null when every record was refused on its own account */
async function producePartition(
  context: ProduceContext,
  request: ProduceRequest,
  topic: TopicMetadata,
  partition: number,
  indexes: readonly number[],
  offsets: RecordOutcome[],
  refuse: (index: number, partition: number, reason: Failure) => void,
): Promise<ProducePartitionResult | null> {
  const config = configOf(topic);
  const nowMs = context.now();
  const inputs = indexes.map((index) => toInput(request.records[index]!, nowMs));
  const { producer } = request;
  const compression = storedCompression(config, request.compression);
  const run = encodeRun(context.core, inputs, { compression, maxMessageBytes: config.maxMessageBytes, producer });
  for (const { index, failure: reason } of run.refused) refuse(indexes[index]!, partition, reason);
  if (run.written.length === 0 || (producer !== undefined && run.refused.length > 0)) return null;
  const place = { topic: request.topic, partition };
  const result = await append(context, place, run.bytes, transactionOf(producer, topic.name), request.once);
  const baseOffset = isFailure(result) ? NO_OFFSET : result.baseOffset;
  for (const [rank, index] of run.written.entries()) {
    offsets[indexes[index]!] = { partition, offset: baseOffset === NO_OFFSET ? NO_OFFSET : baseOffset + rank };
  }
  const count = run.written.length;
  if (isFailure(result)) return { partition, count, baseOffset, logAppendTimeMs: -1, failure: result };
  return { partition, count, baseOffset, logAppendTimeMs: result.logAppendTimeMs, ...(result.isRepeat && { isRepeat: true }) };
}

function append(
  { ports, topics }: ProduceContext,
  { topic: name, topicId, partition }: Pick<ProduceBatchesRequest, "topic" | "topicId" | "partition">,
  batches: ArrayBuffer,
  producer: TransactionalProducer | null,
  once?: OnceKey,
): Promise<AppendResult | Failure> {
  return withPartition<AppendResult>(topics, name, partition, async (topic) =>
    topicId !== undefined && topicId !== topic.topicId
      ? madeAgain(topic, topicId)
      : appendTransactional(ports, { ...addressOf(topic, partition), batches, ...(once && { once }) }, producer),
  );
}

/** How the partition comes into the producer's transaction. */
function withPart(producer: TransactionalProducer, request: ProduceBatchesRequest, topic: TopicMetadata): TransactionalProducer {
  const { addsPartition, hasOwnEpoch = false, knowsAbortable = false } = request;
  return { ...producer, ...(addsPartition && { addsPartitionOf: topic.name }), hasOwnEpoch, knowsAbortable };
}

function transactionOf(producer: ProducerSequence | undefined, topic: string): TransactionalProducer | null {
  if (producer?.transactionalId === undefined) return null;
  const { transactionalId, producerId, producerEpoch } = producer;
  return { transactionalId, producerId, producerEpoch, addsPartitionOf: topic };
}

function toInput(record: ProduceRecord, nowMs: number): RecordInput {
  const { key, value, headers, timestamp = nowMs } = record;
  return headers === undefined ? { key, value, timestamp } : { key, value, headers, timestamp };
}

function severalPartitions(count: number): Failure {
  const detail = `the records go to ${count} partitions, but a sequence belongs to one: with producerId, send one partition's records a request`;
  return failure("INVALID_REQUEST", detail);
}

/** A buffer of exactly these bytes: a view's whole buffer would be sent. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return isWhole ? (bytes.buffer as ArrayBuffer) : bytes.slice().buffer;
}

// Writes what share groups gave up to their dead-letter topics, as KIP-1191 has it: the partition is that of the record, modulo the topic's
// count, and `__dlq.errors.*` headers tell where the record was and why it is here. The copy has the record's key, value and own headers;
// one that the log has lost, or that is too large for the topic, has neither.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { DeadLetter, DeadLetterRun } from "../coordinator/share-partition-coordinator.ts";
import type { DecodedRecord, RecordCodec } from "../record/codec.ts";
import { contentBytes } from "../wasm/record-table.ts";
import { CachedCluster } from "./cluster-cache.ts";
import type { BrokerState } from "./create-broker.ts";
import { readPartition } from "./fetch.ts";
import type { ProduceRecord } from "./messages/produce.ts";
import type { Ports } from "./ports.ts";
import { produceRecords } from "./produce.ts";
import { configOf, findTopic, type TopicCache } from "./topics.ts";

/** Appends a run once for each sequence. What can be retried is the caller's to retry. */
export function createDeadLetterWriter(ports: Ports, state: BrokerState): (run: DeadLetterRun) => Promise<null | Failure> {
  return async (run) => {
    const topics = new CachedCluster(ports.cluster, state.clusterCache);
    const target = await findTopic(topics, run.topic);
    if (isFailure(target)) return target;
    const partition = run.partition.partition % target.partitionCount;
    const records: ProduceRecord[] = [];
    for (const letter of run.letters) {
      const record = await readRecord(ports, topics, state.codec, run, letter.offset);
      if (record !== null && isFailure(record)) return record;
      const copied = record !== null && contentBytes(record) + HEADERS_BYTES <= configOf(target).maxMessageBytes ? record : null;
      records.push({ ...deadLetter(run, letter, copied), partition });
    }
    const producer = { producerId: run.producerId, producerEpoch: 0, baseSequence: run.sequence };
    const context = { ports, topics, core: state.core, now: state.now, random: state.random };
    const result = await produceRecords(context, { topic: run.topic, records, compression: "none", producer });
    return isFailure(result) ? result : (result.refused[0]?.failure ?? result.results[0]?.failure ?? null);
  };
}

/** What a batch of one record adds to it at most: its headers here, with the longest names, and its frame. */
const HEADERS_BYTES = 1_000;

/** null: the log does not have it any more. */
async function readRecord(
  ports: Ports,
  topics: TopicCache,
  codec: RecordCodec,
  { partition: { topic, topicId, partition, settings } }: DeadLetterRun,
  offset: number,
): Promise<DecodedRecord | null | Failure> {
  const read = { topic, topicId, partition, start: offset, maxBytes: 1, maxRecords: 1, isolation: settings.isolation };
  const result = await readPartition(ports, topics, read);
  if (isFailure(result)) return isGone(result) ? null : result;
  if (result.batches.byteLength === 0) return null;
  const limits = { maxRecords: 1, maxBytes: 1 };
  const decoded = codec.decode(new Uint8Array(result.batches), offset, limits, result.abortedTransactions);
  if (isFailure(decoded)) return null; // damaged in storage: the letter goes without it
  const [record] = decoded.records;
  return record?.offset === offset ? record : null;
}

function isGone({ error }: Failure): boolean {
  return error === "OFFSET_OUT_OF_RANGE" || error === "UNKNOWN_TOPIC_OR_PARTITION" || error === "UNKNOWN_TOPIC_ID";
}

function deadLetter({ partition }: DeadLetterRun, letter: DeadLetter, record: DecodedRecord | null): ProduceRecord {
  const told = {
    topic: partition.topic,
    partition: partition.partition,
    offset: letter.offset,
    group: partition.groupId,
    "delivery.count": letter.deliveryCount,
    message: letter.isRejected ? "Offset rejected by client." : "Offset delivery count exceeded the threshold.",
  };
  const headers = Object.entries(told).map(([name, value]) => ({ key: `__dlq.errors.${name}`, value: String(value) }));
  if (record === null) return { key: null, value: null, headers };
  return { key: record.key, value: record.value, headers: [...record.headers, ...headers] };
}

/** Checks that a topic can take dead letters. */
export async function checkDeadLetterTopic(topics: TopicCache, name: string): Promise<null | Failure> {
  const topic = await findTopic(topics, name);
  if (!isFailure(topic)) return null;
  return failure(topic.error, `deadLetterTopic: ${topic.detail}`);
}

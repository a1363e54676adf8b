// Reads parts of partitions from a Kafka cluster with plain fetches, one at a time to each of its brokers. The client gives batches as they
// are: what an aborted transaction wrote is left out here, by the rule of Kafka's own consumer (CompletedFetch): the answer lists the
// transactions by their first offsets, and a marker ends one.

import type { Consumer, RecordsBatch } from "@platformatic/kafka";
import { FetchIsolationLevels } from "@platformatic/kafka";
import type { Range } from "../consume/ranges.ts";
import { CliError } from "../failure.ts";
import { interruptible } from "../interruptible.ts";
import type { StoredRecord } from "../records/record.ts";

type FetchedPartition = Awaited<ReturnType<Consumer["fetch"]>>["responses"][number]["partitions"][number];

/** Attributes of a batch: bit 4 transactional, bit 5 control. */
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

const FETCH_WAIT_MS = 1000;
const FETCH_BYTES = 8 * 1024 * 1024;
const PARTITION_BYTES = 1024 * 1024;

/** Closes the consumer at the end. See Cluster.read. */
export async function* readKafkaRanges(
  consumer: Consumer,
  ranges: readonly Range[],
  signal: AbortSignal,
): AsyncGenerator<readonly StoredRecord[]> {
  try {
    yield* interruptible(readUntilEnds(consumer, ranges, signal), signal);
  } finally {
    await consumer.close(true);
  }
}

async function* readUntilEnds(consumer: Consumer, ranges: readonly Range[], signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
  const open = new Map(ranges.filter(({ start, end }) => end === null || start < end).map((range) => [range, range.start]));
  for (const { topic } of ranges) consumer.topics.track(topic);
  while (open.size > 0 && !signal.aborted) {
    const metadata = await consumer.metadata({ topics: [...new Set([...open.keys()].map(({ topic }) => topic))] });
    const byLeader = Map.groupBy(open.keys(), ({ topic, partition }) => metadata.topics.get(topic)!.partitions[partition]!.leader);
    const answers = await Promise.all(
      [...byLeader].map(([node, asked]) => fetchFrom(consumer, node, asked, open, (topic) => metadata.topics.get(topic)!.id)),
    );
    for (const { range, answer } of answers.flat()) {
      if (answer.errorCode !== 0) throw new CliError(`${range.topic}/${range.partition} cannot be read: Kafka's error ${answer.errorCode}`);
      const { records, nextOffset } = takeRecords(range, answer, open.get(range)!);
      open.set(range, nextOffset);
      if (range.end !== null && nextOffset >= range.end) open.delete(range);
      if (records.length > 0) yield records;
    }
  }
}

async function fetchFrom(
  consumer: Consumer,
  node: number,
  ranges: readonly Range[],
  positions: ReadonlyMap<Range, number>,
  idOf: (topic: string) => string,
): Promise<{ range: Range; answer: FetchedPartition }[]> {
  const topics = [...Map.groupBy(ranges, ({ topic }) => topic)].map(([topic, places]) => ({
    topicId: idOf(topic),
    partitions: places.map((range) => ({
      ...{ partition: range.partition, fetchOffset: BigInt(positions.get(range)!), partitionMaxBytes: PARTITION_BYTES },
      ...{ currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
    })),
  }));
  const { responses } = await consumer.fetch({
    ...{ node, topics, minBytes: 1, maxBytes: FETCH_BYTES, maxWaitTime: FETCH_WAIT_MS },
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
  });
  return responses.flatMap(({ topicId, partitions }) =>
    partitions.flatMap((answer) => {
      const range = ranges.find(({ topic, partition }) => partition === answer.partitionIndex && idOf(topic) === topicId);
      return range === undefined ? [] : [{ range, answer }];
    }),
  );
}

/** The committed records from an offset on, and where the next fetch goes on: past batches that have none. */
function takeRecords(range: Range, { records: batches, abortedTransactions }: FetchedPartition, position: number) {
  const isAborted = abortedBatches(abortedTransactions ?? []);
  const records: StoredRecord[] = [];
  let nextOffset = position;
  for (const batch of batches ?? []) {
    nextOffset = Math.max(nextOffset, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
    if (isAborted(batch) || (batch.attributes & CONTROL) !== 0) continue;
    for (const record of storedRecords(range, batch)) {
      if (record.offset >= position && (range.end === null || record.offset < range.end)) records.push(record);
    }
  }
  return { records, nextOffset };
}

function* storedRecords({ topic, partition }: Range, { firstOffset, firstTimestamp, records }: RecordsBatch): Generator<StoredRecord> {
  for (const { offsetDelta, timestampDelta, key, value, headers } of records) {
    yield {
      ...{ topic, partition, key, value },
      offset: Number(firstOffset) + offsetDelta,
      timestamp: Number(firstTimestamp + timestampDelta),
      headers: headers.map(([name, headerValue]) => ({ key: String(name ?? ""), value: headerValue })),
    };
  }
}

/** Asked of each batch in the order of their offsets. */
export function abortedBatches(
  transactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[],
): (batch: Pick<RecordsBatch, "firstOffset" | "lastOffsetDelta" | "attributes" | "producerId">) => boolean {
  const left = transactions.toSorted((one, other) => Number(one.firstOffset - other.firstOffset));
  const aborting = new Set<bigint>();
  return ({ firstOffset, lastOffsetDelta, attributes, producerId }) => {
    while (left.length > 0 && left[0]!.firstOffset <= firstOffset + BigInt(lastOffsetDelta)) aborting.add(left.shift()!.producerId);
    if ((attributes & CONTROL) !== 0) {
      aborting.delete(producerId);
      return false;
    }
    return (attributes & TRANSACTIONAL) !== 0 && aborting.has(producerId);
  };
}

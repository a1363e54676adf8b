// Any Kafka cluster, as a mirror needs it, through @platformatic/kafka. Partitions are fetched without a group: a mirror's place is in the
// target's log (provenance.ts), and no group's rebalance stops it.

import { randomUUID } from "node:crypto";
import { Admin, type BaseOptions, Consumer, FetchIsolationLevels, ListOffsetTimestamps, Producer } from "@platformatic/kafka";
import { MAX_MIRROR_REQUEST_BYTES } from "../../common/limits/clients.ts";
import type { TopicPartition } from "../../sdk/consumer/records.ts";
import type { CompressionName } from "../compression.ts";
import { CliError, deepestMessage } from "../failure.ts";
import type { NewRecord } from "../records/record.ts";
import type { Cluster } from "./cluster.ts";
import { readKafkaRanges } from "./kafka-read.ts";
import { runsOf } from "./runs.ts";

/** The client (2.12.1) writes the low 32 bits of a timestamp's distance from its batch's first, and so has records of 24 days and no more. */
const MAX_SPAN_MS = 2 ** 31 - 1;
const RUN_LIMITS = { maxBytes: MAX_MIRROR_REQUEST_BYTES, maxSpanMs: MAX_SPAN_MS };

export async function openKafkaCluster(options: BaseOptions, compression: CompressionName): Promise<Cluster> {
  const admin = new Admin(options);
  const producer = new Producer({ ...options, idempotent: true, compression, autocreateTopics: false });
  const close = async (): Promise<void> => {
    await Promise.all([admin.close(), producer.close()]);
  };
  try {
    const { id } = await admin.metadata({ topics: [] });
    return {
      id,
      close,
      ...topicsOf(admin, options),
      ...groupsOf(admin),
      write: (place, records) => write(producer, place, records).catch(fail),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Its errors are a client's, not ours: for people, without a stack. */
function fail(error: unknown): never {
  throw new CliError(`the target refuses the records: ${deepestMessage(error)}`);
}

function topicsOf(admin: Admin, options: BaseOptions): Pick<Cluster, "topics" | "createTopic" | "logRange" | "read"> {
  const offsetAt = async ({ topic, partition }: TopicPartition, timestamp: bigint): Promise<number> => {
    const isolationLevel = FetchIsolationLevels.READ_COMMITTED;
    const [found] = await admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
      isolationLevel,
    });
    return Number(found!.partitions[0]!.offset);
  };
  return {
    async topics() {
      const names = await admin.listTopics();
      if (names.length === 0) return new Map();
      const { topics } = await admin.metadata({ topics: names, forceUpdate: true });
      return new Map([...topics].map(([name, { partitionsCount }]) => [name, partitionsCount]));
    },
    async createTopic(name, partitions) {
      await admin.createTopics({ topics: [name], partitions, replicas: -1 });
    },
    async logRange(place) {
      const [start, end] = await Promise.all([
        offsetAt(place, ListOffsetTimestamps.EARLIEST),
        offsetAt(place, ListOffsetTimestamps.LATEST),
      ]);
      return { start, end };
    },
    read: (ranges, signal) => readKafkaRanges(new Consumer({ ...options, groupId: `sluice-mirror-${randomUUID()}` }), ranges, signal),
  };
}

function groupsOf(admin: Admin): Pick<Cluster, "committed" | "commit"> {
  return {
    async committed(groupId) {
      const [group] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
      const offsets = (group?.topics ?? []).flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, committedOffset }) => ({
          topic: name,
          partition: partitionIndex,
          offset: Number(committedOffset),
        })),
      );
      return offsets.filter(({ offset }) => offset >= 0);
    },
    async commit(groupId, offsets) {
      const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
      const topics = [...byTopic].map(([name, places]) => ({
        name,
        partitionOffsets: places.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) })),
      }));
      await admin.alterConsumerGroupOffsets({ groupId, topics });
    },
  };
}

/** One request after the other: a batch that fails has none behind it. */
async function write(producer: Producer, { topic, partition }: TopicPartition, records: readonly NewRecord[]): Promise<void> {
  for (const run of runsOf(records, RUN_LIMITS)) {
    await producer.send({
      acks: -1,
      messages: run.map(({ key, value, headers, timestamp }) => ({
        ...{ topic, partition },
        key: asBuffer(key),
        value: asBuffer(value),
        ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }),
        // Names may repeat, and a map's keys may not: but two buffers are never the same key.
        headers: new Map(headers.map((header) => [Buffer.from(header.key), asBuffer(header.value)])),
      })),
    });
  }
}

/** The client takes null for null, though its types say buffers. */
function asBuffer(bytes: Uint8Array | null): Buffer {
  if (bytes === null) return null as unknown as Buffer;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

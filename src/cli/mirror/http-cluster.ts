// A Sluice broker over HTTP, as a mirror needs it.
//
// A page is written one batch after the other, none larger than the topic takes: the producer sends what is behind a batch that it has given
// up all the same, and splits one that is too large, and either would leave a hole in a log that is to be a beginning of the source's.

import { MAX_MIRROR_REQUEST_BYTES } from "../../common/limits/clients.ts";
import { refusalOf } from "../../sdk/errors.ts";
import { collect } from "../collect.ts";
import type { CompressionName } from "../compression.ts";
import { readRanges } from "../consume/read-ranges.ts";
import { openProducer } from "../produce/open-producer.ts";
import type { Session } from "../session.ts";
import type { Cluster } from "./cluster.ts";
import { runsOf } from "./runs.ts";

/** What Kafka's topics take where they say nothing else (max.message.bytes). */
const DEFAULT_MESSAGE_BYTES = 1_048_588;

export async function openHttpCluster(
  session: Pick<Session, "client" | "admin" | "codecs">,
  compression: CompressionName,
): Promise<Cluster> {
  const { client, admin } = session;
  const { clusterId } = await admin.cluster();
  const producer = openProducer(session, { compression, lingerMs: 0, batchSize: MAX_MIRROR_REQUEST_BYTES });
  const batchBytes = new Map<string, Promise<number>>();
  const batchBytesOf = (topic: string): Promise<number> => {
    const known = batchBytes.get(topic) ?? largestBatch(admin, topic);
    batchBytes.set(topic, known);
    return known;
  };
  return {
    id: clusterId,
    async topics() {
      const topics = await collect(admin.topics.list());
      return new Map(topics.map(({ name, partitions }) => [name, partitions]));
    },
    async createTopic(name, partitions) {
      await admin.topics.create({ name, partitions });
    },
    async logRange({ topic, partition }) {
      const { logStartOffset, lastStableOffset } = await admin.topics.offset(topic, partition, "latest", "read_committed");
      return { start: logStartOffset, end: lastStableOffset };
    },
    read: (ranges, signal) => readRanges({ client }, ranges, { signal }),
    async write({ topic, partition }, records) {
      for (const run of runsOf(records, { maxBytes: await batchBytesOf(topic) })) {
        await producer.ready;
        await Promise.all(run.map((record) => producer.send({ topic, ...record, partition })));
      }
    },
    async committed(groupId) {
      const { offsets } = await admin.groups.offsets(groupId).catch((error: { code?: string }) => {
        if (error.code === "GROUP_ID_NOT_FOUND") return { offsets: [] };
        throw error;
      });
      return offsets;
    },
    async commit(groupId, offsets) {
      const answer = await admin.groups.commit(groupId, {
        offsets: offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
      });
      const refusal = answer.offsets.map(refusalOf).find((one) => one !== null);
      if (refusal) throw refusal;
    },
    close: () => producer.close(),
  };
}

async function largestBatch({ topics }: Session["admin"], topic: string): Promise<number> {
  const { configs } = await topics.describe(topic);
  const most = configs.find(({ name }) => name === "max.message.bytes")?.value;
  return Math.min(Number(most ?? DEFAULT_MESSAGE_BYTES), MAX_MIRROR_REQUEST_BYTES);
}

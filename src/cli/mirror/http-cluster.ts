// A Sluice broker over HTTP, as a mirror needs it.

import { refusalOf } from "../../sdk/errors.ts";
import { collect } from "../collect.ts";
import type { CompressionName } from "../compression.ts";
import { readRanges } from "../consume/read-ranges.ts";
import { openProducer } from "../produce/open-producer.ts";
import type { Session } from "../session.ts";
import type { Cluster } from "./cluster.ts";

const LINGER_MS = 5;

export async function openHttpCluster(
  session: Pick<Session, "client" | "admin" | "codecs">,
  compression: CompressionName,
): Promise<Cluster> {
  const { client, admin } = session;
  const { clusterId } = await admin.cluster();
  const producer = openProducer(session, { compression, lingerMs: LINGER_MS });
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
      await producer.ready;
      await Promise.all(records.map((record) => producer.send({ topic, ...record, partition })));
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

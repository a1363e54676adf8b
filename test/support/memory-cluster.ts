// A cluster of a mirror in memory (src/cli/mirror/cluster.ts): logs are arrays, and a write can be made to fail.

import type { Cluster } from "../../src/cli/mirror/cluster.ts";
import type { NewRecord, StoredRecord } from "../../src/cli/records/record.ts";

const PAGE_RECORDS = 7;

export interface MemoryCluster extends Cluster {
  /** Of a partition, in order. */
  log(topic: string, partition: number): readonly StoredRecord[];
  append(topic: string, partition: number, ...values: readonly string[]): void;
  /** The n-th write from now on, and all after it, are refused. */
  failWritesFrom(n: number): void;
}

export function memoryCluster(id: string, topicPartitions: Readonly<Record<string, number>> = {}): MemoryCluster {
  const topics = new Map(Object.entries(topicPartitions));
  const logs = new Map<string, StoredRecord[]>();
  const groups = new Map<string, Map<string, { topic: string; partition: number; offset: number }>>();
  let writesLeft = Number.POSITIVE_INFINITY;
  const logOf = (topic: string, partition: number): StoredRecord[] => {
    const key = `${topic}/${partition}`;
    if (!logs.has(key)) logs.set(key, []);
    return logs.get(key)!;
  };
  const add = (topic: string, partition: number, record: NewRecord): void => {
    const log = logOf(topic, partition);
    log.push({ timestamp: 1000 + log.length, ...record, topic, partition, offset: log.length });
  };
  return {
    id,
    log: logOf,
    append: (topic, partition, ...values) => {
      for (const value of values) add(topic, partition, { key: null, value: Buffer.from(value), headers: [] });
    },
    failWritesFrom: (n) => {
      writesLeft = n - 1;
    },
    topics: async () => topics,
    createTopic: async (name, partitions) => void topics.set(name, partitions),
    logRange: async ({ topic, partition }) => ({ start: 0, end: logOf(topic, partition).length }),
    async *read(ranges) {
      for (const { topic, partition, start, end } of ranges) {
        const within = logOf(topic, partition).slice(start, end ?? undefined);
        for (let at = 0; at < within.length; at += PAGE_RECORDS) yield within.slice(at, at + PAGE_RECORDS);
      }
    },
    write: async ({ topic, partition }, records) => {
      if (writesLeft-- <= 0) throw new Error("the target is gone");
      for (const record of records) add(topic, partition, record);
    },
    committed: async (groupId) => [...(groups.get(groupId)?.values() ?? [])],
    commit: async (groupId, offsets) => {
      const group = groups.get(groupId) ?? new Map();
      for (const place of offsets) group.set(`${place.topic}/${place.partition}`, place);
      groups.set(groupId, group);
    },
    close: async () => {},
  };
}

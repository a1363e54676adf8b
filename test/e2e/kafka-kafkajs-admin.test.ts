// kafkajs's admin client on the Kafka door: topics, partitions, configs, offsets and groups.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { connectAdmin, connectProducer, joinGroup } from "../support/kafka-clients.ts";
import { kafkajs } from "../support/kafkajs.ts";
import { until } from "../support/until.ts";

const { ConfigResourceTypes } = kafkajs;

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

type Admin = Awaited<ReturnType<typeof connectAdmin>>;

async function admin(): Promise<Admin> {
  return connectAdmin(broker.kafkaAddress);
}

/** Sends `count` records to each partition, a second apart from `firstTimestamp` on. */
async function fill(topic: string, partitions: number, count: number, firstTimestamp = 1_760_000_000_000): Promise<void> {
  const producer = await connectProducer(broker.kafkaAddress);
  for (let partition = 0; partition < partitions; partition++) {
    const messages = Array.from({ length: count }, (_, i) => ({ value: `v${i}`, partition, timestamp: String(firstTimestamp + 1000 * i) }));
    await producer.send({ topic, messages });
  }
}

test("describes the cluster: one broker, at the address that the client came by", async () => {
  const [host, port] = broker.kafkaAddress.split(":");
  const { clusterId, ...cluster } = await (await admin()).describeCluster();
  expect(cluster).toEqual({ brokers: [{ nodeId: 1, host, port: Number(port) }], controller: 1 });
  expect(clusterId).toMatch(/^[0-9a-f-]{36}$/);
});

describe("topics", () => {
  test("are created, listed, described and deleted", async () => {
    const client = await admin();
    expect(await client.createTopics({ topics: [{ topic: "made", numPartitions: 3 }, { topic: "also-made" }] })).toBe(true);
    expect(await client.listTopics()).toEqual(expect.arrayContaining(["made", "also-made"]));
    const { topics } = await client.fetchTopicMetadata({ topics: ["made"] });
    expect(topics[0]!.partitions.map(({ partitionId, leader }) => [partitionId, leader]).sort()).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    await client.deleteTopics({ topics: ["made"] });
    expect(await client.listTopics()).not.toContain("made");
  });

  test("that are there are not created again, and what is not valid is refused", async () => {
    const client = await admin();
    await client.createTopics({ topics: [{ topic: "once" }] });
    expect(await client.createTopics({ topics: [{ topic: "once" }] })).toBe(false);
    await expect(client.createTopics({ topics: [{ topic: "not a name" }] })).rejects.toThrow();
    await expect(client.deleteTopics({ topics: ["never-made"] })).rejects.toThrow();
    await client.createTopics({ validateOnly: true, waitForLeaders: false, topics: [{ topic: "only-checked" }] });
    expect(await client.listTopics()).not.toContain("only-checked");
  });

  test("get more partitions, which producers find", async () => {
    const client = await admin();
    await client.createTopics({ topics: [{ topic: "grown", numPartitions: 1 }] });
    await client.createPartitions({ topicPartitions: [{ topic: "grown", count: 4 }] });
    await fill("grown", 4, 1);
    expect((await client.fetchTopicOffsets("grown")).map(({ high }) => high)).toEqual(["1", "1", "1", "1"]);
    await expect(client.createPartitions({ topicPartitions: [{ topic: "grown", count: 2 }] })).rejects.toThrow();
  });

  test("have configs, which are altered and described", async () => {
    const client = await admin();
    await client.createTopics({ topics: [{ topic: "configured", configEntries: [{ name: "retention.ms", value: "3600000" }] }] });
    const resource = { type: ConfigResourceTypes.TOPIC, name: "configured" };
    const describeConfigs = async () => {
      const { resources } = await client.describeConfigs({ includeSynonyms: false, resources: [resource] });
      return Object.fromEntries(resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]));
    };
    expect(await describeConfigs()).toMatchObject({ "retention.ms": "3600000", "cleanup.policy": "delete" });
    const configEntries = [{ name: "max.message.bytes", value: "2000" }];
    await client.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
    expect(await describeConfigs()).toMatchObject({ "max.message.bytes": "2000", "retention.ms": "604800000" });
    const bad = [{ name: "max.message.bytes", value: "many" }];
    await expect(client.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: bad }] })).rejects.toThrow();
  });
});

test("offsets of a topic: its ends, and the first record at or after a time", async () => {
  const client = await admin();
  await client.createTopics({ topics: [{ topic: "timed", numPartitions: 2 }] });
  await fill("timed", 2, 10);
  const ends = [0, 1].map((partition) => ({ partition, offset: "10", high: "10", low: "0" }));
  expect(await client.fetchTopicOffsets("timed")).toEqual(expect.arrayContaining(ends));
  const found = await client.fetchTopicOffsetsByTimestamp("timed", 1_760_000_000_000 + 3500);
  expect(found).toEqual(expect.arrayContaining([0, 1].map((partition) => ({ partition, offset: "4" }))));
});

test("records before an offset are deleted", async () => {
  const client = await admin();
  await client.createTopics({ topics: [{ topic: "truncated", numPartitions: 2 }] });
  await fill("truncated", 2, 10);
  await client.fetchTopicOffsets("truncated"); // kafkajs finds the leaders only of topics that it was asked about before
  await client.deleteTopicRecords({ topic: "truncated", partitions: [{ partition: 1, offset: "6" }] });
  const lows = (await client.fetchTopicOffsets("truncated")).sort((a, b) => a.partition - b.partition).map(({ low, high }) => [low, high]);
  expect(lows).toEqual([
    ["0", "10"],
    ["6", "10"],
  ]);
  const reader = await joinGroup(broker.kafkaAddress, { groupId: "after-truncation", topic: "truncated" });
  await until("the rest is read", () => reader.received.length === 14);
  await expect(client.deleteTopicRecords({ topic: "truncated", partitions: [{ partition: 0, offset: "11" }] })).rejects.toThrow();
});

describe("groups", () => {
  test("are listed and described while they have members, and deleted once they have none", async () => {
    const client = await admin();
    await client.createTopics({ topics: [{ topic: "grouped", numPartitions: 2 }] });
    const member = await joinGroup(broker.kafkaAddress, { groupId: "seen", topic: "grouped" });
    const { groups } = await client.listGroups();
    expect(groups).toContainEqual({ groupId: "seen", protocolType: "consumer" });
    const described = (await client.describeGroups(["seen"])).groups[0]!;
    expect(described).toMatchObject({
      errorCode: 0,
      groupId: "seen",
      protocol: "RoundRobinAssigner",
      protocolType: "consumer",
      state: "Stable",
    });
    expect(described.members.map(({ clientId }) => clientId)).toEqual(["test"]);
    const { assignment } = kafkajs.AssignerProtocol.MemberAssignment.decode(described.members[0]!.memberAssignment)!;
    expect(assignment).toEqual({ grouped: [0, 1] });
    await expect(client.deleteGroups(["seen"])).rejects.toThrow();

    await member.consumer.disconnect();
    await until("it is empty", async () => (await client.describeGroups(["seen"])).groups[0]!.state === "Empty");
    expect(await client.deleteGroups(["seen"])).toMatchObject([{ groupId: "seen", errorCode: 0 }]);
    expect((await client.listGroups()).groups.map(({ groupId }) => groupId)).not.toContain("seen");
    expect((await client.describeGroups(["seen"])).groups[0]!.state).toBe("Dead");
  });

  test("have committed offsets, which are set and reset while they have no members", async () => {
    const client = await admin();
    await client.createTopics({ topics: [{ topic: "committed", numPartitions: 2 }] });
    await fill("committed", 2, 10);
    const offsets = async () => {
      const [of] = await client.fetchOffsets({ groupId: "committers", topics: ["committed"] });
      return of!.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => offset);
    };
    expect(await offsets()).toEqual(["-1", "-1"]);
    await client.setOffsets({ groupId: "committers", topic: "committed", partitions: [{ partition: 1, offset: "7" }] });
    expect(await offsets()).toEqual(["-1", "7"]);
    await client.resetOffsets({ groupId: "committers", topic: "committed", earliest: true });
    const member = await joinGroup(broker.kafkaAddress, { groupId: "committers", topic: "committed" });
    await until("all is read from the beginning on", () => member.received.length === 20);
    await expect(
      client.setOffsets({ groupId: "committers", topic: "committed", partitions: [{ partition: 0, offset: "3" }] }),
    ).rejects.toThrow();
  });
});

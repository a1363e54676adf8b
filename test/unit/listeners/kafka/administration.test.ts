// What administrators ask of a cluster, over a broker in memory: rights, elections, reassignments, changes of configs. The answers are those
// that Apache Kafka 4.0 gives the Java Admin client.

import { beforeEach, describe, expect, test } from "vitest";
import { errorCode } from "../../../../src/common/errors.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { NOT_REQUESTED } from "../../../../src/protocol/messages/shared.ts";
import { connectKafka, type KafkaClient } from "../../../support/kafka-connection.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

let broker: MemoryBroker;
let client: KafkaClient;

beforeEach(async () => {
  broker = new MemoryBroker();
  await broker.createTopic({ name: "t", partitions: 2 });
  client = connectKafka(broker);
});

/** AclOperation: READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS. */
const ALL_OF_A_TOPIC = bits(3, 4, 5, 6, 7, 8, 10, 11);
const ALL_OF_THE_CLUSTER = bits(5, 7, 8, 9, 10, 11, 12);
const ALL_OF_A_GROUP = bits(3, 6, 8, 10, 11);

function bits(...operations: readonly number[]): number {
  return operations.reduce((sum, operation) => sum + 2 ** operation, 0);
}

describe("the operations that a client may do", () => {
  const topics = [{ name: "t", topicId: "00000000-0000-0000-0000-000000000000" }];

  test("are told of topics by Metadata and DescribeTopicPartitions", async () => {
    const ask = (isAsked: boolean) =>
      client.ask(API.metadata, 12, { topics, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: isAsked });
    expect((await ask(true)).topics[0]!.topicAuthorizedOperations).toBe(ALL_OF_A_TOPIC);
    expect((await ask(false)).topics[0]!.topicAuthorizedOperations).toBe(NOT_REQUESTED);
    const described = await client.ask(API.describeTopicPartitions, 0, { topics: [{ name: "t" }, { name: "u" }], cursor: null });
    expect(described.topics.map((topic) => topic.topicAuthorizedOperations)).toEqual([ALL_OF_A_TOPIC, NOT_REQUESTED]);
  });

  test("are told of the cluster by DescribeCluster, and by Metadata up to version 10", async () => {
    const described = await client.ask(API.describeCluster, 2, { includeClusterAuthorizedOperations: true, includeFencedBrokers: true });
    expect(described).toMatchObject({ clusterAuthorizedOperations: ALL_OF_THE_CLUSTER, brokers: [{ brokerId: 1, isFenced: false }] });
    const unasked = await client.ask(API.describeCluster, 2, { includeClusterAuthorizedOperations: false });
    expect(unasked.clusterAuthorizedOperations).toBe(NOT_REQUESTED);
    const metadata = await client.ask(API.metadata, 10, { topics: [], includeClusterAuthorizedOperations: true });
    expect(metadata.clusterAuthorizedOperations).toBe(ALL_OF_THE_CLUSTER);
  });

  test("are told of groups by DescribeGroups, but not of those that are not there", async () => {
    const group = { state: "Empty", protocolType: "", protocolName: "", members: [] };
    const describeClassic = async (groupId: string) => (groupId === "g" ? group : null);
    broker.classicGroup = () => ({ describeClassic }) as never;
    const described = await client.ask(API.describeGroups, 6, { groups: ["g", "none"], includeAuthorizedOperations: true });
    expect(described.groups.map((group) => group.authorizedOperations)).toEqual([ALL_OF_A_GROUP, NOT_REQUESTED]);
  });
});

test("DescribeTopicPartitions tells empty lists of eligible leaders: the Java client reads no null", async () => {
  const { topics } = await client.ask(API.describeTopicPartitions, 0, { topics: [{ name: "t" }], cursor: null });
  expect(topics[0]!.partitions).toMatchObject([0, 1].map(() => ({ eligibleLeaderReplicas: [], lastKnownElr: [] })));
});

test("a name that no topic can have is called invalid, and not unknown", async () => {
  const metadata = await client.ask(API.metadata, 9, { topics: [{ name: "no name" }, { name: "none" }], allowAutoTopicCreation: false });
  const described = await client.ask(API.describeTopicPartitions, 0, { topics: [{ name: "no name" }, { name: "none" }], cursor: null });
  const expected = [errorCode("INVALID_TOPIC_EXCEPTION"), errorCode("UNKNOWN_TOPIC_OR_PARTITION")];
  for (const { topics } of [metadata, described]) expect(topics.map((topic) => topic.errorCode)).toEqual(expected);
});

describe("ElectLeaders", () => {
  const ask = async (version: number, topicPartitions: object[] | null) => {
    const answer = await client.ask(API.electLeaders, version, { electionType: 0, topicPartitions, timeoutMs: 1000 });
    return answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map((result) => [topic, result.partitionId, result.errorCode]),
    );
  };

  test.each([0, 1, 2])("of version %i needs no election where there is a partition", async (version) => {
    const results = await ask(version, [
      { topic: "t", partitions: [1, 2] },
      { topic: "u", partitions: [0] },
    ]);
    const unknown = errorCode("UNKNOWN_TOPIC_OR_PARTITION");
    expect(results).toEqual([
      ["t", 1, errorCode("ELECTION_NOT_NEEDED")],
      ["t", 2, unknown],
      ["u", 0, unknown],
    ]);
  });

  test("for all partitions tells of none, for none failed", async () => {
    expect(await ask(2, null)).toEqual([]);
  });
});

describe("a reassignment", () => {
  const reassign = async (partitionIndex: number, replicas: readonly number[] | null) => {
    const topics = [{ name: "t", partitions: [{ partitionIndex, replicas }] }];
    const { responses } = await client.ask(API.alterPartitionReassignments, 0, { topics });
    return responses[0]!.partitions[0]!.errorCode;
  };

  test.each([
    ["to the one broker is done", 0, [1], 0],
    ["to another broker is refused", 0, [1, 2], errorCode("INVALID_REPLICA_ASSIGNMENT")],
    ["to the same broker twice is refused", 0, [1, 1], errorCode("INVALID_REPLICA_ASSIGNMENT")],
    ["to no broker is refused", 0, [], errorCode("INVALID_REPLICA_ASSIGNMENT")],
    ["that is not under way cannot be called off", 0, null, errorCode("NO_REASSIGNMENT_IN_PROGRESS")],
    ["of a partition that is not there is refused", 2, [1], errorCode("UNKNOWN_TOPIC_OR_PARTITION")],
  ])("%s", async (_, partition, replicas, expected) => {
    expect(await reassign(partition, replicas)).toBe(expected);
  });

  test("is never under way", async () => {
    const topics = [{ name: "t", partitionIndexes: [0] }];
    expect(await client.ask(API.listPartitionReassignments, 0, { topics })).toMatchObject({ errorCode: 0, topics: [] });
  });
});

describe("IncrementalAlterConfigs", () => {
  const SET = 0;
  const APPEND = 2;
  const alter = async (configs: readonly object[]) =>
    (
      await client.ask(API.incrementalAlterConfigs, 1, {
        resources: [{ resourceType: 2, resourceName: "t", configs }],
        validateOnly: false,
      })
    ).responses[0]!.errorCode;
  const config = (name: string, configOperation: number, value: string | null) => ({ name, configOperation, value });

  test.each([
    ["a key twice", [config("retention.ms", SET, "5"), config("retention.ms", SET, "6")], "INVALID_REQUEST"],
    ["an operation that there is not", [config("retention.ms", 9, "5")], "INVALID_REQUEST"],
    ["a key to no value", [config("retention.ms", SET, null)], "INVALID_REQUEST"],
    ["what is no list by adding to it", [config("retention.ms", APPEND, "5")], "INVALID_CONFIG"],
  ] as const)("does not change %s, nor anything beside it", async (_, configs, error) => {
    expect(await alter([config("segment.ms", SET, "60000"), ...configs])).toBe(errorCode(error));
    expect(broker.topics.get("t")!.metadata.configs).toEqual({});
  });
});

test("what is set for all brokers at once is nothing", async () => {
  const ask = async (resourceName: string) =>
    (await client.ask(API.describeConfigs, 4, { resources: [{ resourceType: 4, resourceName, configurationKeys: null }] })).results[0]!;
  expect(await ask("")).toMatchObject({ errorCode: 0, configs: [] });
  expect((await ask("1")).configs.map(({ name }) => name)).toContain("auto.create.topics.enable");
});

test("a group's configs are those of a consumer group of its name, and the settings of the share group", async () => {
  const describeGroup = async (keys: string[] | null = null) => {
    const resources = [{ resourceType: 32, resourceName: "g", configurationKeys: keys }];
    const { results } = await client.ask(API.describeConfigs, 4, { resources });
    return results[0]!.configs.map(({ name, value, configSource }) => [name, value, configSource]);
  };
  const alterGroup = async (configs: [name: string, configOperation: number, value: string | null][], validateOnly = false) => {
    const changes = configs.map(([name, configOperation, value]) => ({ name, configOperation, value }));
    const resources = [{ resourceType: 32, resourceName: "g", configs: changes }];
    return (await client.ask(API.incrementalAlterConfigs, 1, { resources, validateOnly })).responses[0]!.errorCode;
  };
  const lock = "share.record.lock.duration.ms";
  expect(await describeGroup([lock])).toEqual([[lock, "30000", 5]]);
  const changes: Parameters<typeof alterGroup>[0] = [
    [lock, 0, "15000"],
    ["share.auto.offset.reset", 0, "by_duration:PT1H"],
    ["errors.deadletterqueue.topic.name", 0, ""],
  ];
  expect(await alterGroup(changes, true)).toBe(0);
  expect(await describeGroup([lock])).toEqual([[lock, "30000", 5]]);
  expect(await alterGroup(changes)).toBe(0);
  expect(await broker.shareGroups.settings("g")).toMatchObject({
    ...{ leaseMs: 15_000, autoOffsetReset: { duration: "PT1H" }, deadLetterTopic: null },
  });
  expect(await describeGroup()).toEqual([
    ["consumer.heartbeat.interval.ms", "5000", 5],
    ["consumer.session.timeout.ms", "45000", 5],
    ["errors.deadletterqueue.topic.name", "", 5],
    ["share.auto.offset.reset", "by_duration:PT1H", 8],
    ["share.delivery.count.limit", "5", 5],
    ["share.isolation.level", "read_committed", 5],
    ["share.partition.max.record.locks", "2000", 5],
    [lock, "15000", 8],
  ]);
  expect(await alterGroup([[lock, 1, null]])).toBe(0);
  expect(await describeGroup([lock])).toEqual([[lock, "30000", 5]]);
  for (const bad of [
    [lock, 0, "soon"],
    [lock, 0, "1"],
    [lock, 2, "1"],
    ["share.auto.offset.reset", 0, "by_duration:1h"],
    ["consumer.session.timeout.ms", 0, "1"],
  ] as Parameters<typeof alterGroup>[0]) {
    expect(await alterGroup([["share.delivery.count.limit", 0, "9"], bad]), bad[0]).toBe(errorCode("INVALID_CONFIG"));
  }
  expect(await alterGroup([["errors.deadletterqueue.topic.name", 0, "none"]])).toBe(errorCode("UNKNOWN_TOPIC_OR_PARTITION"));
  expect(await broker.shareGroups.settings("g")).toMatchObject({ maxDeliveries: 5 });
});

test("configs of a consumer group are set by both requests, and make no share group", async () => {
  const [session, heartbeat, limit] = ["consumer.session.timeout.ms", "consumer.heartbeat.interval.ms", "share.delivery.count.limit"];
  const described = async (resourceName = "c") => {
    const resources = [{ resourceType: 32, resourceName, configurationKeys: null }];
    const { results } = await client.ask(API.describeConfigs, 4, { resources });
    return (
      results[0]!.errorCode || results[0]!.configs.filter(({ configSource }) => configSource === 8).map(({ name, value }) => [name, value])
    );
  };
  const set = async (configs: Record<string, string>, resourceName = "c") => {
    const changes = Object.entries(configs).map(([name, value]) => ({ name, configOperation: 0, value }));
    const resources = [{ resourceType: 32, resourceName, configs: changes }];
    const { responses } = await client.ask(API.incrementalAlterConfigs, 1, { resources, validateOnly: false });
    return responses[0]!.errorMessage;
  };
  const replace = async (configs: Record<string, string>, validateOnly = false) => {
    const resources = [{ resourceType: 32, resourceName: "c", configs: Object.entries(configs).map(([name, value]) => ({ name, value })) }];
    return (await client.ask(API.alterConfigs, 2, { resources, validateOnly })).responses[0]!.errorCode;
  };
  expect(await set({ [session!]: "50000" })).toBeNull();
  expect(await described()).toEqual([[session, "50000"]]);
  expect((await broker.shareGroups.list({ limit: 10 })).groupIds).toEqual([]);
  expect(await set({ [limit!]: "7", [heartbeat!]: "1" })).toBe(
    "consumer.heartbeat.interval.ms must be greater than or equal to group.consumer.min.heartbeat.interval.ms",
  );
  expect(await set({ [heartbeat!]: "6000", "consumer.session": "1" })).toBe("Unknown group config name: consumer.session");
  expect(await described()).toEqual([[session, "50000"]]);
  expect(await set({ [limit!]: "7", [heartbeat!]: "6000" })).toBeNull();
  const both = [
    [heartbeat, "6000"],
    [session, "50000"],
    [limit, "7"],
  ];
  expect(await described()).toEqual(both);
  expect(await replace({ [heartbeat!]: "7000" }, true)).toBe(0);
  expect(await described()).toEqual(both);
  expect(await replace({ [heartbeat!]: "7000" })).toBe(0);
  expect(await described()).toEqual([[heartbeat, "7000"]]);
  expect(await described("")).toBe(errorCode("INVALID_REQUEST"));
  expect(await set({ [session!]: "50000" }, "")).toBe("Default group resources are not allowed.");
});

test("a broker's configs may be reset, and not set", async () => {
  const ask = async (configOperation: number) => {
    const configs = [{ name: "leader.replication.throttled.rate", configOperation, value: configOperation === 0 ? "1" : null }];
    const resources = [{ resourceType: 4, resourceName: "1", configs }];
    return (await client.ask(API.incrementalAlterConfigs, 1, { resources, validateOnly: false })).responses[0]!.errorCode;
  };
  expect([await ask(1), await ask(0)]).toEqual([0, errorCode("INVALID_REQUEST")]);
});

test("ListOffsets tells no leader epoch where it tells no offset", async () => {
  const topics = [{ name: "t", partitions: [{ partitionIndex: 0, timestamp: 1_700_000_000_000 }] }];
  const answer = await client.ask(API.listOffsets, 7, { replicaId: -1, isolationLevel: 0, topics });
  expect(answer.topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1, leaderEpoch: -1 });
});

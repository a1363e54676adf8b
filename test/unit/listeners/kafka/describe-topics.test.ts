// Topics and offsets as Metadata, DescribeTopicPartitions and ListOffsets tell them, over a broker in memory.

import { beforeEach, describe, expect, test } from "vitest";
import { errorCode } from "../../../../src/common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../../src/common/limits/platform.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { ZERO_UUID } from "../../../../src/protocol/uuid.ts";
import { connectKafka, type KafkaClient } from "../../../support/kafka-connection.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const UNKNOWN_ID = "11111111-1111-4111-8111-111111111111";

let broker: MemoryBroker;
let client: KafkaClient;

beforeEach(async () => {
  broker = new MemoryBroker();
  for (const [name, partitions] of [
    ["b", 3],
    ["a", 2],
    ["c", 1],
  ] as const)
    await broker.createTopic({ name, partitions });
  client = connectKafka(broker);
});

const idOf = (name: string) => broker.topics.get(name)!.metadata.topicId;

describe("Metadata", () => {
  test.each([12, 13])("of version %i is asked by topic id too", async (version) => {
    const topics = [idOf("b"), UNKNOWN_ID].map((topicId) => ({ topicId, name: null }));
    const answer = await client.ask(API.metadata, version, { topics, allowAutoTopicCreation: false });
    expect(answer.errorCode).toBe(0);
    expect(answer.topics).toMatchObject([
      { errorCode: 0, name: "b", topicId: idOf("b"), partitions: [{}, {}, {}] },
      { errorCode: errorCode("UNKNOWN_TOPIC_ID"), name: null, topicId: UNKNOWN_ID, partitions: [] },
    ]);
  });

  test.each([0, 3, 4, 12])("of version %i that makes a topic is answered that there was none, the next one with it", async (version) => {
    const look = async () => (await client.ask(API.metadata, version, { topics: [{ topicId: ZERO_UUID, name: "made" }] })).topics[0]!;
    expect(await look()).toMatchObject({ errorCode: errorCode("UNKNOWN_TOPIC_OR_PARTITION"), name: "made", partitions: [] });
    expect(await look()).toMatchObject({ errorCode: 0, name: "made", partitions: [{ partitionIndex: 0, leaderId: 1 }] });
  });
});

describe("DescribeTopicPartitions", () => {
  type Cursor = { readonly topicName: string; readonly partitionIndex: number } | null;
  const ask = async (names: readonly string[], responsePartitionLimit = 2000, cursor: Cursor = null) => {
    const request = { topics: names.map((name) => ({ name })), responsePartitionLimit, cursor };
    const { topics, nextCursor } = await client.ask(API.describeTopicPartitions, 0, request);
    const told = topics.map(({ name, partitions }) => `${name}${partitions.map(({ partitionIndex }) => partitionIndex).join("")}`);
    return { told, nextCursor, topics };
  };

  test("tells all topics, or those that are named, by name", async () => {
    expect(await ask([])).toMatchObject({ told: ["a01", "b012", "c0"], nextCursor: null });
    const { topics, told } = await ask(["c", "missing", "a", "a"]);
    expect(told).toEqual(["a01", "c0", "missing"]);
    expect(topics.map((topic) => topic.errorCode)).toEqual([0, 0, errorCode("UNKNOWN_TOPIC_OR_PARTITION")]);
    expect(topics[0]).toMatchObject({ topicId: idOf("a"), partitions: [{ leaderId: 1, isrNodes: [1] }, { leaderId: 1 }] });
  });

  test.each([1, 2, 3, 4, 5])("at %i partitions a page tells everything once", async (limit) => {
    const told: string[] = [];
    let cursor: Cursor = null;
    do {
      const page = await ask([], limit, cursor);
      expect(page.topics.reduce((sum, { partitions }) => sum + partitions.length, 0)).toBeLessThanOrEqual(limit);
      for (const { name, partitions } of page.topics) told.push(...partitions.map(({ partitionIndex }) => `${name}${partitionIndex}`));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(told).toEqual(["a0", "a1", "b0", "b1", "b2", "c0"]);
  });

  test("goes on with the next topic where the cursor's is gone", async () => {
    await broker.deleteTopic("b");
    expect((await ask([], 2000, { topicName: "b", partitionIndex: 2 })).told).toEqual(["c0"]);
  });
});

describe("ListOffsets", () => {
  const ask = async (version: number, timestamp: number) => {
    const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: "a", partitions: [{ partitionIndex: 0, timestamp }] }] };
    return (await client.ask(API.listOffsets, version, request)).topics[0]!.partitions[0]!;
  };

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])("of version %i tells the start and the end", async (version) => {
    await broker.produce({ topic: "a", records: [{ key: null, value: "v", partition: 0 }], compression: "none" });
    expect((await ask(version, -1)).offset).toBe(1);
    expect((await ask(version, -2)).offset).toBe(0);
  });

  test("tells what is where to those that may ask for it", async () => {
    const invalid = errorCode("INVALID_REQUEST");
    expect([await ask(8, -4), await ask(9, -4)]).toMatchObject([{ offset: 0 }, { offset: 0 }]);
    expect(await ask(9, -5)).toMatchObject({ errorCode: 0, offset: -1 });
    for (const [version, timestamp] of [
      [9, -6],
      [8, -5],
      [7, -4],
      [6, -3],
    ] as const) {
      expect((await ask(version, timestamp)).errorCode, `${version}, ${timestamp}`).toBe(invalid);
    }
  });

  test(`asks no more than ${MAX_CONCURRENT_CALLS} partitions at a time, over all topics`, async () => {
    await broker.createTopic({ name: "wide", partitions: 50 });
    let running = 0;
    let most = 0;
    broker.offset = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 0));
      running -= 1;
      return { offset: 7, timestamp: -1, leaderEpoch: 0, logStartOffset: 0, highWatermark: 7, lastStableOffset: 7 };
    };
    const partitions = Array.from({ length: 50 }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 }));
    const topics = [
      { name: "wide", partitions },
      { name: "wide", partitions },
    ];
    const answer = await client.ask(API.listOffsets, 5, { replicaId: -1, isolationLevel: 0, topics });
    expect(answer.topics.flatMap((topic) => topic.partitions.map(({ offset }) => offset))).toEqual(Array.from({ length: 100 }, () => 7));
    expect(most).toBe(MAX_CONCURRENT_CALLS);
  });
});

// Fetch sessions as a client meets them (KIP-227), and fetches by topic id (KIP-516), over a broker in memory.

import { beforeEach, describe, expect, test } from "vitest";
import { errorCode } from "../../../../src/common/errors.ts";
import { MAX_FETCH_SESSION_PARTITIONS } from "../../../../src/common/limits/kafka.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { connectKafka } from "../../../support/kafka-connection.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const PARTITIONS = 4;
const NO_SESSION = { sessionId: 0, sessionEpoch: -1 };
const NEW_SESSION = { sessionId: 0, sessionEpoch: 0 };

let broker: MemoryBroker;
let topicId: string;
let client: ReturnType<typeof connect>;

beforeEach(async () => {
  broker = new MemoryBroker();
  await broker.createTopic({ name: "orders", partitions: PARTITIONS });
  topicId = broker.topics.get("orders")!.metadata.topicId;
  client = connect();
});

interface Fetch {
  readonly sessionId?: number;
  readonly sessionEpoch?: number;
  /** Partition to offset. */
  readonly from?: Readonly<Record<number, number>>;
  readonly forgotten?: readonly number[];
  readonly version?: number;
  readonly topic?: Readonly<{ topic: string }> | Readonly<{ topicId: string }>;
}

function connect() {
  const { ask, sent } = connectKafka(broker);
  return {
    async fetch({ from = {}, forgotten = [], version = 12, topic = version >= 13 ? { topicId } : { topic: "orders" }, ...session }: Fetch) {
      const partitions = Object.entries(from).map(([partition, fetchOffset]) => ({
        ...{ partition: Number(partition), currentLeaderEpoch: -1, fetchOffset, lastFetchedEpoch: -1, logStartOffset: -1 },
        partitionMaxBytes: 1 << 20,
      }));
      const topics = partitions.length === 0 ? [] : [{ ...topic, partitions }];
      const forgottenTopicsData = forgotten.length === 0 ? [] : [{ ...topic, partitions: forgotten }];
      const limits = { maxWaitMs: 0, minBytes: 1, maxBytes: 1 << 20, isolationLevel: 0 };
      const request = { ...limits, ...NO_SESSION, ...session, topics, forgottenTopicsData, rackId: "" };
      const response = await ask(API.fetch, version, request);
      const told = response.responses.flatMap(({ partitions: inTopic }) =>
        inTopic.map((one) => [one.partitionIndex, one.errorCode] as const),
      );
      return { ...response, told, bytes: sent.at(-1)!.length };
    },
  };
}

const ALL = { 0: 0, 1: 0, 2: 0, 3: 0 };
const produce = (partition: number) =>
  broker.produce({ topic: "orders", records: [{ key: null, value: "v", partition }], compression: "none" });

describe("a session", () => {
  test("begins with everything, then tells what is new alone", async () => {
    const first = await client.fetch({ ...NEW_SESSION, from: ALL });
    expect(first.sessionId).toBeGreaterThan(0);
    expect(first.told).toHaveLength(PARTITIONS);
    const session = { sessionId: first.sessionId };
    expect((await client.fetch({ ...session, sessionEpoch: 1 })).told).toEqual([]);
    await produce(2);
    expect((await client.fetch({ ...session, sessionEpoch: 2 })).told).toEqual([[2, 0]]);
    // It is told again until the client has moved on.
    expect((await client.fetch({ ...session, sessionEpoch: 3 })).told).toEqual([[2, 0]]);
    expect((await client.fetch({ ...session, sessionEpoch: 4, from: { 2: 1 } })).told).toEqual([]);
  });

  test("takes partitions in and out", async () => {
    const { sessionId } = await client.fetch({ ...NEW_SESSION, from: { 0: 0 } });
    expect((await client.fetch({ sessionId, sessionEpoch: 1, from: { 1: 0 } })).told).toEqual([[1, 0]]);
    await produce(0);
    await produce(1);
    expect((await client.fetch({ sessionId, sessionEpoch: 2, forgotten: [0] })).told).toEqual([[1, 0]]);
  });

  test("tells a failure each time, and what follows it once", async () => {
    const outOfRange = errorCode("OFFSET_OUT_OF_RANGE");
    const { sessionId } = await client.fetch({ ...NEW_SESSION, from: { 0: 99 } });
    expect((await client.fetch({ sessionId, sessionEpoch: 1 })).told).toEqual([[0, outOfRange]]);
    expect((await client.fetch({ sessionId, sessionEpoch: 2, from: { 0: 0 } })).told).toEqual([[0, 0]]);
    expect((await client.fetch({ sessionId, sessionEpoch: 3 })).told).toEqual([]);
  });

  test("tells a log start that moved", async () => {
    await produce(0);
    const { sessionId } = await client.fetch({ ...NEW_SESSION, from: { 0: 1 } });
    await broker.truncate("orders", 0, -1);
    expect((await client.fetch({ sessionId, sessionEpoch: 1 })).told).toEqual([[0, 0]]);
  });

  test("serves those first that were not served the last time", async () => {
    const { sessionId } = await client.fetch({ ...NEW_SESSION, from: ALL });
    await produce(0);
    await client.fetch({ sessionId, sessionEpoch: 1 });
    await produce(3);
    expect((await client.fetch({ sessionId, sessionEpoch: 2 })).told.map(([partition]) => partition)).toEqual([3, 0]);
  });

  test("that nobody began, or of another connection, is not found; another epoch is not its next", async () => {
    const { sessionId } = await client.fetch({ ...NEW_SESSION, from: ALL });
    const notFound = errorCode("FETCH_SESSION_ID_NOT_FOUND");
    expect((await connect().fetch({ sessionId, sessionEpoch: 1 })).errorCode).toBe(notFound);
    expect((await client.fetch({ sessionId: sessionId === 1 ? 2 : sessionId - 1, sessionEpoch: 1 })).errorCode).toBe(notFound);
    for (const sessionEpoch of [2, 7]) {
      expect((await client.fetch({ sessionId, sessionEpoch })).errorCode).toBe(errorCode("INVALID_FETCH_SESSION_EPOCH"));
    }
    expect((await client.fetch({ sessionId, sessionEpoch: 1 })).errorCode).toBe(0);
    expect((await client.fetch({ sessionId, sessionEpoch: 1 })).errorCode).toBe(errorCode("INVALID_FETCH_SESSION_EPOCH"));
  });

  test("ends where the client ends it, or begins another", async () => {
    const first = await client.fetch({ ...NEW_SESSION, from: ALL });
    const second = await client.fetch({ sessionId: first.sessionId, sessionEpoch: 0, from: ALL });
    expect(second.sessionId).not.toBe(first.sessionId);
    const last = await client.fetch({ sessionId: second.sessionId, sessionEpoch: -1, from: { 0: 0 } });
    expect(last).toMatchObject({ sessionId: 0, errorCode: 0 });
    expect((await client.fetch({ sessionId: second.sessionId, sessionEpoch: 1 })).errorCode).toBe(errorCode("FETCH_SESSION_ID_NOT_FOUND"));
  });

  test("is not begun for more partitions than one may have, nor by a client that is too old", async () => {
    const many = Object.fromEntries(Array.from({ length: MAX_FETCH_SESSION_PARTITIONS + 1 }, (_, partition) => [partition, 0]));
    expect((await client.fetch({ ...NEW_SESSION, from: many })).sessionId).toBe(0);
    expect((await client.fetch({ version: 6, from: ALL })).told).toHaveLength(PARTITIONS);
  });

  test("does not change between names and ids", async () => {
    const { sessionId } = await client.fetch({ ...NEW_SESSION, version: 12, from: ALL });
    const mixed = await client.fetch({ sessionId, sessionEpoch: 1, version: 13 });
    expect(mixed.errorCode).toBe(errorCode("FETCH_SESSION_TOPIC_ID_ERROR"));
  });

  test("of 1,000 idle partitions is answered with a few bytes", async () => {
    await broker.createTopic({ name: "wide", partitions: 1000 });
    const from = Object.fromEntries(Array.from({ length: 1000 }, (_, partition) => [partition, 0]));
    const first = await client.fetch({ ...NEW_SESSION, topic: { topic: "wide" }, from });
    const idle = await client.fetch({ sessionId: first.sessionId, sessionEpoch: 1 });
    expect(first.bytes).toBeGreaterThan(30_000);
    expect(idle.bytes).toBeLessThan(40);
  });
});

describe("by topic id", () => {
  test.each([13, 14, 15, 16, 17])("version %i reads, and is answered by the id", async (version) => {
    await produce(1);
    const { responses } = await client.fetch({ version, from: { 0: 0, 1: 0 } });
    expect(responses).toMatchObject([{ topicId, partitions: [{ errorCode: 0 }, { errorCode: 0, highWatermark: 1 }] }]);
  });

  test.each([4, 5, 6, 7, 8, 9, 10, 11, 12])("version %i reads by the name", async (version) => {
    await produce(1);
    const { responses } = await client.fetch({ version, from: { 1: 0 } });
    expect(responses).toMatchObject([{ topic: "orders", partitions: [{ errorCode: 0, highWatermark: 1 }] }]);
  });

  test("a topic that there is not is UNKNOWN_TOPIC_ID, in a session until it is forgotten", async () => {
    const unknown = { topicId: "11111111-1111-4111-8111-111111111111" };
    const code = errorCode("UNKNOWN_TOPIC_ID");
    const { sessionId, told } = await client.fetch({ ...NEW_SESSION, version: 13, topic: unknown, from: { 0: 0 } });
    expect(told).toEqual([[0, code]]);
    expect((await client.fetch({ sessionId, sessionEpoch: 1, version: 13 })).told).toEqual([[0, code]]);
    expect((await client.fetch({ sessionId, sessionEpoch: 2, version: 13, topic: unknown, forgotten: [0] })).told).toEqual([]);
  });
});

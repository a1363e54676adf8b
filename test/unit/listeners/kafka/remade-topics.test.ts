// A topic that is deleted and made again under a connected client: which of its fetches and commits are refused, and for how long.

import { beforeEach, expect, test } from "vitest";
import { type ErrorName, errorCode } from "../../../../src/common/errors.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { connectKafka, type KafkaClient } from "../../../support/kafka-connection.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const GROUP = "readers";

let broker: MemoryBroker;
let client: KafkaClient;

beforeEach(async () => {
  broker = new MemoryBroker();
  client = connectKafka(broker);
  await fill(3);
});

/** Makes the topic with so many records. */
async function fill(count: number) {
  await broker.createTopic({ name: "orders" });
  const records = Array.from({ length: count }, () => ({ key: null, value: "v", partition: 0 }));
  if (count > 0) await broker.produce({ topic: "orders", records, compression: "none" });
}

async function makeAgain(count: number) {
  await broker.deleteTopic("orders");
  await fill(count);
}

/** The error, and how many bytes of records came. */
async function fetch(fetchOffset: number, version = 12) {
  const named = version >= 13 ? { topicId: broker.topics.get("orders")!.metadata.topicId } : { topic: "orders" };
  const partition = { partition: 0, currentLeaderEpoch: -1, fetchOffset, lastFetchedEpoch: -1, logStartOffset: -1, partitionMaxBytes: 1e6 };
  const limits = { maxWaitMs: 0, minBytes: 1, maxBytes: 1e6, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, rackId: "" };
  const request = { ...limits, topics: [{ ...named, partitions: [partition] }], forgottenTopicsData: [] };
  const { responses } = await client.ask(API.fetch, version, request);
  const { errorCode: code, records } = responses[0]!.partitions[0]!;
  return { code, hasRecords: (records?.length ?? 0) > 0 };
}

async function commit(committedOffset: number) {
  const partition = { partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: "" };
  const request = { groupId: GROUP, generationIdOrMemberEpoch: -1, memberId: "", groupInstanceId: null };
  const { topics } = await client.ask(API.offsetCommit, 8, { ...request, topics: [{ name: "orders", partitions: [partition] }] });
  return topics[0]!.partitions.map(({ partitionIndex, errorCode: code }) => [partitionIndex, code]);
}

async function committed() {
  const request = { groupId: GROUP, topics: [{ name: "orders", partitionIndexes: [0] }], requireStable: false };
  const { topics } = await client.ask(API.offsetFetch, 7, request);
  return topics[0]!.partitions[0]!.committedOffset;
}

const FINE = { code: 0, hasRecords: true };
const EMPTY = { code: 0, hasRecords: false };
const refusal = (error: ErrorName) => ({ code: errorCode(error), hasRecords: false });

test.each([11, 12, 17])("a fetch (%i) that carries on in a log that is gone is out of range, until it begins anew", async (version) => {
  expect(await fetch(0, version)).toEqual(FINE);
  await makeAgain(5);
  for (let time = 0; time < 2; time += 1) expect(await fetch(3, version)).toEqual(refusal("OFFSET_OUT_OF_RANGE"));
  expect(await fetch(0, version)).toEqual(FINE);
  await broker.produce({ topic: "orders", records: [{ key: null, value: "v", partition: 0 }], compression: "none" });
  expect(await fetch(5, version)).toEqual(FINE);
});

test("a client that asks where the new log ends begins there, though the old one ended there too", async () => {
  await fetch(0);
  await makeAgain(3);
  expect(await fetch(3)).toEqual(refusal("OFFSET_OUT_OF_RANGE"));
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }];
  const { topics } = await client.ask(API.listOffsets, 5, { replicaId: -1, isolationLevel: 0, topics: [{ name: "orders", partitions }] });
  expect(topics[0]!.partitions[0]!.offset).toBe(3);
  expect(await fetch(3)).toEqual(EMPTY);
});

test("so is one from where the fetch before was", async () => {
  expect(await fetch(1)).toEqual(FINE);
  await makeAgain(5);
  expect(await fetch(1)).toEqual(refusal("OFFSET_OUT_OF_RANGE"));
});

test("and one at what is the end of both logs, of which the client had nothing for long", async () => {
  await fetch(0);
  for (let time = 0; time < 3; time += 1) expect(await fetch(3)).toEqual(EMPTY);
  await makeAgain(3);
  expect(await fetch(3)).toEqual(refusal("OFFSET_OUT_OF_RANGE"));
});

test("a client that heard that the topic is gone is told the same when it is back", async () => {
  await fetch(0);
  await broker.deleteTopic("orders");
  for (let time = 0; time < 2; time += 1) expect(await fetch(3)).toEqual(refusal("UNKNOWN_TOPIC_OR_PARTITION"));
  await fill(5);
  expect(await fetch(3)).toEqual(refusal("OFFSET_OUT_OF_RANGE"));
});

test.each([0, 2])("a fetch that begins in the new log, at %i, is served", async (offset) => {
  await fetch(0);
  await makeAgain(5);
  expect(await fetch(offset)).toEqual(FINE);
  expect(await fetch(3)).toEqual(FINE);
});

test("the first commit after it is refused, the next is taken", async () => {
  const unknown = errorCode("UNKNOWN_TOPIC_OR_PARTITION");
  expect(await commit(3)).toEqual([[0, 0]]);
  await makeAgain(3);
  expect(await commit(3)).toEqual([[0, unknown]]);
  expect(await committed()).toBe(-1);
  expect(await commit(1)).toEqual([[0, 0]]);
  expect(await committed()).toBe(1);
});

test("a client that only asked for the offsets is refused too, and one that asks again is not", async () => {
  expect(await committed()).toBe(-1);
  await makeAgain(3);
  expect(await commit(2)).toEqual([[0, errorCode("UNKNOWN_TOPIC_OR_PARTITION")]]);
  await makeAgain(3);
  expect(await committed()).toBe(-1);
  expect(await commit(2)).toEqual([[0, 0]]);
});

test("what stands for a reset is committed at once: it is no position of the old log", async () => {
  await commit(3);
  await makeAgain(3);
  expect(await commit(-2)).toEqual([[0, 0]]);
});

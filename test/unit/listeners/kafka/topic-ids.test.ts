// Requests that name topics by id, over a broker in memory: what they do, and what they are told of an id that stands for nothing.

import { beforeEach, expect, test } from "vitest";
import { errorCode, isFailure } from "../../../../src/common/errors.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { batchOf } from "../../../support/batches.ts";
import { loadCore } from "../../../support/core.ts";
import { connectKafka, type KafkaClient } from "../../../support/kafka-connection.ts";
import { openResponse, requestFrame } from "../../../support/kafka-frames.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const GONE = "99999999-0000-4000-8000-000000000000";
const UNKNOWN_TOPIC_ID = errorCode("UNKNOWN_TOPIC_ID");

let broker: MemoryBroker;
let client: KafkaClient;
let topicId: string;

beforeEach(async () => {
  broker = new MemoryBroker();
  const topic = await broker.createTopic({ name: "orders", partitions: 2 });
  if (isFailure(topic)) throw new Error(topic.detail);
  topicId = topic.topicId;
  client = connectKafka(broker);
});

function commit(...topicIds: string[]) {
  const partition = { committedOffset: 0, committedLeaderEpoch: -1, committedMetadata: "m" };
  const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, ...partition }));
  const topics = topicIds.map((id) => ({ topicId: id, partitions }));
  return client.ask(API.offsetCommit, 10, { groupId: "g", generationIdOrMemberEpoch: -1, memberId: "", topics });
}

test("OffsetCommit 10 commits by id, and refuses each partition of an id that there is not, in the order of the request", async () => {
  const { topics } = await commit(GONE, topicId);
  const codes = topics.map((topic) => [topic.topicId, topic.name, ...topic.partitions.map((partition) => partition.errorCode)]);
  expect(codes).toEqual([
    [GONE, "", UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_ID],
    [topicId, "", 0, 0],
  ]);
  const { offsets } = await broker.committedOffsets("g");
  expect(offsets.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual(["orders/0", "orders/1"]);
});

test("OffsetFetch 10 answers by id, all topics of a group too", async () => {
  await commit(topicId);
  const fetch = async (topics: object[] | null) => {
    const { groups } = await client.ask(API.offsetFetch, 10, { groups: [{ groupId: "g", topics }] });
    return groups[0]!.topics.map((topic) => [
      topic.topicId,
      ...topic.partitions.map(({ partitionIndex, committedOffset, errorCode: code }) => [partitionIndex, committedOffset, code]),
    ]);
  };
  expect(await fetch(null)).toEqual([[topicId, [0, 0, 0], [1, 0, 0]]]);
  const asked = [GONE, topicId].map((id) => ({ topicId: id, partitionIndexes: [1, 2] }));
  expect(await fetch(asked)).toEqual([
    [GONE, [1, -1, UNKNOWN_TOPIC_ID], [2, -1, UNKNOWN_TOPIC_ID]],
    [topicId, [1, 0, 0], [2, -1, 0]],
  ]);
});

test("Produce 13 writes by id, and in a transaction makes the partition part of it", async () => {
  const asked: unknown[] = [];
  const { produceBatches } = broker;
  broker.produceBatches = (request) => {
    asked.push({ ...request, batches: request.batches.byteLength > 0 });
    return produceBatches.call(broker, request);
  };
  const produce = async (version: number, transactionalId: string | null, ...topics: object[]) => {
    const records = new Uint8Array(batchOf(loadCore(), ["a"]));
    const topicData = topics.map((topic) => ({ ...topic, partitionData: [{ index: 1, records }] }));
    await client.connection.receive(
      requestFrame(API.produce, version, { transactionalId, acks: -1, timeoutMs: 1_000, topicData } as never),
    );
    await client.connection.drain();
    const { responses } = openResponse(API.produce, version, client.sent.at(-1)!).response;
    return responses.map((topic) => [topic.topicId, ...topic.partitionResponses.map((one) => [one.index, one.errorCode, one.baseOffset])]);
  };
  expect(await produce(13, null, { topicId: GONE }, { topicId })).toEqual([
    [GONE, [1, UNKNOWN_TOPIC_ID, -1]],
    [topicId, [1, 0, 0]],
  ]);
  await produce(13, "tx", { topicId });
  await produce(12, "tx", { name: "orders" });
  await produce(11, "tx", { name: "orders" });
  const plain = { topic: "orders", partition: 1, batches: true };
  const newWay = { transactionalId: "tx", knowsAbortable: true, addsPartition: true, hasOwnEpoch: true };
  expect(asked).toEqual([
    { ...plain, topicId },
    { ...plain, ...newWay, topicId },
    { ...plain, ...newWay },
    { ...plain, transactionalId: "tx", knowsAbortable: true },
  ]);
});

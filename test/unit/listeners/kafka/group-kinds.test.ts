// A group of the other kind, as each request tells it: by the codes of Kafka's GroupMetadataManager.

import { expect, test } from "vitest";
import { errorCode, failure } from "../../../../src/common/errors.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { connectKafka } from "../../../support/kafka-connection.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const taken = failure("INCONSISTENT_GROUP_PROTOCOL", "'g' is of the other kind");
const notThere = errorCode("GROUP_ID_NOT_FOUND");

/** A broker that knows the group as one of the other kind. */
async function connect() {
  const broker = new MemoryBroker();
  await broker.createTopic({ name: "t" });
  const refuse = async () => taken;
  Object.assign(broker, {
    commitOffsets: refuse,
    consumerGroup: () => ({ consumerHeartbeat: refuse }),
    classicGroup: () => ({ join: refuse }),
  });
  Object.assign(broker.shareGroups, { heartbeat: refuse, alterOffsets: refuse });
  return connectKafka(broker);
}

const member = { groupId: "g", memberId: "m", memberEpoch: 0, rackId: null, subscribedTopicNames: ["t"] };

test("heartbeats are told that a group of their kind is not there", async () => {
  const { ask } = await connect();
  const consumer = { ...member, instanceId: null, rebalanceTimeoutMs: 1_000, serverAssignor: null, topicPartitions: [] };
  const told = { errorCode: notThere, errorMessage: taken.detail };
  expect(await ask(API.consumerGroupHeartbeat, 1, { ...consumer, subscribedTopicRegex: null })).toMatchObject(told);
  expect(await ask(API.shareGroupHeartbeat, 1, member)).toMatchObject(told);
});

test("so are commits, and start offsets of a share group", async () => {
  const { ask } = await connect();
  const partition = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: "" };
  const commit = { groupId: "g", generationIdOrMemberEpoch: -1, memberId: "", groupInstanceId: null };
  const { topics } = await ask(API.offsetCommit, 8, { ...commit, topics: [{ name: "t", partitions: [partition] }] });
  expect(topics[0]!.partitions).toMatchObject([{ partitionIndex: 0, errorCode: notThere }]);
  const moved = { groupId: "g", topics: [{ topicName: "t", partitions: [{ partitionIndex: 0, startOffset: 0 }] }] };
  expect(await ask(API.alterShareGroupOffsets, 0, moved)).toMatchObject({ errorCode: notThere, responses: [] });
});

test("a member by the classic protocol is told that its protocol does not fit", async () => {
  const { ask } = await connect();
  const join = { groupId: "g", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: "", groupInstanceId: null };
  const protocols = [{ name: "range", metadata: new Uint8Array(0) }];
  const answer = await ask(API.joinGroup, 7, { ...join, protocolType: "consumer", protocols, reason: null });
  expect(answer.errorCode).toBe(errorCode("INCONSISTENT_GROUP_PROTOCOL"));
});

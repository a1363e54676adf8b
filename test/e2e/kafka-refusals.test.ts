// What the Kafka door tells over a real broker where it refuses: the records of a batch that are why (KIP-467), a group of the other kind,
// and what of a share group's offsets can be deleted (KIP-932). The clients that the tests have speak none of these versions.

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { errorCode } from "../../src/common/errors.ts";
import { API, type Api } from "../../src/protocol/api-keys.ts";
import type { DecodedStruct, Fields } from "../../src/protocol/fields.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { loadCore } from "../support/core.ts";
import { openResponse, requestFrame } from "../support/kafka-frames.ts";
import { connectKafka } from "../support/kafka-socket.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

/** A topic, and a connection that asks about it. */
async function connect(name: string, configs: Record<string, string> = {}) {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name, configs }) };
  expect((await fetch(`${broker.url}/v1/topics`, init)).status).toBe(201);
  const client = await connectKafka(broker.kafkaAddress);
  onTestFinished(() => void client.socket.destroy());
  return async <Response extends Fields>(
    api: Api<Fields, Response>,
    version: number,
    request: object,
  ): Promise<DecodedStruct<Response>> => {
    client.send(requestFrame(api as never, version, request as never));
    return openResponse(api, version, await client.next()).response;
  };
}

test("a batch for a compacted topic names the records without a key", async () => {
  const ask = await connect("compacted", { "cleanup.policy": "compact" });
  const keys = ["a", null, "b", null];
  const batch = encodeBatch(
    loadCore(),
    keys.map((key) => ({ key, value: "v", timestamp: Date.now() })),
    { compression: "lz4" },
  );
  const topicData = [{ name: "compacted", partitionData: [{ index: 0, records: batch }] }];
  const { responses } = await ask(API.produce, 9, { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData });
  const [answer] = responses[0]!.partitionResponses;
  expect(answer).toMatchObject({ errorCode: errorCode("INVALID_RECORD"), baseOffset: -1 });
  expect(answer!.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 3]);
});

test("a name is one kind of group's, and a share group forgets a topic", async () => {
  const ask = await connect("jobs");
  const notThere = errorCode("GROUP_ID_NOT_FOUND");
  const partitions = [{ partitionIndex: 0, startOffset: 0 }];
  const alter = (groupId: string) => ask(API.alterShareGroupOffsets, 0, { groupId, topics: [{ topicName: "jobs", partitions }] });
  const remove = async () => {
    const { errorCode: code, responses } = await ask(API.deleteShareGroupOffsets, 0, { groupId: "s", topics: [{ topicName: "jobs" }] });
    return [code, ...responses.map((response) => response.errorCode)];
  };
  const commit = async (groupId: string) => {
    const offset = { partitionIndex: 0, committedOffset: 0, committedLeaderEpoch: -1, committedMetadata: null };
    const nobody = { generationIdOrMemberEpoch: -1, memberId: "", groupInstanceId: null };
    const { topics } = await ask(API.offsetCommit, 8, { groupId, ...nobody, topics: [{ name: "jobs", partitions: [offset] }] });
    return topics[0]!.partitions[0]!.errorCode;
  };
  expect(await remove()).toEqual([notThere]);
  expect((await alter("s")).errorCode).toBe(0);
  expect([await commit("s"), await commit("c")]).toEqual([notThere, 0]);
  expect((await alter("c")).errorCode).toBe(notThere);

  const member = { memberId: "m", memberEpoch: 0, rackId: null, subscribedTopicNames: ["jobs"] };
  expect(await ask(API.shareGroupHeartbeat, 1, { groupId: "c", ...member })).toMatchObject({ errorCode: notThere });
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 };
  const protocols = [{ name: "range", metadata: new Uint8Array(0) }];
  const join = { ...timeouts, memberId: "", groupInstanceId: null, protocolType: "consumer", protocols, reason: null };
  expect((await ask(API.joinGroup, 7, { groupId: "s", ...join })).errorCode).toBe(errorCode("INCONSISTENT_GROUP_PROTOCOL"));

  expect(await remove()).toEqual([0, 0]);
  expect(await remove()).toEqual([0, errorCode("UNKNOWN_TOPIC_OR_PARTITION")]);
  const { results } = await ask(API.deleteGroups, 2, { groupsNames: ["s", "c"] });
  expect(results.map((result) => result.errorCode)).toEqual([0, 0]);
  expect([await commit("s"), (await alter("c")).errorCode]).toEqual([0, 0]);
});

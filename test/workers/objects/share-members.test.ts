// Members of share groups by Kafka's protocol with real objects: what they hold outlives every object, their membership does not and is made
// again, and a WebSocket's share session goes on after its object has slept.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { createBroker } from "../../../src/broker/create-broker.ts";
import type { AcknowledgementBatch, AcknowledgeType, ShareHeartbeat, TopicMetadata } from "../../../src/broker/ports.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { brokerState } from "../../../src/objects/broker-state.ts";
import { sharePartitionObjectName } from "../../../src/objects/names.ts";
import { API } from "../../../src/protocol/api-keys.ts";
import { batchHeaders } from "../../../src/record/record-batch.ts";
import { openResponse, requestFrame } from "../../support/kafka-frames.ts";
import { connectWebSocket } from "../support/kafka-web-socket.ts";
import { append, aTopic, ports } from "../support/partition.ts";

/** A member of a group of its own. */
class Member {
  readonly groupId = `g-${crypto.randomUUID()}`;
  readonly token = 1 + Math.floor(Math.random() * 2 ** 50);
  readonly broker = createBroker(ports(), brokerState);
  readonly topic: TopicMetadata;

  constructor(topic: TopicMetadata) {
    this.topic = topic;
  }

  heartbeat(memberEpoch: number, change: Partial<ShareHeartbeat> = {}) {
    const subscribedTopicNames = memberEpoch === 0 ? [this.topic.name] : null;
    const request = { groupId: this.groupId, memberId: "member", memberEpoch, rackId: null, clientId: "c", clientHost: "/" };
    return this.broker.shareGroups.heartbeat({ ...request, subscribedTopicNames, ...change });
  }

  async fetch(token = this.token) {
    const place = { topic: this.topic.name, topicId: this.topic.topicId, partition: 0 };
    const limits = { maxRecords: 100, maxBytes: 1_000_000, maxWaitMs: 0, minBytes: 0, batchSize: 100 };
    const fetched = await this.broker.shareGroups.fetch({ groupId: this.groupId, token, partitions: [place], ...limits });
    if (isFailure(fetched)) throw new Error(fetched.detail);
    return fetched.partitions.flatMap(({ acquired, batches }) => {
      const counts = batches.map(({ bytes }) => [...batchHeaders(bytes)].length);
      return acquired.map((range) => ({ ...range, batchCount: counts.length }));
    });
  }

  async acknowledge(firstOffset: number, lastOffset: number, type: AcknowledgeType, token = this.token) {
    const batches: AcknowledgementBatch[] = [{ firstOffset, lastOffset, types: [type] }];
    const partition = { topic: this.topic.name, topicId: this.topic.topicId, partition: 0, batches };
    const { outcomes } = await this.broker.shareGroups.acknowledge({ groupId: this.groupId, token, partitions: [partition] });
    return outcomes.map((outcome) => outcome?.error ?? null);
  }

  release() {
    const { groupId, token } = this;
    return this.broker.shareGroups.release({ groupId, token, partitions: [{ topicId: this.topic.topicId, partition: 0 }] });
  }

  async evict(): Promise<void> {
    const view = await this.broker.shareGroups.describe(this.groupId);
    if (isFailure(view)) throw new Error(view.detail);
    await evictDurableObject(env.SHARE_PARTITION.getByName(sharePartitionObjectName(view.groupUuid, this.topic.topicId, 0)));
    await evictDurableObject(env.SHARE_GROUP.getByName(this.groupId));
  }
}

test("a member whose group has lost its memory joins again, and acknowledges what it holds", async () => {
  const member = new Member(await aTopic());
  await append(member.topic, ["a", "b", "c"]);
  expect(await member.heartbeat(0)).toMatchObject({ memberEpoch: 1, assignment: [{ topic: member.topic.name, partitions: [0, 1] }] });
  expect(await member.fetch()).toEqual([{ firstOffset: 0, lastOffset: 2, deliveryCount: 1, batchCount: 1 }]);
  await member.evict();
  expect(await member.heartbeat(1)).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(await member.heartbeat(0)).toMatchObject({ assignment: [{ partitions: [0, 1] }] });
  expect(await member.acknowledge(0, 1, "accept")).toEqual([null]);
  await member.evict();
  expect(await member.acknowledge(0, 1, "accept")).toEqual(["INVALID_RECORD_STATE"]);
  await member.release();
  await member.evict();
  expect(await member.fetch(7)).toMatchObject([{ firstOffset: 2, lastOffset: 2, deliveryCount: 2 }]);
  expect(await member.acknowledge(2, 2, "accept", 7)).toEqual([null]);
});

test("each partition has its start offset before a member hears of it: what is written then is not lost to latest", async () => {
  const member = new Member(await aTopic());
  await append(member.topic, ["before"]);
  await member.broker.shareGroups.configure(member.groupId, { autoOffsetReset: "latest" });
  await member.heartbeat(0);
  await append(member.topic, ["after"]);
  expect(await member.fetch()).toMatchObject([{ firstOffset: 1, lastOffset: 1, deliveryCount: 1 }]);
});

test("over a WebSocket, a share session goes on after its object has slept, and ends with the socket of one that sleeps", async () => {
  const member = new Member(await aTopic());
  await append(member.topic, ["a", "b"]);
  const client = await connectWebSocket();
  const place = (batches: object[]) => [
    { topicId: member.topic.topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: batches }] },
  ];
  const owner = { groupId: member.groupId, memberId: "member", isRenewAck: false };
  const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 20, maxRecords: 100, batchSize: 100, shareAcquireMode: 0 };
  const fetch = { ...owner, ...limits, shareSessionEpoch: 0, topics: place([]), forgottenTopicsData: [] };
  client.send(requestFrame(API.shareFetch, 2, fetch as never));
  const fetched = openResponse(API.shareFetch, 2, await client.next()).response;
  expect(fetched.responses[0]!.partitions[0]!.acquiredRecords).toEqual([{ firstOffset: 0, lastOffset: 1, deliveryCount: 1 }]);
  await evictDurableObject(client.object);
  const topics = place([{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] }]);
  client.send(requestFrame(API.shareAcknowledge, 2, { ...owner, shareSessionEpoch: 1, topics } as never));
  const acknowledged = openResponse(API.shareAcknowledge, 2, await client.next()).response;
  expect(acknowledged.responses[0]!.partitions[0]).toMatchObject({ errorCode: 0 });
  expect(await member.fetch()).toEqual([]);
  await evictDurableObject(client.object);
  client.socket.close();
  await vi.waitUntil(async () => (await member.fetch()).length > 0, { timeout: 30_000, interval: 20 });
  expect(await member.acknowledge(1, 1, "accept")).toEqual([null]);
  await runInDurableObject(client.object, (_, state) => expect(state.getWebSockets()).toHaveLength(0));
});

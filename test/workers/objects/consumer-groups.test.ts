// Consumer groups in their object: what outlives the object's memory, what lets it sleep, and what it asks of the cluster.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ConsumerHeartbeat, ConsumerHeartbeatAnswer, MemberPolled } from "../../../src/broker/ports.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { createPorts } from "../../../src/objects/ports.ts";
import { SqliteGroupStore } from "../../../src/storage/sqlite-group-store.ts";
import { idleHeartbeat, joinHeartbeat } from "../../support/consumer-group.ts";

/** A group of the test's own on a topic of its own, over the ports that listeners use. */
class TestGroup {
  readonly groupId = `group-${crypto.randomUUID()}`;
  readonly topic = `topic-${crypto.randomUUID()}`;
  readonly ports = createPorts(env, () => undefined);
  readonly stub = env.GROUP.getByName(this.groupId);
  readonly port = this.ports.group(this.groupId);
  topicId = "";

  async createTopic(partitions: number): Promise<void> {
    const topic = await this.ports.cluster.createTopic({ name: this.topic, partitions });
    if (isFailure(topic)) throw new Error(topic.detail);
    this.topicId = topic.topicId;
  }

  join(memberId: string): Promise<ConsumerHeartbeatAnswer> {
    return this.port.consumerHeartbeat(joinHeartbeat({ groupId: this.groupId, memberId, subscribedTopicNames: [this.topic] }));
  }

  beat(memberId: string, memberEpoch: number, changes: Partial<ConsumerHeartbeat> = {}): Promise<ConsumerHeartbeatAnswer> {
    return this.port.consumerHeartbeat(idleHeartbeat(memberId, memberEpoch, { groupId: this.groupId, ...changes }));
  }

  async poll(memberId: string, sessionTimeoutMs: number): Promise<MemberPolled> {
    const polled = await this.port.poll({
      groupId: this.groupId,
      memberId,
      memberEpoch: -1,
      instanceId: null,
      clientId: "test",
      topicNames: [this.topic],
      topicPattern: "",
      sessionTimeoutMs,
      commit: [],
    });
    if (isFailure(polled)) throw new Error(polled.detail);
    return polled;
  }

  owning(...partitions: number[]): Partial<ConsumerHeartbeat> {
    return { topicPartitions: [{ topicId: this.topicId, partitions }] };
  }

  async state(): Promise<string | undefined> {
    return (await this.port.describe(this.groupId))?.state;
  }

  sessions(): Promise<ReadonlyMap<string, number> | null> {
    return runInDurableObject(this.stub, (_, { storage }) => new SqliteGroupStore(storage).sessions());
  }
}

test("a rebalance goes on over evictions, while a member gives back and while another waits", async () => {
  const group = new TestGroup();
  await group.createTopic(4);
  expect(await group.join("a")).toMatchObject({ memberEpoch: 1, assignment: [{ topicId: group.topicId, partitions: [0, 1, 2, 3] }] });
  expect(await group.join("b")).toMatchObject({ memberEpoch: 2, assignment: [] });
  await evictDurableObject(group.stub);
  expect(await group.beat("a", 1)).toMatchObject({ memberEpoch: 1, assignment: [{ partitions: [0, 1] }] });
  expect(await group.beat("b", 2)).toMatchObject({ memberEpoch: 2, assignment: null });
  expect(await group.beat("a", 1, group.owning(0, 1))).toMatchObject({ memberEpoch: 2 });
  await evictDurableObject(group.stub);
  expect(await group.beat("b", 2)).toMatchObject({ memberEpoch: 2, assignment: [{ partitions: [2, 3] }] });
  expect(await group.state()).toBe("Stable");
  expect(await group.port.describeConsumer(group.groupId)).toMatchObject({
    groupEpoch: 2,
    members: [{ memberId: "a" }, { memberId: "b" }],
  });
});

test("a member with a long session lets its group sleep, and is removed by the alarm when it does not come back", async () => {
  const group = new TestGroup();
  await group.createTopic(1);
  const { memberId } = await group.poll("", 1_800_000);
  await expect.poll(() => group.sessions(), { timeout: 20_000, interval: 200 }).not.toBeNull();
  await evictDurableObject(group.stub);
  expect(await group.poll(memberId, 1_800_000)).toMatchObject({ memberId, memberEpoch: 1, assignment: [{ partitions: [0] }] });
  await expect.poll(() => group.sessions(), { timeout: 20_000, interval: 200 }).not.toBeNull();
  await runInDurableObject(group.stub, (_, { storage }) =>
    new SqliteGroupStore(storage).putSessions(new Map([[memberId, Date.now() - 1]])),
  );
  await evictDurableObject(group.stub);
  expect(await runDurableObjectAlarm(group.stub)).toBe(true);
  expect(await group.state()).toBe("Empty");
});

test("a deleted group leaves nothing behind, and the next one of its name begins anew", async () => {
  const group = new TestGroup();
  await group.createTopic(1);
  await group.join("a");
  expect(await group.port.delete(group.groupId)).toMatchObject({ error: "NON_EMPTY_GROUP" });
  await group.beat("a", -1);
  expect(await group.port.delete(group.groupId)).toBeNull();
  const tables = await runInDurableObject(group.stub, (_, { storage }) => [
    ...storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE '%documents'"),
  ]);
  expect(tables).toEqual([]);
  expect(await group.join("a")).toMatchObject({ memberEpoch: 1 });
});

test("a subscription by regular expression finds topics among many", async () => {
  const group = new TestGroup();
  await group.createTopic(2);
  const request = joinHeartbeat({
    groupId: group.groupId,
    memberId: "m",
    subscribedTopicNames: null,
    subscribedTopicRegex: `${group.topic.slice(0, 20)}.*`,
  });
  expect(await group.port.consumerHeartbeat(request)).toMatchObject({ assignment: [{ topicId: group.topicId, partitions: [0, 1] }] });
});

test("what is set for a group outlives the object's memory, and the group", async () => {
  const group = new TestGroup();
  const { groupId, port } = group;
  await group.createTopic(1);
  const set = { "consumer.heartbeat.interval.ms": "7000" };
  expect(await port.alterConfigs(groupId, set, false)).toBeNull();
  expect(await port.listing(groupId)).toBeNull();
  await evictDurableObject(group.stub);
  expect(await group.join("a")).toMatchObject({ memberEpoch: 1, heartbeatIntervalMs: 7_000 });
  await group.beat("a", -1);
  expect(await port.delete(groupId)).toBeNull();
  await evictDurableObject(group.stub);
  expect(await port.listing(groupId)).toBeNull();
  expect(await group.join("b")).toMatchObject({ memberEpoch: 1, heartbeatIntervalMs: 7_000 });
  expect(await port.alterConfigs(groupId, { "consumer.heartbeat.interval.ms": null }, false)).toBeNull();
  expect(await port.describeConfigs(groupId)).toMatchObject([
    { value: "5000", isDefault: true },
    { value: "45000", isDefault: true },
  ]);
});

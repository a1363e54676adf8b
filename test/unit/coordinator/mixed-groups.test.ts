// Classic members and members of the consumer protocol in one group: upgrade, what each is told, downgrade; commits and deletions of offsets.

import { expect, test } from "vitest";
import type { JoinedGroup, JoinGroupAnswer } from "../../../src/coordinator/classic-messages.ts";
import { consumerProtocolAssignment } from "../../../src/protocol/messages/consumer-protocol.ts";
import { encodeVersioned } from "../../../src/protocol/versioned.ts";
import { anOffset } from "../../conformance/offset-store.ts";
import {
  aTopic,
  ConsumerBench,
  classicJoin,
  classicSubscription,
  idleHeartbeat,
  joinHeartbeat,
  readClassicAssignment,
} from "../../support/consumer-group.ts";

const orders = aTopic("orders", 4);

function succeeded(answer: JoinGroupAnswer): JoinedGroup {
  if ("error" in answer) throw new Error(`${answer.error}: ${answer.detail}`);
  return answer;
}

/** The answer of a call that waits for a rebalance. */
async function answered<T>(bench: ConsumerBench, call: Promise<T>): Promise<T> {
  let isAnswered = false;
  void call.finally(() => {
    isAnswered = true;
  });
  for (let tries = 0; !isAnswered && tries < 50; tries++) await bench.advance(10);
  return call;
}

/** A classic consumer that subscribes to orders, eager where it does not say what it owns. */
class ClassicClient {
  readonly bench: ConsumerBench;
  memberId = "";
  generationId = -1;
  constructor(bench: ConsumerBench) {
    this.bench = bench;
  }

  async join(...owned: number[]): Promise<JoinedGroup> {
    const metadata = classicSubscription(["orders"], owned.length === 0 ? [] : [{ topic: "orders", partitions: owned }]);
    const joining = this.bench.group.join(classicJoin(["orders"], { memberId: this.memberId, protocols: [{ name: "range", metadata }] }));
    const joined = succeeded(await answered(this.bench, joining));
    Object.assign(this, { memberId: joined.memberId, generationId: joined.generationId });
    return joined;
  }

  /** The error, or what it has. @param assignment as the leader of a classic group */
  async sync(assignment?: ArrayBuffer): Promise<string | string[]> {
    const { memberId, generationId } = this;
    const answer = await this.bench.group.sync({
      ...{ groupId: "g", memberId, groupInstanceId: null, generationId, protocolType: null, protocolName: null },
      assignments: assignment === undefined ? [] : [{ memberId, assignment }],
    });
    return "error" in answer ? answer.error : readClassicAssignment(answer.assignment);
  }

  async heartbeat(): Promise<string | null> {
    const { memberId, generationId } = this;
    return (await this.bench.group.heartbeat({ groupId: "g", memberId, groupInstanceId: null, generationId }))?.error ?? null;
  }

  leave(): string | null {
    const [left] = this.bench.group.leave({ groupId: "g", members: [{ memberId: this.memberId, groupInstanceId: null }] });
    return left!.failure?.error ?? null;
  }
}

/** A classic group of one, which has all of orders, and then a member of the consumer protocol. */
async function mixedGroup() {
  const bench = new ConsumerBench({}, orders);
  const classic = new ClassicClient(bench);
  await classic.join();
  const everything = { assignedPartitions: [{ topic: "orders", partitions: [0, 1, 2, 3] }], userData: null };
  await classic.sync(encodeVersioned(consumerProtocolAssignment, 1, everything).slice().buffer as ArrayBuffer);
  return { bench, classic, joined: await bench.join({ memberId: "new" }) };
}

test("a classic group of consumers becomes a consumer group in place, and nobody loses what it need not", async () => {
  const { bench, classic, joined } = await mixedGroup();
  expect(joined).toEqual({ memberId: "new", epoch: 2, assignment: [] });
  expect(bench.group.listing()).toMatchObject({ type: "consumer", state: "Reconciling", protocolType: "consumer" });
  expect(bench.members.classicGroup()).toBeNull();
  expect(bench.group.describeClassic()).toBeNull();
  expect(bench.group.describeConsumer()?.members).toMatchObject([
    {
      memberId: classic.memberId,
      memberEpoch: 1,
      isClassic: true,
      assignment: [{ partitions: [0, 1, 2, 3] }],
      targetAssignment: [{ partitions: [0, 1] }],
    },
    { memberId: "new", memberEpoch: 2, isClassic: false, targetAssignment: [{ partitions: [2, 3] }] },
  ]);
});

test("an eager classic member learns by its heartbeat that it is to join again, and gets its part by SyncGroup", async () => {
  const { bench, classic } = await mixedGroup();
  expect(await classic.heartbeat()).toBe("REBALANCE_IN_PROGRESS");
  expect(await classic.sync()).toBe("REBALANCE_IN_PROGRESS");
  expect(await classic.join()).toMatchObject({
    generationId: 2,
    protocolType: "consumer",
    protocolName: "range",
    leaderId: "",
    members: [],
  });
  expect(await classic.sync()).toEqual(["orders/0", "orders/1"]);
  expect(await classic.heartbeat()).toBeNull();
  expect(await bench.beat("new", 2)).toEqual({ epoch: 2, assignment: ["orders/2", "orders/3"] });
  expect(bench.group.listing()?.state).toBe("Stable");
});

test("a cooperative classic member gives back first, and its old generation is good until then", async () => {
  const { bench, classic } = await mixedGroup();
  expect(await classic.join(0, 1, 2, 3)).toMatchObject({ generationId: 1 });
  expect(await classic.sync()).toEqual(["orders/0", "orders/1"]);
  expect(await bench.beat("new", 2)).toEqual({ epoch: 2, assignment: null });
  expect(await classic.heartbeat()).toBe("REBALANCE_IN_PROGRESS");
  expect(await classic.join(0, 1)).toMatchObject({ generationId: 2 });
  expect(await bench.beat("new", 2)).toMatchObject({ assignment: ["orders/2", "orders/3"] });
});

test("a classic member that waits for partitions is called when they are free", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "new" });
  const classic = new ClassicClient(bench);
  await classic.join();
  expect(await classic.sync()).toEqual([]);
  expect(await classic.heartbeat()).toBeNull();
  await bench.beat("new", 1);
  await bench.beat("new", 1, { topicPartitions: [{ topicId: orders.topicId, partitions: [0, 1] }] });
  expect(await classic.heartbeat()).toBe("REBALANCE_IN_PROGRESS");
  await classic.join();
  expect(await classic.sync()).toEqual(["orders/2", "orders/3"]);
});

test("a classic member that does not join again in time is out", async () => {
  const { bench, classic } = await mixedGroup();
  await classic.heartbeat();
  for (let elapsed = 0; elapsed < 60_000; elapsed += 5_000) {
    await bench.advance(5_000);
    await classic.heartbeat();
    await bench.beat("new", 2);
  }
  expect(await classic.heartbeat()).toBe("UNKNOWN_MEMBER_ID");
});

test("when the last member of the consumer protocol goes, the classic ones have a classic group again, and rebalance", async () => {
  const { bench, classic } = await mixedGroup();
  await classic.join();
  await classic.sync();
  await bench.heartbeat(idleHeartbeat("new", -1));
  expect(bench.group.listing()).toMatchObject({ type: "classic", state: "PreparingRebalance" });
  expect(bench.consumers.load()).toBeNull();
  expect(bench.members.classicGroup()).toMatchObject({ generationId: 2, protocolName: "range", members: [{ memberId: classic.memberId }] });
  expect(await classic.heartbeat()).toBe("REBALANCE_IN_PROGRESS");
  expect(await classic.join()).toMatchObject({ generationId: 3, leaderId: classic.memberId });
});

test("a group that has become empty takes the kind of who comes next, and its epochs go on", async () => {
  const { bench, classic } = await mixedGroup();
  expect(classic.leave()).toBeNull();
  await bench.heartbeat(idleHeartbeat("new", -1));
  expect(bench.group.listing()).toMatchObject({ type: "consumer", state: "Empty" });
  bench.restart();
  const next = new ClassicClient(bench);
  expect((await next.join()).generationId).toBeGreaterThan(3);
  expect(bench.group.listing()?.type).toBe("classic");
  next.leave();
  expect((await bench.join({ memberId: "again" })).epoch).toBeGreaterThan(5);
});

test("a classic group that is rebalancing sends those who wait to the consumer group", async () => {
  const bench = new ConsumerBench({ "group.initial.rebalance.delay.ms": "1000" }, orders);
  const joining = bench.group.join(classicJoin(["orders"]));
  await expect.poll(() => bench.group.parkedCount).toBe(1);
  await bench.join({ memberId: "new" });
  expect(await joining).toMatchObject({ error: "REBALANCE_IN_PROGRESS" });
});

test("members of another protocol type keep the group for themselves, and the other way round", async () => {
  const bench = new ConsumerBench({}, orders);
  const joining = bench.group.join(classicJoin(["orders"], { protocolType: "connect" }));
  await answered(bench, joining);
  expect(await bench.heartbeat(joinHeartbeat())).toMatchObject({ error: "GROUP_ID_NOT_FOUND" });
  const other = new ConsumerBench({}, orders);
  await other.join();
  expect(await other.group.join(classicJoin(["orders"], { protocolType: "connect" }))).toMatchObject({
    error: "INCONSISTENT_GROUP_PROTOCOL",
  });
  const malformed = { protocols: [{ name: "range", metadata: new ArrayBuffer(1) }] };
  expect(await other.group.join(classicJoin([], malformed))).toMatchObject({ error: "INCONSISTENT_GROUP_PROTOCOL" });
});

test("a mixed group outlives a restart", async () => {
  const { bench, classic } = await mixedGroup();
  await classic.join();
  await classic.sync();
  const before = bench.group.describeConsumer();
  bench.restart();
  expect(bench.group.describeConsumer()).toEqual(before);
  expect(await classic.heartbeat()).toBeNull();
  expect(await classic.sync()).toEqual(["orders/0", "orders/1"]);
});

function commit(bench: ConsumerBench, memberId: string, memberEpoch: number, partition: number, isOwnerOnly = false) {
  const offset = { ...anOffset(), topicId: orders.topicId, topic: "orders", partition };
  return bench.group.commit({ groupId: "g", offsets: [offset], member: { memberId, memberEpoch }, isOwnerOnly });
}

test("a member commits in its epoch, and in an earlier one what it has had since", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a" });
  await bench.join({ memberId: "b" });
  await bench.beat("a", 1);
  expect(await commit(bench, "a", 1, 3)).toEqual([null]); // while it gives it back
  await bench.beat("a", 1, { topicPartitions: [{ topicId: orders.topicId, partitions: [0, 1] }] });
  expect(await commit(bench, "a", 1, 0)).toEqual([null]);
  expect(await commit(bench, "a", 1, 3)).toMatchObject([{ error: "STALE_MEMBER_EPOCH" }]);
  expect(await commit(bench, "a", 2, 3)).toEqual([null]); // as Kafka
  expect(await commit(bench, "a", 2, 3, true)).toMatchObject([{ error: "STALE_MEMBER_EPOCH" }]);
  expect(await commit(bench, "a", 3, 0)).toMatchObject({ error: "STALE_MEMBER_EPOCH" });
  expect(await commit(bench, "x", 2, 0)).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(await commit(bench, "", -1, 0)).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(bench.group.committedOffsets({ memberId: "a", memberEpoch: 2 })).toMatchObject({ offsets: { length: 2 } });
  expect(bench.group.committedOffsets({ memberId: "a", memberEpoch: 1 })).toMatchObject({ error: "STALE_MEMBER_EPOCH" });
  expect(bench.group.committedOffsets()).toMatchObject({ offsets: { length: 2 } });
});

test("a classic member of a consumer group commits in its generation alone", async () => {
  const { bench, classic } = await mixedGroup();
  const { memberId } = classic;
  expect(await commit(bench, memberId, 1, 0)).toEqual([null]);
  await classic.join();
  expect(await commit(bench, memberId, 1, 0)).toMatchObject({ error: "ILLEGAL_GENERATION" });
  expect(await commit(bench, memberId, 2, 0)).toEqual([null]);
});

test.each(["classic", "consumer"])("offsets of a topic that a %s member subscribes to stay, others go", async (kind) => {
  const bench = new ConsumerBench({}, orders);
  const offsets = [
    { ...anOffset(), topicId: orders.topicId, topic: "orders", partition: 0 },
    { ...anOffset(), topicId: "old", topic: "old", partition: 0 },
  ];
  expect(bench.group.deleteOffsets("g", offsets)).toMatchObject({ error: "GROUP_ID_NOT_FOUND" });
  await bench.group.commit({ groupId: "g", offsets });
  if (kind === "classic") await new ClassicClient(bench).join();
  else await bench.join({ subscribedTopicNames: null, subscribedTopicRegex: "ord.*" });
  expect(bench.group.deleteOffsets("g", offsets)).toMatchObject([{ error: "GROUP_SUBSCRIBED_TO_TOPIC" }, null]);
  expect(bench.group.committedOffsets()).toMatchObject({ offsets: [{ topic: "orders" }] });
});

test("offsets of a group whose members are not consumers are not deleted", async () => {
  const bench = new ConsumerBench({}, orders);
  const joining = bench.group.join(classicJoin(["orders"], { protocolType: "connect" }));
  await answered(bench, joining);
  expect(bench.group.deleteOffsets("g", [anOffset()])).toMatchObject({ error: "NON_EMPTY_GROUP" });
});

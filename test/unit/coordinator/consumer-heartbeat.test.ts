// ConsumerGroupHeartbeat: joining, reconciling, leaving, and what is refused.

import { expect, test } from "vitest";
import type { ConsumerHeartbeat } from "../../../src/coordinator/consumer-messages.ts";
import { aTopic, ConsumerBench, idleHeartbeat, joinHeartbeat, REBALANCE_MS } from "../../support/consumer-group.ts";

const orders = aTopic("orders", 4);

function owning(...partitions: number[]) {
  return { topicPartitions: [{ topicId: orders.topicId, partitions }] };
}

test("the first member of a new group has all partitions in one heartbeat", async () => {
  const bench = new ConsumerBench({}, orders);
  expect(await bench.join({ memberId: "" })).toEqual({
    memberId: "made-1",
    epoch: 1,
    assignment: ["orders/0", "orders/1", "orders/2", "orders/3"],
  });
  expect(bench.group.describeConsumer()).toMatchObject({ state: "Stable", groupEpoch: 1, assignmentEpoch: 1, assignorName: "uniform" });
});

test("a member revokes before another gets what it had, and nothing more moves", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a" });
  expect(await bench.join({ memberId: "b" })).toMatchObject({ epoch: 2, assignment: [] });
  expect(bench.group.describeConsumer()?.state).toBe("Reconciling");
  const kept = await bench.beat("a", 1);
  expect(kept).toEqual({ epoch: 1, assignment: ["orders/0", "orders/1"] });
  expect(await bench.beat("b", 2)).toEqual({ epoch: 2, assignment: null });
  expect(await bench.beat("a", 1, owning(0, 1, 2))).toEqual({ epoch: 1, assignment: null }); // one of two given back
  expect(await bench.beat("a", 1, owning(0, 1))).toEqual({ epoch: 2, assignment: null });
  expect(await bench.beat("b", 2)).toEqual({ epoch: 2, assignment: ["orders/2", "orders/3"] });
  expect(bench.group.describeConsumer()?.state).toBe("Stable");
});

test("a heartbeat that says nothing new stores nothing and asks the cluster for nothing", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a" });
  const { writes, topicLoads } = bench;
  for (let count = 0; count < 10; count++) expect(await bench.beat("a", 1)).toEqual({ epoch: 1, assignment: null });
  expect([bench.writes, bench.topicLoads]).toEqual([writes, topicLoads]);
});

test("a member whose answer was lost asks in the epoch before, and is told everything again", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a" });
  await bench.join({ memberId: "b" });
  await bench.beat("a", 1, owning(0, 1, 2, 3));
  expect(await bench.beat("a", 1, owning(0, 1))).toMatchObject({ epoch: 2 });
  const again = { ...owning(0, 1), rebalanceTimeoutMs: REBALANCE_MS, subscribedTopicNames: ["orders"] };
  expect(await bench.beat("a", 1, again)).toEqual({ epoch: 2, assignment: ["orders/0", "orders/1"] });
  expect(await bench.heartbeat(idleHeartbeat("a", 1, owning(0, 1, 2)))).toMatchObject({ error: "FENCED_MEMBER_EPOCH" });
  expect(await bench.heartbeat(idleHeartbeat("a", 3))).toMatchObject({ error: "FENCED_MEMBER_EPOCH" });
});

test("a member that was fenced joins again under its id and has its place", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a" });
  await bench.join({ memberId: "b" });
  expect(await bench.join({ memberId: "a" })).toEqual({ memberId: "a", epoch: 2, assignment: ["orders/0", "orders/1"] });
  expect(await bench.beat("b", 2)).toMatchObject({ assignment: ["orders/2", "orders/3"] });
});

test("a member that leaves frees its partitions at once", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a" });
  await bench.join({ memberId: "b" });
  expect(await bench.heartbeat(idleHeartbeat("a", -1))).toMatchObject({ memberId: "a", memberEpoch: -1, assignment: null });
  expect(bench.group.describeConsumer()?.state).toBe("Assigning");
  expect((await bench.beat("b", 2)).assignment).toHaveLength(4);
  await bench.heartbeat(idleHeartbeat("b", -1));
  expect(bench.group.listing()).toMatchObject({ state: "Empty", type: "consumer" });
});

test("a static member that leaves for a while keeps its partitions, and comes back under another id", async () => {
  const bench = new ConsumerBench({}, orders);
  const first = { instanceId: "i", memberId: "a" };
  await bench.join(first);
  expect(await bench.heartbeat(joinHeartbeat({ ...first, memberId: "b" }))).toMatchObject({ error: "UNRELEASED_INSTANCE_ID" });
  expect(await bench.heartbeat(idleHeartbeat("a", -2, { instanceId: "i" }))).toMatchObject({ memberEpoch: -2 });
  await bench.join({ memberId: "c" }); // assigned anew for two, and the name counts
  expect(await bench.join({ ...first, memberId: "b" })).toMatchObject({ memberId: "b", epoch: 2, assignment: ["orders/0", "orders/1"] });
  expect(await bench.heartbeat(idleHeartbeat("a", 1, { instanceId: "i" }))).toMatchObject({ error: "FENCED_INSTANCE_ID" });
  expect(await bench.heartbeat(idleHeartbeat("x", 1, { instanceId: "other" }))).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
});

test("a static member that does not come back is out when its session ends", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a", instanceId: "i" });
  await bench.heartbeat(idleHeartbeat("a", -2, { instanceId: "i" }));
  await bench.advance(bench.config.consumerSessionTimeoutMs);
  expect(bench.group.listing()?.state).toBe("Empty");
});

test("a member that is not heard is out when its session ends, and one that is stays", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a" });
  await bench.join({ memberId: "b" });
  await bench.advance(bench.config.consumerSessionTimeoutMs - 1);
  await bench.beat("b", 2);
  await bench.advance(1);
  expect(await bench.heartbeat(idleHeartbeat("a", 1))).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect((await bench.beat("b", 2)).assignment).toHaveLength(4);
});

test("a member that does not give partitions back in time is out", async () => {
  const bench = new ConsumerBench({ "group.consumer.session.timeout.ms": "600000" }, orders);
  await bench.join({ memberId: "a" });
  await bench.join({ memberId: "b" });
  await bench.beat("a", 1);
  await bench.advance(REBALANCE_MS);
  expect(await bench.heartbeat(idleHeartbeat("a", 1, owning(0, 1, 2, 3)))).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect((await bench.beat("b", 2)).assignment).toHaveLength(4);
});

test("new topics and partitions are noticed within seconds, and deleted topics go", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a", subscribedTopicNames: ["orders", "later"] });
  bench.topics.set("later", aTopic("later", 1));
  bench.topics.set("orders", aTopic("orders", 5));
  bench.topics.set("unwanted", aTopic("unwanted", 5));
  expect(await bench.beat("a", 1)).toEqual({ epoch: 1, assignment: null });
  await bench.advance(5_000);
  expect((await bench.beat("a", 1)).assignment).toEqual(["later/0", "orders/0", "orders/1", "orders/2", "orders/3", "orders/4"]);
  bench.topics.delete("orders");
  await bench.advance(5_000);
  expect((await bench.beat("a", 2)).assignment).toEqual(["later/0"]);
});

test("a regular expression subscribes to what it matches as a whole, now and later", async () => {
  const bench = new ConsumerBench({}, orders, aTopic("orders-eu", 1), aTopic("my-orders", 1));
  const { assignment } = await bench.join({ memberId: "a", subscribedTopicNames: null, subscribedTopicRegex: "orders.*" });
  expect(assignment).toEqual(["orders-eu/0", "orders/0", "orders/1", "orders/2", "orders/3"]);
  bench.topics.set("orders-us", aTopic("orders-us", 1));
  await bench.advance(5_000);
  expect((await bench.beat("a", 1)).assignment).toContain("orders-us/0");
  const other = { subscribedTopicNames: ["my-orders"], subscribedTopicRegex: "", topicPartitions: [] };
  expect((await bench.beat("a", 2, other)).assignment).toEqual(["my-orders/0"]);
});

test("a cluster that cannot be reached holds up who needs it, and nobody else", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a" });
  bench.isClusterDown = true;
  await bench.advance(5_000);
  expect(await bench.beat("a", 1)).toEqual({ epoch: 1, assignment: null });
  const other = joinHeartbeat({ memberId: "b", subscribedTopicNames: ["other"] });
  expect(await bench.heartbeat(other)).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE" });
  bench.isClusterDown = false;
  expect(await bench.heartbeat(other)).toMatchObject({ memberEpoch: 2 });
});

test.each<[string, Partial<ConsumerHeartbeat>]>([
  ["INVALID_GROUP_ID", { groupId: "" }],
  ["INVALID_REQUEST", { memberEpoch: -3 }],
  ["INVALID_REQUEST", { memberEpoch: 1, memberId: "" }],
  ["INVALID_REQUEST", { memberEpoch: -2 }],
  ["INVALID_REQUEST", { rebalanceTimeoutMs: -1 }],
  ["INVALID_REQUEST", { topicPartitions: null }],
  ["INVALID_REQUEST", { topicPartitions: [{ topicId: "t", partitions: [0] }] }],
  ["INVALID_REQUEST", { subscribedTopicNames: null }],
  ["INVALID_REQUEST", { instanceId: " " }],
  ["INVALID_REQUEST", { memberId: "x".repeat(256) }],
  ["INVALID_REQUEST", { memberId: "\ud800" }],
  ["UNSUPPORTED_ASSIGNOR", { serverAssignor: "sticky" }],
  ["INVALID_REGULAR_EXPRESSION", { subscribedTopicRegex: "(" }],
  ["INVALID_REGULAR_EXPRESSION", { subscribedTopicRegex: "a".repeat(1_001) }],
  ["UNKNOWN_MEMBER_ID", { memberEpoch: 1 }],
  ["UNKNOWN_MEMBER_ID", { memberEpoch: -1 }],
])("%s: %o changes nothing", async (error, changes) => {
  const bench = new ConsumerBench({}, orders);
  expect(await bench.heartbeat(joinHeartbeat(changes))).toMatchObject({ error });
  expect([bench.group.listing(), bench.writes]).toEqual([null, 0]);
});

test("a full group takes nobody new, and keeps whom it has", async () => {
  const bench = new ConsumerBench({ "group.consumer.max.size": "1" }, orders);
  await bench.join({ memberId: "a" });
  expect(await bench.heartbeat(joinHeartbeat({ memberId: "b" }))).toMatchObject({ error: "GROUP_MAX_SIZE_REACHED" });
  expect(await bench.beat("a", 1)).toMatchObject({ epoch: 1 });
});

test("members may ask for the assignor, and most of them decide", async () => {
  const bench = new ConsumerBench({}, orders, aTopic("payments", 4));
  const both = { subscribedTopicNames: ["orders", "payments"], serverAssignor: "range" };
  await bench.join({ memberId: "a", ...both });
  await bench.join({ memberId: "b", ...both });
  expect((await bench.beat("a", 1)).assignment).toEqual(["orders/0", "orders/1", "payments/0", "payments/1"]);
  expect(bench.group.describeConsumer()?.assignorName).toBe("range");
});

test("everything that a group has agreed on outlives a restart, in the middle of a rebalance too", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "a", instanceId: "i" });
  await bench.join({ memberId: "b" });
  await bench.beat("a", 1, { instanceId: "i" });
  const before = bench.group.describeConsumer();
  bench.restart();
  expect(bench.group.describeConsumer()).toEqual(before);
  expect(await bench.beat("b", 2)).toEqual({ epoch: 2, assignment: null });
  expect(await bench.beat("a", 1, { instanceId: "i", ...owning(0, 1) })).toMatchObject({ epoch: 2 });
  bench.restart();
  expect(await bench.beat("b", 2)).toEqual({ epoch: 2, assignment: ["orders/2", "orders/3"] });
});

test("after a crash everybody has a whole session, after a sleep what was left of it", async () => {
  const bench = new ConsumerBench({}, orders);
  const sessionMs = bench.config.consumerSessionTimeoutMs;
  await bench.join({ memberId: "a" });
  await bench.advance(sessionMs - 10);
  bench.restart();
  await bench.advance(sessionMs - 1);
  expect(bench.group.listing()?.state).toBe("Stable");
  bench.restart({ isAsleep: true });
  await bench.advance(1);
  expect(bench.group.listing()?.state).toBe("Empty");
});

// What is set for one consumer group: when its members are told of it, and how long it is kept.

import { expect, test } from "vitest";
import { pollAsMember } from "../../../src/coordinator/member-poll.ts";
import { aTopic, ConsumerBench, idleHeartbeat, joinHeartbeat } from "../../support/consumer-group.ts";

const SESSION = "consumer.session.timeout.ms";
const HEARTBEAT = "consumer.heartbeat.interval.ms";
const orders = aTopic("orders", 4);

test("what is set before the group is there holds for its first member, and makes no group", async () => {
  const bench = new ConsumerBench({}, orders);
  expect(bench.group.alterConfigs("g", { [SESSION]: "50000", [HEARTBEAT]: "15000" }, false)).toBeNull();
  expect(bench.group.listing()).toBeNull();
  expect(await bench.heartbeat(joinHeartbeat())).toMatchObject({ memberEpoch: 1, heartbeatIntervalMs: 15_000 });
  await bench.advance(49_999);
  expect(bench.group.listing()?.state).toBe("Stable");
  await bench.advance(1);
  expect(bench.group.listing()?.state).toBe("Empty");
});

test("members that are there have a new session from their next heartbeat on, over a restart too", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join({ memberId: "silent" });
  await bench.join({ memberId: "heard" });
  bench.group.alterConfigs("g", { [SESSION]: "60000" }, false);
  await bench.beat("heard", 2);
  bench.restart({ isAsleep: true });
  await bench.advance(45_000);
  expect(bench.group.describeConsumer()?.members.map(({ memberId }) => memberId)).toEqual(["heard"]);
  await bench.advance(15_000);
  expect(bench.group.listing()?.state).toBe("Empty");
});

test("a heartbeat is told the interval as it is then", async () => {
  const bench = new ConsumerBench({}, orders);
  await bench.join();
  bench.group.alterConfigs("g", { [HEARTBEAT]: "6000" }, false);
  expect(await bench.heartbeat(idleHeartbeat("m", 1))).toMatchObject({ heartbeatIntervalMs: 6_000 });
  bench.group.alterConfigs("g", { [HEARTBEAT]: null }, false);
  expect(await bench.heartbeat(idleHeartbeat("m", 1))).toMatchObject({ heartbeatIntervalMs: 5_000 });
});

test("a member over HTTP that asks for no session of its own has the group's", async () => {
  const bench = new ConsumerBench({}, orders);
  bench.group.alterConfigs("g", { [SESSION]: "50000" }, false);
  const poll = { groupId: "g", memberId: "", memberEpoch: -1, instanceId: null, clientId: "c", topicPattern: "", commit: [] };
  expect(await pollAsMember(bench.group, { ...poll, topicNames: ["orders"] })).toMatchObject({ sessionTimeoutMs: 50_000 });
});

test("what is only validated, or refused, changes nothing", () => {
  const bench = new ConsumerBench({}, orders);
  const before = bench.group.describeConfigs();
  expect(bench.group.alterConfigs("g", { [SESSION]: "50000" }, true)).toBeNull();
  expect(bench.group.alterConfigs("g", { [HEARTBEAT]: "6000", [SESSION]: "1" }, false)).toMatchObject({ error: "INVALID_CONFIG" });
  expect(bench.group.describeConfigs()).toEqual(before);
});

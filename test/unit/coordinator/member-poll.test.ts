// Calls of members without a connection: who is let in, who is not let in again, and what a call gives back.

import { expect, test } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import { DEPARTED_MEMBER_MS } from "../../../src/common/limits/groups.ts";
import { type MemberPoll, type MemberPolled, pollAsMember } from "../../../src/coordinator/member-poll.ts";
import { anOffset } from "../../conformance/offset-store.ts";
import { aTopic, ConsumerBench, classicJoin, idleHeartbeat } from "../../support/consumer-group.ts";

const orders = aTopic("orders", 4);
const ALL = [{ topic: "orders", partitions: [0, 1, 2, 3] }];

function poll(bench: ConsumerBench, memberId: string, changes: Partial<MemberPoll> = {}) {
  return pollAsMember(bench.group, {
    ...{
      groupId: "g",
      memberId,
      memberEpoch: -1,
      instanceId: null,
      clientId: "http",
      topicNames: ["orders"],
      topicPattern: "",
      commit: [],
    },
    ...changes,
  });
}

async function polled(bench: ConsumerBench, memberId: string, changes: Partial<MemberPoll> = {}): Promise<MemberPolled> {
  const answer = await poll(bench, memberId, changes);
  if (isFailure(answer)) throw new Error(`${answer.error}: ${answer.detail}`);
  return answer;
}

const numbers = (partitions: readonly { readonly partitions: readonly number[] }[]) => partitions.flatMap((one) => [...one.partitions]);

test("a call that comes after its member has left does not bring it back, nor does the first call of one that left before", async () => {
  const bench = new ConsumerBench({}, orders);
  const { memberEpoch } = await polled(bench, "m");
  await bench.heartbeat(idleHeartbeat("m", -1));
  expect(await poll(bench, "m", { memberEpoch })).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(await bench.heartbeat(idleHeartbeat("early", -1))).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(await poll(bench, "early")).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(bench.group.describe()).toMatchObject({ state: "Empty", members: [] });
  await bench.advance(DEPARTED_MEMBER_MS);
  expect(numbers((await polled(bench, "m")).assignment)).toEqual([0, 1, 2, 3]);
});

test("a member that leaves while its first call asks for the group's topics is not in the group afterwards", async () => {
  const bench = new ConsumerBench({}, orders);
  await polled(bench, "other");
  const joining = poll(bench, "m", { topicNames: ["later"] });
  const leaving = bench.heartbeat(idleHeartbeat("m", -1));
  expect(await leaving).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(await joining).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(bench.group.describe()?.members).toMatchObject([{ memberId: "other" }]);
});

test("a call that waits is not let in again once its member is out, and the next call is", async () => {
  const bench = new ConsumerBench({ "group.min.session.timeout.ms": "1" }, orders);
  const { memberEpoch } = await polled(bench, "m", { sessionTimeoutMs: 1_000 });
  await bench.advance(1_001);
  expect(await poll(bench, "m", { memberEpoch, isWaitingCall: true })).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect((await polled(bench, "m", { memberEpoch })).memberEpoch).toBeGreaterThan(memberEpoch);
});

test("a static name goes over to somebody new, and who had it is fenced and does not take it back", async () => {
  const bench = new ConsumerBench({}, orders);
  const { memberEpoch } = await polled(bench, "old", { instanceId: "one" });
  expect(numbers((await polled(bench, "new", { instanceId: "one" })).assignment)).toEqual([0, 1, 2, 3]);
  expect(await poll(bench, "old", { instanceId: "one", memberEpoch })).toMatchObject({ error: "FENCED_INSTANCE_ID" });
  expect(bench.group.describe()?.members).toMatchObject([{ memberId: "new", instanceId: "one" }]);
});

test("a static name that went over to a classic member fences who had it, also once the group is a classic one", async () => {
  const bench = new ConsumerBench({}, orders);
  const { memberEpoch } = await polled(bench, "old", { instanceId: "one" });
  await bench.group.join(classicJoin(["orders"], { groupInstanceId: "one" }));
  expect(bench.group.describe()?.type).toBe("classic");
  expect(await poll(bench, "old", { instanceId: "one", memberEpoch })).toMatchObject({ error: "FENCED_INSTANCE_ID" });
});

test("what is processed still is given back by a later call, and may be committed until then", async () => {
  const bench = new ConsumerBench({}, orders);
  const { memberEpoch } = await polled(bench, "a");
  await polled(bench, "b");
  const told = await polled(bench, "a", { memberEpoch, owned: ALL });
  expect([told.memberEpoch, numbers(told.assignment)]).toEqual([memberEpoch, [0, 1]]);
  expect((await polled(bench, "b")).assignment).toEqual([]);
  const commit = [2, 3].map((partition) => anOffset({ topicId: orders.topicId, partition, offset: 5 }));
  const released = await polled(bench, "a", { memberEpoch, commit, owned: [{ topic: "orders", partitions: [0, 1] }] });
  expect([released.commits, numbers(released.assignment)]).toEqual([
    [null, null],
    [0, 1],
  ]);
  const taken = await polled(bench, "b");
  expect([numbers(taken.assignment), taken.offsets.map(({ offset }) => offset)]).toEqual([
    [2, 3],
    [5, 5],
  ]);
});

test("a member that holds on to a partition is out when a session has passed, and one with a long session is not before", async () => {
  const bench = new ConsumerBench({}, orders);
  const sessionTimeoutMs = 120_000;
  const { memberEpoch } = await polled(bench, "a", { sessionTimeoutMs });
  await polled(bench, "b", { sessionTimeoutMs });
  for (let seconds = 0; seconds < 110; seconds += 10) {
    expect(numbers((await polled(bench, "a", { memberEpoch, owned: ALL, sessionTimeoutMs })).assignment)).toEqual([0, 1]);
    await polled(bench, "b", { sessionTimeoutMs });
    await bench.advance(10_000);
  }
  await bench.advance(10_000);
  expect(bench.group.describe()?.members).toMatchObject([{ memberId: "b" }]);
});

test("a member keeps what it has had since its epoch, and what came back to it meanwhile counts as new", async () => {
  const bench = new ConsumerBench({}, orders);
  const { memberEpoch } = await polled(bench, "a");
  expect(numbers((await polled(bench, "a", { memberEpoch })).kept)).toEqual([0, 1, 2, 3]);
  await polled(bench, "b");
  expect(numbers((await polled(bench, "a", { memberEpoch })).kept)).toEqual([0, 1]);
  await polled(bench, "b");
  await bench.heartbeat(idleHeartbeat("b", -1));
  const back = await polled(bench, "a", { memberEpoch });
  expect([numbers(back.assignment).sort(), numbers(back.kept)]).toEqual([
    [0, 1, 2, 3],
    [0, 1],
  ]);
});

test("while a call waits nobody knows whether its member lives: the session ends when it would have", async () => {
  const bench = new ConsumerBench({}, orders);
  const { memberEpoch, sessionTimeoutMs } = await polled(bench, "m");
  await bench.advance(sessionTimeoutMs / 2);
  await polled(bench, "m", { memberEpoch, isWaitingCall: true });
  await bench.advance(sessionTimeoutMs / 2);
  expect(bench.group.describe()).toMatchObject({ state: "Empty" });
});

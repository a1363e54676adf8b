import { describe, expect, test } from "vitest";
import { MAX_GROUP_METADATA_BYTES, NEW_MEMBER_JOIN_TIMEOUT_MS } from "../../../src/common/limits/groups.ts";
import { bytes, GroupBench, INITIAL_DELAY_MS, protocols, REBALANCE_MS, SESSION_MS } from "../../support/classic-group.ts";

describe("an Empty group", () => {
  test("waits the initial delay for its first member, who leads generation 1", () => {
    const bench = new GroupBench();
    const join = bench.join({ protocols: protocols("range", "roundrobin") });
    bench.advance(INITIAL_DELAY_MS - 1);
    expect([bench.outcome(join), bench.group.state]).toEqual(["parked", "PreparingRebalance"]);
    bench.advance(1);
    expect(bench.group.state).toBe("CompletingRebalance");
    expect(bench.joined(join)).toEqual({
      memberId: "client-1",
      generationId: 1,
      protocolType: "consumer",
      protocolName: "range",
      leaderId: "client-1",
      skipAssignment: false,
      members: [{ memberId: "client-1", groupInstanceId: null, metadata: bytes("range of mine") }],
    });
  });

  test("waits again as long as more come, and the generation holds them all", () => {
    const bench = new GroupBench();
    const joins = [bench.join()];
    for (let i = 0; i < 3; i++) {
      bench.advance(INITIAL_DELAY_MS - 1);
      joins.push(bench.join());
    }
    bench.advance(2 * INITIAL_DELAY_MS);
    expect(joins.map((join) => bench.joined(join).generationId)).toEqual([1, 1, 1, 1]);
    expect(joins.map((join) => bench.joined(join).members.length)).toEqual([4, 0, 0, 0]);
  });

  test("waits for more no longer than the rebalance timeout", () => {
    const bench = new GroupBench();
    const first = bench.join({ rebalanceTimeoutMs: 1_000 });
    for (let i = 0; i < 30 && bench.outcome(first) === "parked"; i++) {
      bench.join({ rebalanceTimeoutMs: 1_000 });
      bench.advance(INITIAL_DELAY_MS / 2);
    }
    expect(bench.joined(first).generationId).toBe(1);
  });

  test("needs no time at all where the delay is 0", () => {
    const bench = new GroupBench({ initialRebalanceDelayMs: 0 });
    const joins = [bench.join(), bench.join()];
    bench.advance(0);
    expect(joins.map((join) => bench.outcome(join))).toEqual([null, null]);
  });

  test("does not know a member that joins with an id", () => {
    const bench = new GroupBench();
    expect(bench.outcome(bench.join({ memberId: "old" }))).toBe("UNKNOWN_MEMBER_ID");
    expect(bench.group.state).toBe("Empty");
  });

  test("is Empty again when its first members leave before the delay is over", () => {
    const bench = new GroupBench();
    const id = bench.joins.get(bench.join({ requireKnownMemberId: true }))!.memberId;
    const join = bench.join({ memberId: id });
    expect(bench.leave({ memberId: id })).toEqual([null]);
    expect(bench.outcome(join)).toBe("UNKNOWN_MEMBER_ID");
    bench.advance(INITIAL_DELAY_MS);
    expect([bench.group.state, bench.group.generationId]).toEqual(["Empty", 1]);
  });
});

describe("a request", () => {
  test.each([999, 300_001])("with a session timeout of %i ms is refused", (sessionTimeoutMs) => {
    const bench = new GroupBench();
    expect(bench.joins.get(bench.join({ sessionTimeoutMs, memberId: "m" }))).toMatchObject({
      error: "INVALID_SESSION_TIMEOUT",
      memberId: "m",
    });
  });

  test.each([{ protocolType: "" }, { protocols: [] }])("with %j fits no group, not even an Empty one", (changes) => {
    const bench = new GroupBench();
    expect(bench.outcome(bench.join(changes))).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(bench.group.state).toBe("Empty");
  });

  test("of another protocol type, or of protocols that not all support, is refused and changes nothing", () => {
    const bench = new GroupBench();
    bench.stabilize({ protocols: protocols("a", "b") }, { protocols: protocols("b", "c") });
    expect(bench.outcome(bench.join({ protocolType: "connect", protocols: protocols("b") }))).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(bench.outcome(bench.join({ protocols: protocols("a", "c") }))).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(bench.group.state).toBe("Stable");
  });

  test("that makes the members' metadata larger than an answer may be is refused", () => {
    const bench = new GroupBench();
    const half = { protocols: [{ name: "range", metadata: new ArrayBuffer(MAX_GROUP_METADATA_BYTES / 2) }] };
    const [leader] = bench.assemble(half);
    expect(bench.outcome(bench.join(half))).toBe("GROUP_MAX_SIZE_REACHED");
    expect(bench.outcome(bench.join({ ...half, memberId: leader!.memberId }))).toBeNull();
  });
});

describe("the protocol of a generation", () => {
  test("is the one with the most votes among those that all support", () => {
    const bench = new GroupBench();
    const [leader] = bench.assemble(
      { protocols: protocols("range", "sticky", "roundrobin") },
      { protocols: protocols("only mine", "sticky", "range") },
      { protocols: protocols("sticky", "range") },
    );
    expect(leader!.protocolName).toBe("sticky");
    expect(leader!.members.map(({ metadata }) => new TextDecoder().decode(metadata))).toEqual(Array(3).fill("sticky of mine"));
  });
});

describe("a new member that can come twice", () => {
  test("is told its id, and is a member when it comes with it", () => {
    const bench = new GroupBench();
    const first = bench.join({ requireKnownMemberId: true, clientId: "app" });
    expect(bench.joins.get(first)).toMatchObject({ error: "MEMBER_ID_REQUIRED", memberId: "app-1" });
    expect([bench.group.state, bench.group.nextDeadlineMs()]).toEqual(["Empty", null]);
    const second = bench.join({ requireKnownMemberId: true, memberId: "app-1" });
    bench.advance(INITIAL_DELAY_MS);
    expect(bench.joined(second).memberId).toBe("app-1");
  });

  test("is waited for by a rebalance, until its session would have ended", () => {
    const bench = new GroupBench();
    const [member] = bench.stabilize({});
    bench.join({ requireKnownMemberId: true });
    const again = bench.join({ memberId: member!.memberId });
    bench.advance(SESSION_MS - 1);
    expect(bench.outcome(again)).toBe("parked");
    bench.advance(1);
    expect(bench.joined(again).generationId).toBe(2);
    expect(bench.outcome(bench.join({ memberId: "client-2" }))).toBe("UNKNOWN_MEMBER_ID");
  });

  test("does not disturb a Stable group by going away before it came", () => {
    const bench = new GroupBench();
    bench.stabilize({});
    bench.join({ requireKnownMemberId: true });
    expect(bench.leave({ memberId: "client-2" })).toEqual([null]);
    expect(bench.group.state).toBe("Stable");
  });

  test("cannot be a static one", () => {
    const bench = new GroupBench();
    bench.join({ requireKnownMemberId: true });
    expect(bench.outcome(bench.join({ memberId: "client-1", groupInstanceId: "i" }))).toBe("UNKNOWN_MEMBER_ID");
  });
});

describe("a rebalance", () => {
  test("waits for members that have not joined again, and goes on without them at its timeout", () => {
    const bench = new GroupBench();
    const [leader, other] = bench.stabilize({}, { sessionTimeoutMs: 300_000 });
    const newcomer = bench.join();
    expect(bench.group.state).toBe("PreparingRebalance");
    const again = bench.join({ memberId: leader!.memberId });
    bench.advance(REBALANCE_MS - 1);
    expect([bench.outcome(newcomer), bench.outcome(again)]).toEqual(["parked", "parked"]);
    bench.advance(1);
    expect(bench.joined(again).members.map(({ memberId }) => memberId)).toEqual([leader!.memberId, bench.joined(newcomer).memberId]);
    expect(bench.heartbeat({ memberId: other!.memberId, generationId: 2 })).toBe("UNKNOWN_MEMBER_ID");
  });

  test("ends as soon as everybody has joined again", () => {
    const bench = new GroupBench();
    const members = bench.stabilize({}, {}, {});
    const waiters = [bench.join(), ...members.map(({ memberId }) => bench.join({ memberId }))];
    expect(waiters.map((waiter) => bench.joined(waiter).generationId)).toEqual([2, 2, 2, 2]);
  });

  test("elects another leader when the old one does not come", () => {
    const bench = new GroupBench();
    const [, second] = bench.stabilize({ sessionTimeoutMs: 300_000 }, {});
    const again = bench.join({ memberId: second!.memberId, protocols: protocols("range") });
    bench.advance(REBALANCE_MS);
    expect(bench.joined(again)).toMatchObject({ leaderId: second!.memberId, members: [{ memberId: second!.memberId }] });
  });

  test("is waited for as long as the most patient member asks; without a timeout of its own, a session", () => {
    const bench = new GroupBench();
    const members = bench.stabilize(
      { rebalanceTimeoutMs: -1, sessionTimeoutMs: 30_000 },
      { rebalanceTimeoutMs: 2_000, sessionTimeoutMs: 300_000 },
    );
    const again = bench.join({ memberId: members[0]!.memberId, rebalanceTimeoutMs: -1, sessionTimeoutMs: 30_000 });
    bench.advance(29_999);
    expect(bench.outcome(again)).toBe("parked");
    bench.advance(1);
    expect(bench.outcome(again)).toBeNull();
  });

  test("does not count the sessions of members that wait in it", () => {
    const bench = new GroupBench();
    const [leader, other] = bench.stabilize({}, { sessionTimeoutMs: 300_000 });
    const again = bench.join({ memberId: leader!.memberId });
    bench.advance(3 * SESSION_MS);
    expect(bench.outcome(again)).toBe("parked");
    const last = bench.join({ memberId: other!.memberId });
    expect([bench.outcome(again), bench.outcome(last)]).toEqual([null, null]);
    bench.advance(SESSION_MS - 1);
    expect(bench.heartbeat({ memberId: leader!.memberId, generationId: 2 })).toBeNull();
  });

  test("lets a new member wait for a limited time, since it cannot be heard", () => {
    const bench = new GroupBench();
    const patient = { rebalanceTimeoutMs: 2 * NEW_MEMBER_JOIN_TIMEOUT_MS, sessionTimeoutMs: 300_000 };
    const [leader] = bench.stabilize(patient);
    const newcomer = bench.join(patient);
    for (let ms = 0; ms < NEW_MEMBER_JOIN_TIMEOUT_MS; ms += 100_000) {
      bench.heartbeat({ memberId: leader!.memberId, generationId: 1 });
      expect(bench.outcome(newcomer)).toBe("parked");
      bench.advance(100_000);
    }
    expect(bench.joins.get(newcomer)).toMatchObject({ error: "UNKNOWN_MEMBER_ID", memberId: "" });
  });
});

describe("a member that joins again", () => {
  test("with nothing new gets the present generation: its answer was lost", () => {
    const bench = new GroupBench();
    const [leader, other] = bench.assemble({}, {});
    expect(bench.joined(bench.join({ memberId: leader!.memberId }))).toEqual(leader);
    bench.syncAll([leader!, other!]);
    expect(bench.joined(bench.join({ memberId: other!.memberId }))).toEqual(other);
    expect([bench.group.state, bench.group.generationId]).toEqual(["Stable", 1]);
  });

  test.each(["CompletingRebalance", "Stable"])("with other metadata makes a %s group rebalance", (state) => {
    const bench = new GroupBench();
    const members = state === "Stable" ? bench.stabilize({}, {}) : bench.assemble({}, {});
    const again = bench.join({ memberId: members[1]!.memberId, protocols: protocols("range") });
    expect([bench.outcome(again), bench.group.state]).toEqual(["parked", "PreparingRebalance"]);
  });

  test("and leads a Stable group makes it rebalance, whatever it says", () => {
    const bench = new GroupBench();
    const [leader] = bench.stabilize({}, {});
    expect(bench.outcome(bench.join({ memberId: leader!.memberId }))).toBe("parked");
    expect(bench.group.state).toBe("PreparingRebalance");
  });

  test("while its first call waits takes that one's place", () => {
    const bench = new GroupBench();
    const [leader] = bench.stabilize({}, {});
    const first = bench.join({ memberId: leader!.memberId });
    const second = bench.join({ memberId: leader!.memberId });
    expect(bench.joins.get(first)).toMatchObject({ error: "REBALANCE_IN_PROGRESS", memberId: leader!.memberId });
    expect(bench.outcome(second)).toBe("parked");
  });
});

describe("a full group", () => {
  test("takes no new member, and keeps those that it has", () => {
    const bench = new GroupBench({ maxSize: 2 });
    const [, other] = bench.stabilize({}, {});
    expect(bench.joins.get(bench.join())).toMatchObject({ error: "GROUP_MAX_SIZE_REACHED", memberId: "" });
    expect(bench.group.state).toBe("Stable");
    expect(bench.outcome(bench.join({ memberId: other!.memberId }))).toBeNull();
  });

  test("keeps in a rebalance those that came first", () => {
    const bench = new GroupBench({ maxSize: 2 });
    const joins = [bench.join(), bench.join(), bench.join()];
    bench.advance(3 * INITIAL_DELAY_MS);
    expect(joins.map((join) => bench.outcome(join))).toEqual([null, null, "GROUP_MAX_SIZE_REACHED"]);
  });

  test("that has become too large drops the last to join again", () => {
    const bench = new GroupBench({ maxSize: 3 });
    const members = bench.stabilize({}, {}, {});
    Object.assign(bench.options, { maxSize: 2 });
    const again = members.map(({ memberId }) => bench.join({ memberId, protocols: protocols("range") }));
    expect(again.map((waiter) => bench.outcome(waiter))).toEqual([null, null, "GROUP_MAX_SIZE_REACHED"]);
    expect(bench.group.memberIds).toHaveLength(2);
  });

  test("gives out no more ids than it has places", () => {
    const bench = new GroupBench({ maxSize: 2 });
    const joins = [1, 2, 3].map(() => bench.join({ requireKnownMemberId: true }));
    expect(joins.map((join) => bench.outcome(join))).toEqual(["MEMBER_ID_REQUIRED", "MEMBER_ID_REQUIRED", "GROUP_MAX_SIZE_REACHED"]);
  });

  test("lets a static member come back", () => {
    const bench = new GroupBench({ maxSize: 1 });
    bench.stabilize({ groupInstanceId: "i" });
    expect(bench.outcome(bench.join({ groupInstanceId: "i" }))).toBeNull();
  });
});

test("a dead group sends everybody away to ask again", () => {
  const bench = new GroupBench();
  bench.group.kill(bench.nowMs);
  expect(bench.outcome(bench.join())).toBe("COORDINATOR_NOT_AVAILABLE");
  expect(bench.outcome(bench.sync({ memberId: "m", groupInstanceId: null }, 0))).toBe("COORDINATOR_NOT_AVAILABLE");
  expect(bench.heartbeat({ memberId: "m", generationId: 0 })).toBe("COORDINATOR_NOT_AVAILABLE");
  expect(bench.leave({ memberId: "m" })).toEqual(["COORDINATOR_NOT_AVAILABLE"]);
  expect(bench.group.allowCommit({}, bench.nowMs)).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE" });
  expect(bench.group.nextDeadlineMs()).toBeNull();
});

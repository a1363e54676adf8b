// Heartbeats, leaving, sessions, commits, what is described and what outlives a restart.

import { describe, expect, test } from "vitest";
import { GroupBench, INITIAL_DELAY_MS, SESSION_MS } from "../../support/classic-group.ts";

describe("a heartbeat", () => {
  test("is good in the present generation alone", () => {
    const bench = new GroupBench();
    const { memberId } = bench.stabilize({})[0]!;
    expect(bench.heartbeat({ memberId, generationId: 1 })).toBeNull();
    expect(bench.heartbeat({ memberId, generationId: 0 })).toBe("ILLEGAL_GENERATION");
    expect(bench.heartbeat({ memberId, generationId: 2 })).toBe("ILLEGAL_GENERATION");
    expect(bench.heartbeat({ memberId: "stranger", generationId: 1 })).toBe("UNKNOWN_MEMBER_ID");
    expect(bench.heartbeat({ memberId, generationId: 1, groupInstanceId: "i" })).toBe("UNKNOWN_MEMBER_ID");
  });

  test("before the sync is good, and during a rebalance it says so and counts", () => {
    const bench = new GroupBench();
    const [leader, other] = bench.assemble({}, {});
    expect(bench.heartbeat({ memberId: other!.memberId, generationId: 1 })).toBeNull();
    bench.syncAll([leader!, other!]);
    bench.join();
    for (let i = 0; i < 4; i++) {
      expect(bench.heartbeat({ memberId: other!.memberId, generationId: 1 })).toBe("REBALANCE_IN_PROGRESS");
      bench.advance(SESSION_MS - 1);
    }
    expect(bench.group.memberIds).toContain(other!.memberId);
  });

  test("to an Empty group comes from nobody", () => {
    expect(new GroupBench().heartbeat({ memberId: "m", generationId: 0 })).toBe("UNKNOWN_MEMBER_ID");
  });
});

describe("a session", () => {
  test("that ends unheard removes its member, and the others rebalance", () => {
    const bench = new GroupBench();
    const [leader, silent] = bench.stabilize({}, {});
    bench.advance(SESSION_MS - 1);
    expect(bench.heartbeat({ memberId: leader!.memberId, generationId: 1 })).toBeNull();
    expect(bench.group.nextDeadlineMs()).toBe(bench.nowMs + 1);
    bench.advance(1);
    expect([bench.group.state, ...bench.group.memberIds]).toEqual(["PreparingRebalance", leader!.memberId]);
    expect(bench.heartbeat({ memberId: silent!.memberId, generationId: 1 })).toBe("UNKNOWN_MEMBER_ID");
    expect(bench.joined(bench.join({ memberId: leader!.memberId })).generationId).toBe(2);
  });

  test("that is the last leaves the group Empty, which is stored and needs no timer", () => {
    const bench = new GroupBench();
    bench.stabilize({}, {});
    expect([bench.changeCount, bench.group.emptySinceMs]).toEqual([1, null]);
    bench.advance(SESSION_MS);
    expect([bench.group.state, bench.group.generationId, bench.changeCount]).toEqual(["Empty", 2, 2]);
    expect([bench.group.nextDeadlineMs(), bench.group.emptySinceMs]).toEqual([null, bench.nowMs]);
  });
});

describe("leaving", () => {
  test("makes a Stable group rebalance, once for all that leave together, each with its own answer", () => {
    const bench = new GroupBench();
    const [leader, a, b] = bench.stabilize({}, {}, {});
    expect(bench.leave({ memberId: a!.memberId }, { memberId: "stranger" }, { memberId: b!.memberId })).toEqual([
      null,
      "UNKNOWN_MEMBER_ID",
      null,
    ]);
    expect([bench.group.state, ...bench.group.memberIds]).toEqual(["PreparingRebalance", leader!.memberId]);
    expect(bench.joined(bench.join({ memberId: leader!.memberId })).generationId).toBe(2);
  });

  test("of the last member leaves an Empty group at once", () => {
    const bench = new GroupBench();
    const [member] = bench.stabilize({});
    expect(bench.leave({ memberId: member!.memberId })).toEqual([null]);
    expect([bench.group.state, bench.group.generationId, bench.changeCount]).toEqual(["Empty", 2, 2]);
  });

  test("of the one that is missed ends the rebalance for the others", () => {
    const bench = new GroupBench();
    const [leader, missed] = bench.stabilize({}, {});
    const again = bench.join({ memberId: leader!.memberId });
    expect(bench.leave({ memberId: missed!.memberId })).toEqual([null]);
    expect(bench.joined(again).generationId).toBe(2);
  });

  test("of the leader hands the lead on", () => {
    const bench = new GroupBench();
    const [leader, other] = bench.stabilize({}, {});
    bench.leave({ memberId: leader!.memberId });
    expect(bench.joined(bench.join({ memberId: other!.memberId })).leaderId).toBe(other!.memberId);
  });

  test("of nobody known changes nothing", () => {
    const bench = new GroupBench();
    bench.stabilize({});
    expect(bench.leave({ memberId: "stranger" }, {}, { groupInstanceId: "none" })).toEqual(Array(3).fill("UNKNOWN_MEMBER_ID"));
    expect(bench.group.state).toBe("Stable");
  });

  test("while its join waits is answered to both calls", () => {
    const bench = new GroupBench();
    const [leader] = bench.stabilize({}, {});
    const again = bench.join({ memberId: leader!.memberId });
    expect(bench.leave({ memberId: leader!.memberId })).toEqual([null]);
    expect(bench.outcome(again)).toBe("UNKNOWN_MEMBER_ID");
  });
});

describe("a commit", () => {
  const outcome = (bench: GroupBench, commit: Parameters<GroupBench["group"]["allowCommit"]>[0]) =>
    bench.group.allowCommit(commit, bench.nowMs)?.error ?? null;

  test("by a member is taken in its present generation", () => {
    const bench = new GroupBench();
    const { memberId } = bench.stabilize({})[0]!;
    expect(outcome(bench, { member: { memberId, memberEpoch: 1 } })).toBeNull();
    expect(outcome(bench, { member: { memberId, memberEpoch: 0 } })).toBe("ILLEGAL_GENERATION");
    expect(outcome(bench, { member: { memberId, memberEpoch: -1 } })).toBe("ILLEGAL_GENERATION");
    expect(outcome(bench, { member: { memberId: "stranger", memberEpoch: 1 } })).toBe("UNKNOWN_MEMBER_ID");
    expect(outcome(bench, { member: { memberId, memberEpoch: 1, groupInstanceId: "i" } })).toBe("UNKNOWN_MEMBER_ID");
  });

  test("counts as a heartbeat", () => {
    const bench = new GroupBench();
    const { memberId } = bench.stabilize({})[0]!;
    bench.advance(SESSION_MS - 1);
    outcome(bench, { member: { memberId, memberEpoch: 1 } });
    bench.advance(SESSION_MS - 1);
    expect(bench.group.memberIds).toEqual([memberId]);
  });

  test("is taken while the group prepares a rebalance, and not while it divides its work", () => {
    const bench = new GroupBench();
    const [leader, other] = bench.assemble({}, {});
    const member = { memberId: other!.memberId, memberEpoch: 1 };
    expect(outcome(bench, { member })).toBe("REBALANCE_IN_PROGRESS");
    bench.syncAll([leader!, other!]);
    bench.join();
    expect(outcome(bench, { member })).toBeNull();
  });

  test("by nobody is taken while the group is Empty, or with force", () => {
    const bench = new GroupBench();
    expect(outcome(bench, {})).toBeNull();
    expect(outcome(bench, { member: { memberId: "", memberEpoch: -1 } })).toBeNull();
    expect(outcome(bench, { member: { memberId: "m", memberEpoch: 0 } })).toBe("UNKNOWN_MEMBER_ID");
    bench.stabilize({});
    expect(outcome(bench, {})).toBe("UNKNOWN_MEMBER_ID");
    expect(outcome(bench, { force: true })).toBeNull();
    expect(outcome(bench, { member: { memberId: "", memberEpoch: -1 } })).toBe("UNKNOWN_MEMBER_ID");
  });
});

describe("a static member", () => {
  const instance = { groupInstanceId: "i" };

  test("that comes back to a Stable group gets its place without a rebalance, and the new id is stored", () => {
    const bench = new GroupBench();
    const [, former] = bench.stabilize({}, instance);
    const back = bench.joined(bench.join(instance));
    expect(back).toMatchObject({ generationId: 1, memberId: "i-3", members: [], skipAssignment: false });
    expect([bench.group.state, bench.changeCount]).toEqual(["Stable", 2]);
    expect(bench.assignment(bench.sync({ memberId: back.memberId, ...instance }, 1))).toBe(`work of ${former!.memberId}`);
  });

  test("whose name another took over is fenced in all that it does", () => {
    const bench = new GroupBench();
    const [former] = bench.stabilize(instance);
    const zombie = { memberId: former!.memberId, ...instance };
    bench.join(instance);
    expect(bench.heartbeat({ ...zombie, generationId: 1 })).toBe("FENCED_INSTANCE_ID");
    expect(bench.outcome(bench.join(zombie))).toBe("FENCED_INSTANCE_ID");
    expect(bench.outcome(bench.sync(zombie, 1))).toBe("FENCED_INSTANCE_ID");
    expect(bench.leave(zombie)).toEqual(["FENCED_INSTANCE_ID"]);
    expect(bench.group.allowCommit({ member: { ...zombie, memberEpoch: 1 } }, bench.nowMs)?.error).toBe("FENCED_INSTANCE_ID");
  });

  test("whose name is taken over while it waits is fenced there", () => {
    const bench = new GroupBench();
    const join = bench.join(instance);
    const successor = bench.join(instance);
    expect(bench.outcome(join)).toBe("FENCED_INSTANCE_ID");
    bench.advance(2 * INITIAL_DELAY_MS);
    expect(bench.joined(successor).members).toHaveLength(1);
  });

  test("that led and comes back is told to keep the assignment, or that its former self leads", () => {
    const bench = new GroupBench();
    const [leader] = bench.stabilize(instance, {});
    const unaware = bench.joined(bench.join(instance));
    expect(unaware).toMatchObject({ leaderId: leader!.memberId, members: [], skipAssignment: false });
    const aware = bench.joined(bench.join({ ...instance, canSkipAssignment: true }));
    expect(aware).toMatchObject({ leaderId: aware.memberId, skipAssignment: true });
    expect(aware.members.map(({ memberId }) => memberId).sort()).toEqual([...bench.group.memberIds].sort());
  });

  test("that comes back with another protocol makes the group rebalance, as it does between join and sync", () => {
    const bench = new GroupBench();
    const both = ["range", "sticky"].map((name) => ({ name, metadata: new ArrayBuffer(0) }));
    bench.stabilize({ ...instance, protocols: both }, { protocols: both });
    expect(bench.outcome(bench.join({ ...instance, protocols: both.slice(1) }))).toBe("parked");
    expect(bench.group.state).toBe("PreparingRebalance");

    const completing = new GroupBench();
    completing.assemble(instance, {});
    expect(completing.outcome(completing.join(instance))).toBe("parked");
    expect(completing.group.state).toBe("PreparingRebalance");
  });

  test("need not join a rebalance to stay a member", () => {
    const bench = new GroupBench();
    const [leader, still] = bench.stabilize({}, { ...instance, sessionTimeoutMs: 300_000 });
    const again = bench.join({ memberId: leader!.memberId });
    bench.advance(60_000);
    expect(bench.joined(again).members.map(({ memberId }) => memberId)).toEqual([leader!.memberId, still!.memberId]);
  });

  test("is removed by its name alone, by its id with its name, and not by a wrong name", () => {
    const bench = new GroupBench();
    const [a, b] = bench.stabilize({ groupInstanceId: "a" }, { groupInstanceId: "b" });
    expect(bench.leave({ memberId: a!.memberId, groupInstanceId: "b" })).toEqual(["FENCED_INSTANCE_ID"]);
    expect(bench.leave({ groupInstanceId: "a" }, { memberId: b!.memberId, groupInstanceId: "b" })).toEqual([null, null]);
    expect(bench.group.state).toBe("Empty");
  });

  test("alone and absent keeps the rebalance open until its session ends", () => {
    const bench = new GroupBench();
    const [dynamic] = bench.stabilize({}, { ...instance, sessionTimeoutMs: 150_000 });
    bench.leave({ memberId: dynamic!.memberId });
    bench.advance(140_000);
    expect([bench.group.state, bench.group.generationId]).toEqual(["PreparingRebalance", 1]);
    bench.advance(10_000);
    expect(bench.group.state).toBe("Empty");
  });
});

describe("a description", () => {
  test("shows metadata and assignments once the group is Stable", () => {
    const bench = new GroupBench();
    const [leader] = bench.assemble({ groupInstanceId: "i", protocols: [{ name: "range", metadata: new ArrayBuffer(3) }] });
    expect(bench.group.describe("g")).toMatchObject({ state: "CompletingRebalance", protocolType: "consumer", protocolName: "" });
    expect(bench.group.describe("g").members[0]!.metadata.byteLength).toBe(0);
    bench.syncAll([leader!], ["i"]);
    expect(bench.group.describe("g")).toMatchObject({ groupId: "g", state: "Stable", generationId: 1, protocolName: "range" });
    const [member] = bench.group.describe("g").members;
    expect(member).toMatchObject({ memberId: leader!.memberId, groupInstanceId: "i", clientId: "client", clientHost: "/127.0.0.1" });
    expect([member!.metadata.byteLength, new TextDecoder().decode(member!.assignment)]).toEqual([3, `work of ${leader!.memberId}`]);
  });

  test("of a group that never had members has no protocol", () => {
    expect(new GroupBench().group.describe("g")).toMatchObject({ state: "Empty", protocolType: "", members: [] });
  });
});

describe("a restart", () => {
  test("keeps a Stable group with all that it has, and gives each member a whole session", () => {
    const bench = new GroupBench();
    const [leader, other] = bench.stabilize({ groupInstanceId: "i" }, {});
    bench.advance(SESSION_MS - 1);
    const before = bench.group.describe("g");
    bench.restart();
    expect(bench.group.describe("g")).toEqual(before);
    bench.advance(SESSION_MS - 1);
    expect(bench.heartbeat({ memberId: leader!.memberId, generationId: 1, groupInstanceId: "i" })).toBeNull();
    expect(bench.assignment(bench.sync({ memberId: other!.memberId, groupInstanceId: null }, 1))).toBe(`work of ${other!.memberId}`);
    expect(bench.joined(bench.join({ groupInstanceId: "i" })).memberId).toBe("i-3");
  });

  test("from known sessions goes on with them, and drops who is not among them", () => {
    const bench = new GroupBench();
    const [leader, left] = bench.stabilize({}, {});
    const sessions = new Map(bench.group.sessionDeadlines());
    sessions.delete(left!.memberId);
    bench.advance(SESSION_MS / 2);
    bench.restart(sessions);
    bench.advance(0);
    expect(bench.group.memberIds).toEqual([leader!.memberId]);
    bench.advance(SESSION_MS / 2 - 1);
    expect(bench.group.memberIds).toEqual([leader!.memberId]);
    bench.advance(1);
    expect(bench.group.state).toBe("Empty");
  });

  test("keeps the generation of an Empty group, and since when it is", () => {
    const bench = new GroupBench();
    bench.stabilize({});
    bench.advance(SESSION_MS);
    const { emptySinceMs } = bench.group;
    bench.advance(1_000_000);
    bench.restart();
    expect([bench.group.state, bench.group.emptySinceMs, bench.group.hadMembers]).toEqual(["Empty", emptySinceMs, true]);
    expect(bench.assemble({})[0]!.generationId).toBe(3);
  });
});

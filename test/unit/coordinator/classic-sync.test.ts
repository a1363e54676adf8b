import { describe, expect, test } from "vitest";
import { MAX_GROUP_METADATA_BYTES } from "../../../src/common/limits/groups.ts";
import type { JoinedGroup } from "../../../src/coordinator/classic-messages.ts";
import { bytes, GroupBench, REBALANCE_MS, SESSION_MS } from "../../support/classic-group.ts";

const identity = ({ memberId }: JoinedGroup) => ({ memberId, groupInstanceId: null });

describe("the leader's sync", () => {
  test("makes the group Stable and answers those that wait, each with its part", () => {
    const bench = new GroupBench();
    const [leader, early, late] = bench.assemble({}, {}, {});
    const waiting = bench.sync(identity(early!), 1);
    expect([bench.outcome(waiting), bench.group.state]).toEqual(["parked", "CompletingRebalance"]);
    const assignments = [
      { memberId: leader!.memberId, assignment: bytes("0") },
      { memberId: early!.memberId, assignment: bytes("1") },
    ];
    const leaders = bench.sync(identity(leader!), 1, { assignments });
    expect([bench.assignment(leaders), bench.assignment(waiting), bench.group.state]).toEqual(["0", "1", "Stable"]);
    expect(bench.syncs.get(leaders)).toMatchObject({ protocolType: "consumer", protocolName: "range" });
    expect(bench.assignment(bench.sync(identity(late!), 1))).toBe("");
    expect(bench.changeCount).toBe(1);
  });

  test("of too many bytes is refused", () => {
    const bench = new GroupBench();
    const [leader] = bench.assemble({});
    const assignments = [{ memberId: leader!.memberId, assignment: new ArrayBuffer(MAX_GROUP_METADATA_BYTES + 1) }];
    expect(bench.outcome(bench.sync(identity(leader!), 1, { assignments }))).toBe("INVALID_REQUEST");
    expect(bench.group.state).toBe("CompletingRebalance");
  });
});

describe("a sync", () => {
  test("in a Stable group is answered at once, also again", () => {
    const bench = new GroupBench();
    const [, other] = bench.stabilize({}, {});
    for (let i = 0; i < 2; i++) expect(bench.assignment(bench.sync(identity(other!), 1))).toBe(`work of ${other!.memberId}`);
  });

  test("of a stranger, of another generation, or of another protocol is refused", () => {
    const bench = new GroupBench();
    const [leader] = bench.assemble({});
    const outcome = (...args: Parameters<GroupBench["sync"]>) => bench.outcome(bench.sync(...args));
    expect(outcome({ memberId: "stranger", groupInstanceId: null }, 1)).toBe("UNKNOWN_MEMBER_ID");
    expect(outcome(identity(leader!), 0)).toBe("ILLEGAL_GENERATION");
    expect(outcome(identity(leader!), 2)).toBe("ILLEGAL_GENERATION");
    expect(outcome(identity(leader!), 1, { protocolType: "connect" })).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(outcome(identity(leader!), 1, { protocolType: "consumer", protocolName: "sticky" })).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(outcome(identity(leader!), 1, { protocolType: "consumer", protocolName: "range" })).toBeNull();
  });

  test("during a rebalance, or parked when one begins, sends its member to join again", () => {
    const bench = new GroupBench();
    const [, other, third] = bench.assemble({}, {}, {});
    const waiting = bench.sync(identity(other!), 1);
    bench.join();
    expect(bench.outcome(waiting)).toBe("REBALANCE_IN_PROGRESS");
    expect(bench.outcome(bench.sync(identity(third!), 1))).toBe("REBALANCE_IN_PROGRESS");
  });

  test("while its first call waits takes that one's place", () => {
    const bench = new GroupBench();
    const [, other] = bench.assemble({}, {});
    const first = bench.sync(identity(other!), 1);
    const second = bench.sync(identity(other!), 1);
    expect([bench.outcome(first), bench.outcome(second)]).toEqual(["REBALANCE_IN_PROGRESS", "parked"]);
  });

  test("of a member that is taken out of the group while it waits is answered", () => {
    const bench = new GroupBench();
    const [, other] = bench.assemble({}, {});
    const waiting = bench.sync(identity(other!), 1);
    bench.leave({ memberId: other!.memberId });
    expect(bench.outcome(waiting)).toBe("UNKNOWN_MEMBER_ID");
  });
});

describe("a leader that fails between join and sync", () => {
  test("is removed when its session ends, and the others, sent back, elect another", () => {
    const bench = new GroupBench();
    const [leader, other, third] = bench.assemble({}, {}, {});
    const waiting = [bench.sync(identity(other!), 1), bench.sync(identity(third!), 1)];
    bench.advance(SESSION_MS);
    expect(waiting.map((waiter) => bench.outcome(waiter))).toEqual(["REBALANCE_IN_PROGRESS", "REBALANCE_IN_PROGRESS"]);
    const again = [other!, third!].map(({ memberId }) => bench.join({ memberId }));
    expect(bench.joined(again[0]!)).toMatchObject({ generationId: 2, leaderId: other!.memberId });
    expect(bench.group.memberIds).not.toContain(leader!.memberId);
  });

  test("is removed at the rebalance timeout where its heartbeats go on", () => {
    const bench = new GroupBench();
    const [leader, other] = bench.assemble({}, {});
    const waiting = bench.sync(identity(other!), 1);
    for (let ms = 0; ms < REBALANCE_MS; ms += SESSION_MS / 2) {
      expect(bench.outcome(waiting)).toBe("parked");
      expect(bench.heartbeat({ memberId: leader!.memberId, generationId: 1 })).toBeNull();
      bench.advance(SESSION_MS / 2);
    }
    expect(bench.outcome(waiting)).toBe("REBALANCE_IN_PROGRESS");
    expect(bench.group.memberIds).toEqual([other!.memberId]);
  });
});

test("a member that never fetches its part of a Stable group is removed at the rebalance timeout", () => {
  const bench = new GroupBench();
  const [leader, other] = bench.assemble({}, {});
  bench.sync(identity(leader!), 1);
  for (let ms = 0; ms < REBALANCE_MS; ms += SESSION_MS / 2) {
    for (const { memberId } of [leader!, other!]) expect(bench.heartbeat({ memberId, generationId: 1 })).toBeNull();
    bench.advance(SESSION_MS / 2);
  }
  expect([bench.group.state, ...bench.group.memberIds]).toEqual(["PreparingRebalance", leader!.memberId]);
});

// The coordinator with members: what it stores and when, what it asks to be called for, and how a group ends.

import { expect, test } from "vitest";
import { type GroupConfig, readGroupConfigs } from "../../../src/common/group-configs.ts";
import type { JoinedGroup, JoinGroupAnswer, JoinGroupRequest } from "../../../src/coordinator/classic-messages.ts";
import { GroupCoordinator, type Schedule } from "../../../src/coordinator/group-coordinator.ts";
import { MemoryConsumerStore } from "../../../src/storage/memory-consumer-store.ts";
import { MemoryGroupConfigStore } from "../../../src/storage/memory-group-config-store.ts";
import { MemoryGroupStore } from "../../../src/storage/memory-group-store.ts";
import { MemoryOffsetStore } from "../../../src/storage/memory-offset-store.ts";
import { MemoryPendingOffsetStore } from "../../../src/storage/memory-pending-offset-store.ts";
import { anOffset } from "../../conformance/offset-store.ts";
import { joinRequest, SESSION_MS } from "../../support/classic-group.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

class Bench {
  nowMs = 1_000_000;
  readonly offsets = new MemoryOffsetStore();
  readonly pending = new MemoryPendingOffsetStore();
  readonly members = new MemoryGroupStore();
  /** Of the transaction that any coordinator knows. */
  transactionNumber = 1;
  readonly registered = new Set<string>();
  isRegisterDown = false;
  /** Calls to the register wait for it. */
  network: Promise<void> = Promise.resolve();
  readonly broken: unknown[] = [];
  schedule: Schedule | null = null;
  group: GroupCoordinator;
  #lastId = 0;

  constructor() {
    this.group = this.#start();
  }

  restart(): void {
    this.group = this.#start();
    this.schedule = this.group.schedule;
  }

  /** Lets time pass to the next deadline. */
  async expireNext(): Promise<void> {
    this.nowMs = Math.max(this.nowMs, this.schedule!.deadlineMs!);
    await this.group.expire();
  }

  async joinAll(...changes: Partial<JoinGroupRequest>[]): Promise<JoinedGroup[]> {
    const joins = changes.map((change) => this.group.join(joinRequest(change)));
    await expect.poll(() => this.group.parkedCount).toBe(changes.length);
    while (this.group.parkedCount > 0) await this.expireNext();
    return (await Promise.all(joins)).map(succeeded);
  }

  async stabilize(...changes: Partial<JoinGroupRequest>[]): Promise<JoinedGroup[]> {
    const joined = await this.joinAll(...changes);
    await Promise.all(joined.map((member) => this.sync(member)));
    return joined;
  }

  sync({ memberId, generationId, leaderId, members }: JoinedGroup) {
    const assignments =
      leaderId === memberId ? members.map((member) => ({ memberId: member.memberId, assignment: new ArrayBuffer(2) })) : [];
    const request = { groupId: "g", memberId, groupInstanceId: null, generationId, protocolType: null, protocolName: null, assignments };
    return this.group.sync(request);
  }

  async heartbeat({ memberId, generationId }: JoinedGroup): Promise<string | null> {
    return (await this.group.heartbeat({ groupId: "g", memberId, groupInstanceId: null, generationId }))?.error ?? null;
  }

  leave({ memberId }: JoinedGroup): string | null {
    return this.group.leave({ groupId: "g", members: [{ memberId, groupInstanceId: null }] })[0]!.failure?.error ?? null;
  }

  #start(): GroupCoordinator {
    const config: GroupConfig = readGroupConfigs(null);
    const reach = async (change: () => unknown) => {
      await this.network;
      if (this.isRegisterDown) throw new Error("down");
      change();
    };
    const register = {
      registerGroup: async (groupId: string) => {
        await reach(() => this.registered.add(groupId));
        return null;
      },
      unregisterGroup: (groupId: string) => reach(() => this.registered.delete(groupId)),
      topicsNamed: async () => [],
      allTopics: async () => [],
    };
    const { offsets, pending, members } = this;
    const consumers = new MemoryConsumerStore();
    return new GroupCoordinator({ offsets, pending, members, consumers, configs: new MemoryGroupConfigStore() }, register, {
      verifyTransaction: async () => ({ transactionNumber: this.transactionNumber }),
      now: () => this.nowMs,
      randomId: () => String(++this.#lastId),
      config,
      schedule: (schedule) => {
        this.schedule = schedule;
      },
      cleared: () => undefined,
      broken: (error) => this.broken.push(error),
    });
  }
}

function succeeded(answer: JoinGroupAnswer): JoinedGroup {
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}

test("a group is registered and there from its first join on, and not by one that is refused", async () => {
  const bench = new Bench();
  expect(await bench.group.join(joinRequest({ sessionTimeoutMs: 1 }))).toMatchObject({ error: "INVALID_SESSION_TIMEOUT" });
  expect(await bench.group.join(joinRequest({ memberId: "old" }))).toMatchObject({ error: "UNKNOWN_MEMBER_ID", memberId: "old" });
  expect([bench.group.describe(), bench.registered.size]).toEqual([null, 0]);
  expect(await bench.group.join(joinRequest({ requireKnownMemberId: true }))).toMatchObject({ error: "MEMBER_ID_REQUIRED" });
  expect([bench.group.listing(), [...bench.registered]]).toEqual([
    { groupId: "g", type: "classic", state: "Empty", protocolType: "" },
    ["g"],
  ]);
});

test("a join whose group cannot be registered is answered, and its repeat goes through", async () => {
  const bench = new Bench();
  bench.isRegisterDown = true;
  expect(await bench.group.join(joinRequest())).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE", memberId: "" });
  bench.isRegisterDown = false;
  expect(await bench.joinAll({})).toHaveLength(1);
});

test("a generation is stored when it is complete, and again when nobody is left", async () => {
  const bench = new Bench();
  const members = await bench.joinAll({}, {});
  expect(bench.members.classicGroup()).toMatchObject({ generationId: 0, members: [] });
  await Promise.all(members.map((member) => bench.sync(member)));
  expect(bench.members.classicGroup()).toMatchObject({ generationId: 1, leaderId: members[0]!.memberId, members: [{}, {}] });
  for (const member of members) expect(bench.leave(member)).toBeNull();
  expect(bench.members.classicGroup()).toMatchObject({ generationId: 2, members: [] });
});

test("a sync is answered after its generation is stored, and not at all where it cannot be", async () => {
  const bench = new Bench();
  const [member] = await bench.joinAll({});
  bench.members.putClassicGroup = () => {
    throw new Error("disk full");
  };
  await expect(bench.sync(member!)).rejects.toThrow("disk full");
  expect(bench.broken).toHaveLength(1);
});

test("a group is described with its members and its offsets", async () => {
  const bench = new Bench();
  const [{ memberId }] = (await bench.stabilize({})) as [JoinedGroup];
  const { committedAtMs: _, ...offset } = anOffset();
  const stranger = { memberId, memberEpoch: 0 };
  expect(await bench.group.commit({ groupId: "g", offsets: [offset], member: stranger })).toMatchObject({ error: "ILLEGAL_GENERATION" });
  expect(await bench.group.commit({ groupId: "g", offsets: [offset] })).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(await bench.group.commit({ groupId: "g", offsets: [offset], member: { memberId, memberEpoch: 1 } })).toEqual([null]);
  expect(bench.group.describe()).toMatchObject({ state: "Stable", members: [{ memberId, memberEpoch: 1 }], offsets: [offset] });
  expect(bench.group.describeClassic()).toMatchObject({ state: "Stable", members: [{ memberId }] });
});

test("a group with members is not deleted, and an Empty one goes with its members' traces", async () => {
  const bench = new Bench();
  const [member] = await bench.stabilize({});
  expect(await bench.group.delete("g")).toMatchObject({ error: "NON_EMPTY_GROUP" });
  bench.leave(member!);
  const gate = Promise.withResolvers<void>();
  bench.network = gate.promise;
  const deletion = bench.group.delete("g");
  await expect.poll(() => bench.group.describe()).toBeNull();
  const join = bench.group.join(joinRequest());
  gate.resolve();
  expect(await deletion).toBeNull();
  await expect.poll(() => bench.group.parkedCount).toBe(1);
  await bench.expireNext();
  expect(succeeded(await join).generationId).toBe(1);
  expect(bench.registered).toEqual(new Set(["g"]));
});

test("a join that comes just after the order to delete an Empty group keeps it alive", async () => {
  const bench = new Bench();
  await bench.group.join(joinRequest({ requireKnownMemberId: true }));
  const deletion = bench.group.delete("g");
  void bench.group.join(joinRequest());
  expect(await deletion).toMatchObject({ error: "NON_EMPTY_GROUP" });
});

test("a restart without sessions gives everybody a whole one", async () => {
  const bench = new Bench();
  const [member] = await bench.stabilize({});
  bench.nowMs += SESSION_MS - 1;
  bench.restart();
  bench.nowMs += SESSION_MS - 1;
  await bench.group.expire();
  expect(await bench.heartbeat(member!)).toBeNull();
});

test("a group that sleeps stores its sessions, and goes on with them", async () => {
  const bench = new Bench();
  const [member] = await bench.stabilize({});
  expect(bench.schedule).toMatchObject({ isRebalancing: false, hasUnstoredSessions: true });
  bench.group.sleep();
  const deadlineMs = bench.nowMs + SESSION_MS;
  expect(bench.members.sessions()).toEqual(new Map([[member!.memberId, deadlineMs]]));
  for (let i = 0; i < 3; i++) {
    bench.nowMs += SESSION_MS / 4;
    bench.restart();
    expect(bench.schedule).toEqual({ deadlineMs, isRebalancing: false, hasUnstoredSessions: false });
  }
  await bench.expireNext();
  expect(bench.group.listing()).toMatchObject({ state: "Empty" });
});

test("sessions that were stored are void once somebody is heard", async () => {
  const bench = new Bench();
  const [member] = await bench.stabilize({});
  bench.group.sleep();
  bench.restart();
  expect(await bench.heartbeat(member!)).toBeNull();
  expect(bench.members.sessions()).toBeNull();
  bench.nowMs += SESSION_MS - 1;
  bench.restart();
  expect(bench.schedule!.deadlineMs).toBe(bench.nowMs + SESSION_MS);
});

test("a group that rebalances does not sleep", async () => {
  const bench = new Bench();
  await bench.joinAll({});
  expect(bench.schedule).toMatchObject({ isRebalancing: true, hasUnstoredSessions: false });
  bench.group.sleep();
  expect(bench.members.sessions()).toBeNull();
});

test("offsets are kept seven days after the last member, and the group goes with the last of them", async () => {
  const bench = new Bench();
  const [member] = await bench.stabilize({});
  const { committedAtMs: _, ...offset } = anOffset();
  await bench.group.commit({ groupId: "g", offsets: [offset], member: { memberId: member!.memberId, memberEpoch: 1 } });
  bench.nowMs += 30 * DAY_MS;
  expect(await bench.heartbeat(member!)).toBeNull();
  await bench.group.expire();
  bench.leave(member!);
  const emptySinceMs = bench.nowMs;
  while (bench.nowMs < emptySinceMs + 7 * DAY_MS - 1) {
    expect(bench.group.describe()?.offsets).toHaveLength(1);
    bench.restart();
    await bench.group.expire();
    bench.nowMs = Math.min(bench.schedule!.deadlineMs!, emptySinceMs + 7 * DAY_MS - 1);
  }
  await bench.group.expire();
  expect(bench.schedule!.deadlineMs).toBe(emptySinceMs + 7 * DAY_MS);
  await bench.expireNext();
  expect([bench.group.describe(), bench.registered.size, bench.schedule!.deadlineMs]).toEqual([null, 0, null]);
});

test("offsets of a group that never had members are kept seven days after each commit", async () => {
  const bench = new Bench();
  const { committedAtMs: _, ...offset } = anOffset();
  await bench.group.commit({ groupId: "g", offsets: [offset, { ...offset, partition: 1 }] });
  bench.nowMs += DAY_MS;
  await bench.group.commit({ groupId: "g", offsets: [offset] });
  await bench.expireNext();
  expect(bench.group.describe()?.offsets).toMatchObject([{ partition: 0 }]);
  await bench.expireNext();
  expect(bench.group.describe()).toBeNull();
});

test("a group without members and offsets is kept ten minutes, also over restarts", async () => {
  const bench = new Bench();
  await bench.group.join(joinRequest({ requireKnownMemberId: true }));
  const { deadlineMs } = bench.schedule!;
  expect(deadlineMs).toBe(bench.nowMs + 10 * MINUTE_MS);
  bench.nowMs += 9 * MINUTE_MS;
  bench.restart();
  await bench.group.expire();
  expect([bench.schedule!.deadlineMs, bench.group.listing()?.state]).toEqual([deadlineMs, "Empty"]);
  await bench.expireNext();
  expect([bench.group.listing(), bench.registered.size]).toEqual([null, 0]);
});

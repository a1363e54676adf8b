// Offsets inside transactions: when they become visible, and when they go.

import { expect, test } from "vitest";
import { failure } from "../../../src/common/errors.ts";
import { readGroupConfigs } from "../../../src/common/group-configs.ts";
import { GroupCoordinator, type Schedule } from "../../../src/coordinator/group-coordinator.ts";
import type { VerifyTransaction } from "../../../src/coordinator/pending-offsets.ts";
import { MemoryConsumerStore } from "../../../src/storage/memory-consumer-store.ts";
import { MemoryGroupConfigStore } from "../../../src/storage/memory-group-config-store.ts";
import { MemoryGroupStore } from "../../../src/storage/memory-group-store.ts";
import { MemoryOffsetStore } from "../../../src/storage/memory-offset-store.ts";
import { MemoryPendingOffsetStore } from "../../../src/storage/memory-pending-offset-store.ts";
import { joinRequest } from "../../support/classic-group.ts";

const DAY_MS = 86_400_000;

/** A group over memory, and the transactions that its producers have open, by producer id. */
function startGroup() {
  const stores = {
    configs: new MemoryGroupConfigStore(),
    offsets: new MemoryOffsetStore(),
    pending: new MemoryPendingOffsetStore(),
    members: new MemoryGroupStore(),
    consumers: new MemoryConsumerStore(),
  };
  const open = new Map<number, number>();
  const world = {
    nowMs: 1_000,
    schedule: null as Schedule | null,
    open,
    verify: (async ({ producerId }) => {
      const transactionNumber = open.get(producerId);
      return transactionNumber === undefined ? failure("INVALID_TXN_STATE", "none is open") : { transactionNumber };
    }) as VerifyTransaction,
  };
  const names = { registerGroup: async () => null, unregisterGroup: async () => undefined };
  const register = { ...names, topicsNamed: async () => [], allTopics: async () => [] };
  const restart = () =>
    new GroupCoordinator(stores, register, {
      now: () => world.nowMs,
      randomId: () => crypto.randomUUID(),
      config: readGroupConfigs(null),
      verifyTransaction: (commit) => world.verify(commit),
      schedule: (schedule) => {
        world.schedule = schedule;
      },
      cleared: () => undefined,
      broken: () => undefined,
    });
  return { world, restart, group: restart() };
}

function anOffset(partition: number, offset: number) {
  return { topicId: "in-id", topic: "in", partition, offset, leaderEpoch: -1, metadata: "" };
}

function commitOf(producerId: number, offset: number, rest: object = {}) {
  return { transactionalId: `t${producerId}`, producerId, producerEpoch: 0, groupId: "g", offsets: [anOffset(0, offset)], ...rest };
}

function endOf(producerId: number, transactionNumber: number, isCommit: boolean) {
  return { producerId, producerEpoch: 0, transactionNumber, isCommit };
}

function visible(group: GroupCoordinator): number[] | undefined {
  return group.describe()?.offsets.map(({ offset }) => offset);
}

test("offsets wait for the end of their transaction: a commit makes them visible, over a restart too", async () => {
  const { world, group, restart } = startGroup();
  world.open.set(1, 1);
  expect(await group.commitInTransaction(commitOf(1, 5))).toEqual([null]);
  expect(group.describe()).toMatchObject({ offsets: [], unstable: [{ topic: "in", partition: 0 }] });
  const restarted = restart();
  restarted.endTransaction(endOf(1, 1, true));
  expect(restarted.describe()).toMatchObject({ offsets: [{ offset: 5 }], unstable: [] });
});

test("an abort drops them, and a repeat of an end changes nothing", async () => {
  const { world, group } = startGroup();
  world.open.set(1, 1);
  await group.commitInTransaction(commitOf(1, 5));
  group.endTransaction(endOf(1, 1, false));
  expect([visible(group), group.describe()?.unstable]).toEqual([[], []]);
  group.endTransaction(endOf(1, 1, true));
  expect(visible(group)).toEqual([]);
});

test("an end that comes late does not touch the producer's next transaction", async () => {
  const { world, group } = startGroup();
  world.open.set(1, 2);
  await group.commitInTransaction(commitOf(1, 5));
  group.endTransaction(endOf(1, 1, true));
  expect(visible(group)).toEqual([]);
  group.endTransaction(endOf(1, 2, true));
  expect(visible(group)).toEqual([5]);
});

test("a commit that its transaction has not got, or that cannot be verified, makes no group", async () => {
  const { world, group } = startGroup();
  expect(await group.commitInTransaction(commitOf(1, 5))).toMatchObject({ error: "INVALID_TXN_STATE" });
  world.verify = () => Promise.reject(new Error("gone"));
  expect(await group.commitInTransaction(commitOf(1, 5))).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE" });
  expect(group.describe()).toBeNull();
});

test("a commit that is overtaken by the end of its transaction is refused", async () => {
  const { world, group } = startGroup();
  const { promise, resolve } = Promise.withResolvers<{ transactionNumber: number }>();
  world.verify = () => promise;
  const commit = group.commitInTransaction(commitOf(1, 5));
  group.endTransaction(endOf(1, 3, true));
  resolve({ transactionNumber: 3 });
  expect(await commit).toMatchObject({ error: "INVALID_TXN_STATE" });
  expect(group.describe()?.unstable).toEqual([]);
});

test("what was committed outside after a transaction's offset stays", async () => {
  const { world, group } = startGroup();
  world.open.set(1, 1);
  await group.commitInTransaction(commitOf(1, 5, { offsets: [anOffset(0, 5), anOffset(1, 6)] }));
  await group.commit({ groupId: "g", offsets: [anOffset(0, 9)] });
  group.endTransaction(endOf(1, 1, true));
  expect(visible(group)).toEqual([9, 6]);
});

test("of two transactions the offset that came later stays, whichever ends last", async () => {
  const { world, group } = startGroup();
  for (const producerId of [1, 2]) {
    world.open.set(producerId, 1);
    await group.commitInTransaction(commitOf(producerId, producerId));
  }
  group.endTransaction(endOf(2, 1, true));
  group.endTransaction(endOf(1, 1, true));
  expect(visible(group)).toEqual([2]);
});

test("a member that the group does not know, or of another generation, is refused; who names none is not", async () => {
  const { world, group } = startGroup();
  world.open.set(1, 1);
  const joining = group.join(joinRequest({}));
  await expect.poll(() => group.parkedCount).toBe(1);
  while (group.parkedCount > 0) {
    world.nowMs = Math.max(world.nowMs, world.schedule!.deadlineMs!);
    await group.expire();
  }
  const { memberId } = await joining;
  const asMember = (member: object) => group.commitInTransaction(commitOf(1, 5, { member }));
  expect(await asMember({ memberId: "stranger", memberEpoch: 1 })).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(await asMember({ memberId, memberEpoch: 9 })).toMatchObject({ error: "ILLEGAL_GENERATION" });
  expect(group.describe()?.unstable).toEqual([]);
  // The group divides its work: a transaction may end all the same.
  expect(await asMember({ memberId, memberEpoch: 1 })).toEqual([null]);
  expect(await group.commitInTransaction(commitOf(1, 6))).toEqual([null]);
});

test("a bad offset is refused alone", async () => {
  const { world, group } = startGroup();
  world.open.set(1, 1);
  const offsets = [anOffset(0, -9), anOffset(1, 6)];
  expect(await group.commitInTransaction(commitOf(1, 0, { offsets }))).toMatchObject([{ error: "INVALID_REQUEST" }, null]);
  group.endTransaction(endOf(1, 1, true));
  expect(visible(group)).toEqual([6]);
});

test("a group with an offset that is undecided expires nothing, and all of it once that is decided", async () => {
  const { world, group } = startGroup();
  world.open.set(1, 1);
  await group.commit({ groupId: "g", offsets: [anOffset(1, 3)] });
  await group.commitInTransaction(commitOf(1, 5));
  expect(world.schedule?.deadlineMs).toBeNull();
  world.nowMs += 30 * DAY_MS;
  await group.expire();
  expect(visible(group)).toEqual([3]);
  group.endTransaction(endOf(1, 1, false));
  world.nowMs = world.schedule!.deadlineMs!;
  await group.expire();
  expect(group.describe()).toBeNull();
});

test("a group that is deleted takes its undecided offsets with it", async () => {
  const { world, group } = startGroup();
  world.open.set(1, 1);
  await group.commitInTransaction(commitOf(1, 5));
  expect(await group.delete("g")).toBeNull();
  group.endTransaction(endOf(1, 1, true));
  expect(group.describe()).toBeNull();
});

import { expect, test, vi } from "vitest";
import { readGroupConfigs } from "../../../src/common/group-configs.ts";
import type { OffsetToCommit } from "../../../src/coordinator/committed-offsets.ts";
import { GroupCoordinator } from "../../../src/coordinator/group-coordinator.ts";
import { MemoryConsumerStore } from "../../../src/storage/memory-consumer-store.ts";
import { MemoryGroupConfigStore } from "../../../src/storage/memory-group-config-store.ts";
import { MemoryGroupStore } from "../../../src/storage/memory-group-store.ts";
import { MemoryOffsetStore } from "../../../src/storage/memory-offset-store.ts";
import { MemoryPendingOffsetStore } from "../../../src/storage/memory-pending-offset-store.ts";

function offset(changes: Partial<OffsetToCommit> = {}): OffsetToCommit {
  return { topicId: "id", topic: "orders", partition: 0, offset: 1, leaderEpoch: -1, metadata: "", ...changes };
}

/** A coordinator over memory whose register can be held up or broken. */
function startGroup() {
  const store = new MemoryOffsetStore();
  const registered = new Set<string>();
  const calls: string[] = [];
  const network = { pass: (): Promise<void> => Promise.resolve() };
  const register = {
    registerGroup: async (groupId: string) => {
      calls.push(`register, ${store.offsets().length} offsets`);
      await network.pass();
      registered.add(groupId);
      return null;
    },
    unregisterGroup: async (groupId: string) => {
      calls.push(`unregister, ${store.offsets().length} offsets`);
      await network.pass();
      registered.delete(groupId);
    },
    topicsNamed: async () => [],
    allTopics: async () => [],
  };
  const options = {
    now: () => 99,
    randomId: () => "id",
    config: readGroupConfigs(null),
    verifyTransaction: async () => ({ transactionNumber: 1 }),
    schedule: () => undefined,
    cleared: () => undefined,
    broken: () => undefined,
  };
  const restart = () =>
    new GroupCoordinator(
      {
        offsets: store,
        pending: new MemoryPendingOffsetStore(),
        members: new MemoryGroupStore(),
        consumers: new MemoryConsumerStore(),
        configs: new MemoryGroupConfigStore(),
      },
      register,
      options,
    );
  return { store, registered, calls, network, restart, group: restart() };
}

test("a commit is answered for each offset, and the good ones are written", async () => {
  const { group } = startGroup();
  const offsets = [offset(), offset({ partition: 1, offset: -3 }), offset({ partition: 2, metadata: "m" })];
  expect(await group.commit({ groupId: "g", offsets })).toMatchObject([null, { error: "INVALID_REQUEST" }, null]);
  expect(group.describe()).toEqual({
    groupId: "g",
    type: "classic",
    state: "Empty",
    members: [],
    offsets: [
      { ...offset(), committedAtMs: 99 },
      { ...offset({ partition: 2, metadata: "m" }), committedAtMs: 99 },
    ],
    unstable: [],
  });
});

test("a group registers before its first offset is written, and once", async () => {
  const { group, registered, calls } = startGroup();
  await Promise.all([1, 2, 3].map((partition) => group.commit({ groupId: "g", offsets: [offset({ partition })] })));
  await group.commit({ groupId: "g", offsets: [offset()] });
  expect(calls).toEqual(["register, 0 offsets"]);
  expect(registered).toEqual(new Set(["g"]));
  expect(group.describe()?.offsets).toHaveLength(4);
});

test("a commit without a good offset makes no group", async () => {
  const { group, calls } = startGroup();
  await group.commit({ groupId: "g", offsets: [offset({ offset: -3 })] });
  await group.commit({ groupId: "g", offsets: [] });
  expect([group.describe(), calls]).toEqual([null, []]);
});

test("a commit by a member is refused while the group has none", async () => {
  const { group } = startGroup();
  const member = { memberId: "m", memberEpoch: 1 };
  expect(await group.commit({ groupId: "g", offsets: [offset()], member })).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(group.describe()).toBeNull();
});

test("a group id that is none is refused", async () => {
  const { group } = startGroup();
  expect(await group.commit({ groupId: "", offsets: [offset()] })).toMatchObject({ error: "INVALID_GROUP_ID" });
  expect(await group.delete("")).toMatchObject({ error: "INVALID_GROUP_ID" });
});

test("a deleted group is gone from storage first, and then from the register", async () => {
  const { group, registered, calls } = startGroup();
  await group.commit({ groupId: "g", offsets: [offset()] });
  expect(await group.delete("g")).toBeNull();
  expect([group.describe(), registered.size]).toEqual([null, 0]);
  expect(calls.at(-1)).toBe("unregister, 0 offsets");
  expect(await group.delete("g")).toMatchObject({ error: "GROUP_ID_NOT_FOUND" });
});

test("a commit whose registration fails writes nothing, and its repeat does", async () => {
  const { group, registered, network } = startGroup();
  network.pass = () => Promise.reject(new Error("down"));
  expect(await group.commit({ groupId: "g", offsets: [offset()] })).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE" });
  expect(group.describe()).toBeNull();
  network.pass = async () => undefined;
  expect(await group.commit({ groupId: "g", offsets: [offset()] })).toEqual([null]);
  expect(registered).toEqual(new Set(["g"]));
});

test("a name that a broken deletion left in the register goes with the next deletion", async () => {
  const { group, registered, network, restart } = startGroup();
  await group.commit({ groupId: "g", offsets: [offset()] });
  network.pass = () => Promise.reject(new Error("down"));
  expect(await group.delete("g")).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE" });
  expect([group.describe(), registered.has("g")]).toEqual([null, true]);
  network.pass = async () => undefined;
  expect(await restart().delete("g")).toMatchObject({ error: "GROUP_ID_NOT_FOUND" });
  expect(registered.has("g")).toBe(false);
});

test("a commit that comes while the group is being deleted makes it anew, registered", async () => {
  const { group, registered, network, calls } = startGroup();
  await group.commit({ groupId: "g", offsets: [offset({ partition: 0 })] });
  const gate = Promise.withResolvers<void>();
  network.pass = () => gate.promise;
  const deletion = group.delete("g");
  await vi.waitUntil(() => calls.at(-1)?.startsWith("unregister"));
  const commit = group.commit({ groupId: "g", offsets: [offset({ partition: 1 })] });
  gate.resolve();
  expect(await Promise.all([deletion, commit])).toEqual([null, [null]]);
  expect(group.describe()?.offsets).toMatchObject([{ partition: 1 }]);
  expect(registered.has("g")).toBe(true);
});

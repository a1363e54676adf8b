// The share group's coordinator: when it is made, what it gives a start offset, and what becomes of what it leaves behind.

import { beforeEach, expect, test } from "vitest";
import { type Failure, failure } from "../../../src/common/errors.ts";
import { DEFAULT_SHARE_SETTINGS } from "../../../src/common/share-settings.ts";
import { ShareGroupCoordinator } from "../../../src/coordinator/share-group.ts";
import { MemoryShareGroupStore } from "../../../src/storage/memory-share-group-store.ts";

const TOPIC = { topicId: "t1", topic: "t", topicVersion: 1, partitionCount: 3 };

let store: MemoryShareGroupStore;
let group: ShareGroupCoordinator;
let listed: Set<string>;
let opened: string[];
let destroyed: string[];
let refusal: Failure | null;
let isUnreachable: boolean;
let alarms: number;
let uuids: number;

/** As after a restart. */
function restart(): void {
  group = new ShareGroupCoordinator(store, {
    randomUuid: () => `uuid-${++uuids}`,
    register: async (groupId) => void listed.add(groupId),
    unregister: async (groupId) => void listed.delete(groupId),
    openPartition: async ({ groupUuid, topicId, partition }) => {
      opened.push(`${groupUuid}/${topicId}/${partition}`);
      return refusal;
    },
    destroyPartition: async (groupUuid, topicId, partition) => {
      if (isUnreachable) throw new Error("not now");
      destroyed.push(`${groupUuid}/${topicId}/${partition}`);
    },
    ringLater: () => {
      alarms += 1;
    },
  });
}

beforeEach(() => {
  [store, listed, opened, destroyed, refusal, isUnreachable, alarms, uuids] = [
    new MemoryShareGroupStore(),
    new Set(),
    [],
    [],
    null,
    false,
    0,
    0,
  ];
  restart();
});

test("a group is made once, with the settings of who makes it, and is listed before it is there", async () => {
  expect(group.view()).toBeNull();
  await group.ensure("g", { order: "key" });
  const view = await group.ensure("g", { order: "none" });
  expect(view).toEqual({
    groupId: "g",
    groupUuid: "uuid-1",
    settings: { ...DEFAULT_SHARE_SETTINGS, order: "key" },
    settingsVersion: 1,
    subscribedTopics: null,
    topics: [],
  });
  expect([...listed]).toEqual(["g"]);
});

test("two that make it at the same time make one", async () => {
  const [one, other] = await Promise.all([group.ensure("g", {}), group.ensure("g", {})]);
  expect(one.groupUuid).toBe(other.groupUuid);
});

test("a change of settings raises their version, a repeat does not", async () => {
  await group.configure("g", { leaseMs: 500 });
  await group.configure("g", { maxDeliveries: 9 });
  const again = await group.configure("g", { maxDeliveries: 9 });
  expect(again).toMatchObject({ settingsVersion: 2, settings: { leaseMs: 500, maxDeliveries: 9 } });
});

test("a pause is told to every share partition before it is answered, and one that is not told is a failure", async () => {
  const { groupUuid } = await group.ensure("g", {});
  await group.subscribe(groupUuid, TOPIC);
  opened = [];
  await group.configure("g", { leaseMs: 500 });
  expect(opened).toEqual([]);
  await group.configure("g", { paused: true });
  expect(opened.sort()).toEqual([0, 1, 2].map((partition) => `uuid-1/t1/${partition}`));
  refusal = failure("COORDINATOR_NOT_AVAILABLE", "not now");
  expect(await group.configure("g", { paused: true })).toEqual(refusal);
});

test("a group that belongs to a subscription is changed and deleted by that alone", async () => {
  await group.attach("g", { order: "key" }, ["t"]);
  restart();
  expect(group.view()).toMatchObject({ settings: { order: "key" }, subscribedTopics: ["t"] });
  expect(await group.configure("g", { order: "none" })).toMatchObject({ error: "NON_EMPTY_GROUP" });
  expect(await group.delete("g")).toMatchObject({ error: "NON_EMPTY_GROUP" });
  await group.attach("g", { leaseMs: 500 }, ["t", "u"]);
  expect(group.view()).toMatchObject({ settings: { order: "key", leaseMs: 500 }, settingsVersion: 2, subscribedTopics: ["t", "u"] });
  expect(await group.detach("g")).toBeNull();
  await group.ensure("g", {});
  expect(group.view()).toMatchObject({ settings: { order: "none" }, subscribedTopics: null });
});

test("every partition of a topic gets its start offset once, and those that are added later too", async () => {
  const { groupUuid } = await group.ensure("g", {});
  await group.subscribe(groupUuid, TOPIC);
  await group.subscribe(groupUuid, TOPIC);
  expect(opened.sort()).toEqual([0, 1, 2].map((partition) => `uuid-1/t1/${partition}`));
  restart();
  await group.subscribe(groupUuid, { ...TOPIC, partitionCount: 4 });
  expect(opened.at(-1)).toBe("uuid-1/t1/3");
  expect(group.view()?.topics).toEqual([{ ...TOPIC, partitionCount: 4 }]);
});

test("a topic of which a partition could not begin is not consumed, and begun again by the next who asks", async () => {
  const { groupUuid } = await group.ensure("g", {});
  refusal = failure("LEADER_NOT_AVAILABLE", "not now");
  expect(await group.subscribe(groupUuid, TOPIC)).toBe(refusal);
  expect(group.view()?.topics).toEqual([]);
  refusal = null;
  expect(await group.subscribe(groupUuid, TOPIC)).toBeNull();
  expect(opened).toHaveLength(6);
});

test("a deleted group is gone at once, with all that may have begun", async () => {
  const { groupUuid } = await group.ensure("g", {});
  refusal = failure("LEADER_NOT_AVAILABLE", "not now");
  await group.subscribe(groupUuid, TOPIC);
  expect(await group.delete("g")).toBeNull();
  expect([group.view(), [...listed], store.group()]).toEqual([null, [], null]);
  expect(destroyed).toHaveLength(3);
  expect(group.confirm(groupUuid)?.error).toBe("GROUP_ID_NOT_FOUND");
  expect((await group.delete("g"))?.error).toBe("GROUP_ID_NOT_FOUND");
});

test("what cannot be destroyed is tried again, over a restart and a new life of the group", async () => {
  const { groupUuid } = await group.ensure("g", {});
  await group.subscribe(groupUuid, TOPIC);
  isUnreachable = true;
  await group.delete("g");
  expect(alarms).toBeGreaterThan(0);
  restart();
  const { groupUuid: newUuid } = await group.ensure("g", {});
  expect(newUuid).not.toBe(groupUuid);
  isUnreachable = false;
  await group.ring();
  expect(destroyed.sort()).toEqual([0, 1, 2].map((partition) => `${groupUuid}/t1/${partition}`));
  expect(group.view()?.groupUuid).toBe(newUuid);
  expect(store.group()?.graves).toEqual([]);
});

test("a topic that was made again is begun anew, and what the group knew of the old one goes", async () => {
  const { groupUuid } = await group.ensure("g", {});
  await group.subscribe(groupUuid, TOPIC);
  await group.subscribe(groupUuid, { ...TOPIC, topicId: "t2", partitionCount: 1 });
  await group.ring();
  expect(destroyed.sort()).toEqual([0, 1, 2].map((partition) => `${groupUuid}/t1/${partition}`));
  expect(group.view()?.topics.map(({ topicId }) => topicId)).toEqual(["t2"]);
});

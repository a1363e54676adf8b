// The share group's coordinator: when it is made, what it gives a start offset, and what becomes of what it leaves behind.

import { beforeEach, describe, expect, test } from "vitest";
import { type Failure, failure, isFailure } from "../../../src/common/errors.ts";
import { readGroupConfigs } from "../../../src/common/group-configs.ts";
import { DEFAULT_SHARE_SETTINGS, type ShareSettings } from "../../../src/common/share-settings.ts";
import { ShareGroupCoordinator } from "../../../src/coordinator/share-group.ts";
import type { ShareGroupView, ShareHeartbeat } from "../../../src/coordinator/share-messages.ts";
import type { ImageTopic } from "../../../src/coordinator/topic-image.ts";
import { MemoryShareGroupStore } from "../../../src/storage/memory-share-group-store.ts";

const TOPIC = { topicId: "t1", topic: "t", topicVersion: 1, partitionCount: 3 };

let store: MemoryShareGroupStore;
let group: ShareGroupCoordinator;
let listed: Set<string>;
let opened: string[];
let destroyed: string[];
let forgotten: string[];
let refusal: Failure | null;
let nameTaken: Failure | null;
let isUnreachable: boolean;
let alarms: number;
let uuids: number;
let nowMs: number;
/** The cluster's topics. */
let cluster: ImageTopic[];

/** As after a restart. */
function restart(): void {
  group = new ShareGroupCoordinator(store, {
    randomUuid: () => `uuid-${++uuids}`,
    register: async (groupId) => {
      if (nameTaken !== null) return nameTaken;
      listed.add(groupId);
      return null;
    },
    unregister: async (groupId) => void listed.delete(groupId),
    openPartition: async ({ groupUuid, topicId, partition }) => {
      opened.push(`${groupUuid}/${topicId}/${partition}`);
      return refusal;
    },
    destroyPartition: async (groupUuid, topicId, partition) => {
      if (isUnreachable) throw new Error("not now");
      destroyed.push(`${groupUuid}/${topicId}/${partition}`);
    },
    forgetPartition: async (groupUuid, topicId, partition) => {
      if (isUnreachable) throw new Error("not now");
      forgotten.push(`${groupUuid}/${topicId}/${partition}`);
    },
    ringLater: () => {
      alarms += 1;
    },
    now: () => nowMs,
    config: readGroupConfigs(null),
    topics: {
      topicsNamed: async (names) => cluster.filter(({ name }) => names.includes(name)),
      allTopics: async () => cluster,
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
  [forgotten, nameTaken] = [[], null];
  [nowMs, cluster] = [1_000, [{ name: "t", topicId: "t1", partitionCount: 3 }]];
  restart();
});

async function made(settings: Partial<ShareSettings>): Promise<ShareGroupView> {
  const view = await group.ensure("g", settings);
  if (isFailure(view)) throw new Error(view.detail);
  return view;
}

test("a group is made once, with the settings of who makes it, and is listed before it is there", async () => {
  expect(group.view()).toBeNull();
  await group.ensure("g", { order: "key" });
  const view = await made({ order: "none" });
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
  const [one, other] = await Promise.all([made({}), made({})]);
  expect(one.groupUuid).toBe(other.groupUuid);
});

test("a change of settings raises their version, a repeat does not", async () => {
  await group.configure("g", { leaseMs: 500 });
  await group.configure("g", { maxDeliveries: 9 });
  const again = await group.configure("g", { maxDeliveries: 9 });
  expect(again).toMatchObject({ settingsVersion: 2, settings: { leaseMs: 500, maxDeliveries: 9 } });
});

test("a pause is told to every share partition before it is answered, and one that is not told is a failure", async () => {
  const { groupUuid } = await made({});
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
  const { groupUuid } = await made({});
  await group.subscribe(groupUuid, TOPIC);
  await group.subscribe(groupUuid, TOPIC);
  expect(opened.sort()).toEqual([0, 1, 2].map((partition) => `uuid-1/t1/${partition}`));
  restart();
  await group.subscribe(groupUuid, { ...TOPIC, partitionCount: 4 });
  expect(opened.at(-1)).toBe("uuid-1/t1/3");
  expect(group.view()?.topics).toEqual([{ ...TOPIC, partitionCount: 4 }]);
});

test("a topic of which a partition could not begin is not consumed, and begun again by the next who asks", async () => {
  const { groupUuid } = await made({});
  refusal = failure("LEADER_NOT_AVAILABLE", "not now");
  expect(await group.subscribe(groupUuid, TOPIC)).toBe(refusal);
  expect(group.view()?.topics).toEqual([]);
  refusal = null;
  expect(await group.subscribe(groupUuid, TOPIC)).toBeNull();
  expect(opened).toHaveLength(6);
});

test("a deleted group is gone at once, with all that may have begun", async () => {
  const { groupUuid } = await made({});
  refusal = failure("LEADER_NOT_AVAILABLE", "not now");
  await group.subscribe(groupUuid, TOPIC);
  expect(await group.delete("g")).toBeNull();
  expect([group.view(), [...listed], store.group()]).toEqual([null, [], null]);
  expect(destroyed).toHaveLength(3);
  expect(group.confirm(groupUuid)?.error).toBe("GROUP_ID_NOT_FOUND");
  expect((await group.delete("g"))?.error).toBe("GROUP_ID_NOT_FOUND");
});

test("what cannot be destroyed is tried again, over a restart and a new life of the group", async () => {
  const { groupUuid } = await made({});
  await group.subscribe(groupUuid, TOPIC);
  isUnreachable = true;
  await group.delete("g");
  expect(alarms).toBeGreaterThan(0);
  restart();
  const { groupUuid: newUuid } = await made({});
  expect(newUuid).not.toBe(groupUuid);
  isUnreachable = false;
  await group.ring();
  expect(destroyed.sort()).toEqual([0, 1, 2].map((partition) => `${groupUuid}/t1/${partition}`));
  expect(group.view()?.groupUuid).toBe(newUuid);
  expect(store.group()?.graves).toEqual([]);
});

test("a topic that was made again is begun anew, and what the group knew of the old one goes", async () => {
  const { groupUuid } = await made({});
  await group.subscribe(groupUuid, TOPIC);
  await group.subscribe(groupUuid, { ...TOPIC, topicId: "t2", partitionCount: 1 });
  await group.ring();
  expect(destroyed.sort()).toEqual([0, 1, 2].map((partition) => `${groupUuid}/t1/${partition}`));
  expect(group.view()?.topics.map(({ topicId }) => topicId)).toEqual(["t2"]);
});

test("a group whose name is a consumer group's is not made, by nobody", async () => {
  nameTaken = failure("INCONSISTENT_GROUP_PROTOCOL", "taken");
  expect(await group.ensure("g", {})).toEqual(nameTaken);
  expect(await group.configure("g", { order: "key" })).toEqual(nameTaken);
  expect(await group.attach("g", {}, ["t"])).toEqual(nameTaken);
  const member = { memberId: "m", memberEpoch: 0, rackId: null, clientId: "c", clientHost: "/", subscribedTopicNames: ["t"] };
  expect(await group.heartbeat({ groupId: "g", ...member })).toEqual(nameTaken);
  expect([group.view(), store.group()]).toEqual([null, null]);
  nameTaken = null;
  expect(await made({})).toMatchObject({ groupId: "g" });
});

test("deleted offsets of a topic are begun anew, and those of others stay", async () => {
  const { groupUuid } = await made({});
  await group.subscribe(groupUuid, TOPIC);
  await group.subscribe(groupUuid, { ...TOPIC, topicId: "t2", topic: "u", partitionCount: 1 });
  expect(await group.deleteOffsets("g", ["t1", "t3"])).toMatchObject([null, { error: "UNKNOWN_TOPIC_OR_PARTITION" }]);
  expect(forgotten.sort()).toEqual([0, 1, 2].map((partition) => `${groupUuid}/t1/${partition}`));
  restart();
  expect(group.view()?.topics.map(({ topicId }) => topicId)).toEqual(["t2"]);
  opened = [];
  await group.subscribe(groupUuid, TOPIC);
  expect(opened).toHaveLength(3);
  await group.delete("g");
  expect(destroyed).toHaveLength(4);
});

test("a topic whose share partitions cannot be reached is still the group's, for the next try", async () => {
  const { groupUuid } = await made({});
  await group.subscribe(groupUuid, TOPIC);
  isUnreachable = true;
  expect(await group.deleteOffsets("g", ["t1"])).toMatchObject([{ error: "COORDINATOR_NOT_AVAILABLE" }]);
  isUnreachable = false;
  expect(await group.deleteOffsets("g", ["t1"])).toEqual([null]);
  expect(await group.deleteOffsets("g", ["t1"])).toMatchObject([{ error: "UNKNOWN_TOPIC_OR_PARTITION" }]);
});

describe("a member by Kafka's protocol", () => {
  const beat = (memberId: string, memberEpoch: number, change: Partial<ShareHeartbeat> = {}) => {
    const request = { groupId: "g", memberId, memberEpoch, rackId: null, clientId: "client", clientHost: "/" };
    return group.heartbeat({ ...request, subscribedTopicNames: memberEpoch === 0 ? ["t"] : null, ...change });
  };

  test("makes the group, and has a partition of its topics at once", async () => {
    const joined = await beat("one", 0);
    expect(joined).toMatchObject({ memberId: "one", memberEpoch: 1, heartbeatIntervalMs: 5_000 });
    expect(joined).toMatchObject({ assignment: [{ topicId: "t1", topic: "t", partitions: [0, 1, 2] }] });
    expect([group.view()?.groupId, [...listed]]).toEqual(["g", ["g"]]);
    expect(group.members()).toMatchObject({ state: "Stable", groupEpoch: 1, assignorName: "simple", members: [{ memberId: "one" }] });
  });

  test("is told of a change once, and of everything when it says everything", async () => {
    await beat("one", 0);
    await beat("two", 0);
    expect(await beat("one", 1)).toMatchObject({ memberEpoch: 2, assignment: [{ partitions: [0, 1] }] });
    expect(await beat("one", 2)).toMatchObject({ memberEpoch: 2, assignment: null });
    expect(await beat("one", 2, { subscribedTopicNames: ["t"] })).toMatchObject({ memberEpoch: 2, assignment: [{ partitions: [0, 1] }] });
  });

  test("is fenced in an epoch that it never had, and not in the one before, whose answer may be lost", async () => {
    await beat("one", 0);
    await beat("two", 0);
    await beat("one", 1);
    expect(await beat("one", 1)).toMatchObject({ memberEpoch: 2 });
    expect(await beat("one", 7)).toMatchObject({ error: "FENCED_MEMBER_EPOCH" });
    expect(await beat("one", 0)).toMatchObject({ memberEpoch: 2, assignment: [{ partitions: [0, 1] }] });
  });

  test("keeps its group from being deleted until it leaves, or is not heard any more", async () => {
    await beat("one", 0);
    await beat("two", 0);
    expect(await group.delete("g")).toMatchObject({ error: "NON_EMPTY_GROUP" });
    expect(await beat("two", -1)).toMatchObject({ memberId: "two", memberEpoch: -1 });
    nowMs += 44_999;
    expect(await group.delete("g")).toMatchObject({ error: "NON_EMPTY_GROUP" });
    nowMs += 1;
    expect(group.members()).toMatchObject({ state: "Empty", members: [] });
    expect(await group.delete("g")).toBeNull();
    expect(await beat("one", 1)).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  });

  test("is unknown after a restart, and joins again", async () => {
    await beat("one", 0);
    restart();
    expect(await beat("one", 1)).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
    expect(await beat("one", -1)).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
    expect(await beat("one", 0)).toMatchObject({ assignment: [{ partitions: [0, 1, 2] }] });
  });

  test("gets the partitions of a topic that is made, and that it asked for before", async () => {
    expect(await beat("one", 0, { subscribedTopicNames: ["t", "later"] })).toMatchObject({ assignment: [{ topic: "t" }] });
    cluster = [...cluster, { name: "later", topicId: "t2", partitionCount: 1 }];
    expect(await beat("one", 1)).toMatchObject({ assignment: null });
    nowMs += 6_000;
    expect(await beat("one", 1)).toMatchObject({ memberEpoch: 2, assignment: [{ topic: "t" }, { topic: "later" }] });
  });

  test("cannot subscribe to the group's own dead letters", async () => {
    await group.configure("g", { deadLetterTopic: "t" });
    expect(await beat("one", 0)).toMatchObject({ error: "INVALID_REQUEST" });
    expect(group.members()).toMatchObject({ state: "Empty" });
  });

  test.each<[string, number, Partial<ShareHeartbeat>]>([
    ["", 0, {}],
    ["x".repeat(256), 0, {}],
    ["\ud800", 0, {}],
    ["one", -2, {}],
    ["one", 0, { subscribedTopicNames: null }],
    ["one", 0, { subscribedTopicNames: [] }],
    ["one", 0, { rackId: " " }],
  ])("is refused as %j in epoch %i with %j", async (memberId, memberEpoch, change) => {
    expect(await beat(memberId, memberEpoch, change)).toMatchObject({ error: "INVALID_REQUEST" });
    expect(group.view()).toBeNull();
  });

  test("is refused beyond the most that a group may have", async () => {
    for (let index = 0; index < 200; index++) await beat(`member-${index}`, 0);
    expect(await beat("one more", 0)).toMatchObject({ error: "GROUP_MAX_SIZE_REACHED" });
    expect(await beat("member-7", 0)).toMatchObject({ memberId: "member-7" });
  });
});

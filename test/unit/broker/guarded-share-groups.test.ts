// What a client needs to use share groups: each call is refused without its right, and passed on with it.

import { expect, test } from "vitest";
import type { Access } from "../../../src/broker/access.ts";
import { guardShareGroups } from "../../../src/broker/guarded-share-groups.ts";
import type { ShareGroups } from "../../../src/broker/share-groups.ts";
import { failure, isFailure } from "../../../src/common/errors.ts";

const PULL = { groupId: "g", topics: ["t", "u"], maxRecords: 1, maxBytes: 1, maxWaitMs: 0 };

const HEARTBEAT = {
  ...{ groupId: "g", memberId: "m", memberEpoch: 0, rackId: null, clientId: "", clientHost: "" },
  subscribedTopicNames: ["t"],
};
const FETCH = {
  ...{ groupId: "g", token: 1, maxRecords: 1, maxBytes: 1, maxWaitMs: 0, minBytes: 0, batchSize: 1 },
  partitions: ["t", "u"].map((topic) => ({ topic, topicId: `id of ${topic}`, partition: 0 })),
};

/** Share groups that answer nothing, for a client with these rights: `OPERATION TYPE NAME`. */
function guarded(...rights: string[]) {
  const allows = (operation: string, type: string, name = "cluster"): boolean => rights.includes(`${operation} ${type} ${name}`);
  const refuse = (operation: string, type: string, name: string) =>
    allows(operation, type, name) ? null : failure("GROUP_AUTHORIZATION_FAILED", `${operation} ${type} ${name}`);
  const partitions = [{ topic: "t" }, { topic: "u" }];
  const groups = {
    pull: async () => ({ records: [] }),
    settle: async () => [],
    list: async () => ({ groupIds: ["g", "h"], nextCursor: null }),
    describe: async () => ({ partitions }),
    configure: async () => ({}),
    reset: async () => ({ offsets: [] }),
    delete: async () => null,
    heartbeat: async () => ({ memberId: "m" }),
    members: async () => ({ members: [] }),
    settings: async () => ({}),
    alterOffsets: async ({ offsets }: { offsets: object[] }) => offsets.map(() => null),
    fetch: async ({ partitions: places }: { partitions: object[] }) => ({
      leaseMs: 1,
      partitions: places.map((place) => ({ ...place, batches: [], acquired: [] })),
    }),
    acknowledge: async ({ partitions: places }: { partitions: object[] }) => ({ leaseMs: 1, outcomes: places.map(() => null) }),
  } as unknown as ShareGroups;
  return guardShareGroups(groups, { allows, refuse } as unknown as Access);
}

test.each([
  ["pull", ["READ GROUP g", "READ TOPIC t", "READ TOPIC u"], (groups: ShareGroups) => groups.pull(PULL)],
  ["settle", ["READ GROUP g"], (groups: ShareGroups) => groups.settle("g", [])],
  ["describe", ["DESCRIBE GROUP g"], (groups: ShareGroups) => groups.describe("g")],
  ["configure", ["READ GROUP g", "WRITE TOPIC dead"], (groups: ShareGroups) => groups.configure("g", { deadLetterTopic: "dead" })],
  ["reset", ["READ GROUP g", "READ TOPIC t"], (groups: ShareGroups) => groups.reset({ groupId: "g", topic: "t", to: "earliest" })],
  ["delete", ["DELETE GROUP g"], (groups: ShareGroups) => groups.delete("g")],
  ["heartbeat", ["READ GROUP g", "DESCRIBE TOPIC t"], (groups: ShareGroups) => groups.heartbeat(HEARTBEAT)],
  ["settings", ["DESCRIBE_CONFIGS GROUP g"], (groups: ShareGroups) => groups.settings("g")],
  ["members", ["DESCRIBE GROUP g"], (groups: ShareGroups) => groups.members("g")],
  ["fetch", ["READ GROUP g"], (groups: ShareGroups) => groups.fetch(FETCH)],
  ["alterOffsets", ["READ GROUP g"], (groups: ShareGroups) => groups.alterOffsets({ groupId: "g", offsets: [] })],
])("%s needs %j, each of them", async (_, rights, call) => {
  expect(isFailure((await call(guarded(...rights))) ?? {})).toBe(false);
  for (const missing of rights) {
    const refused = await call(guarded(...rights.filter((right) => right !== missing)));
    expect(refused).toMatchObject({ error: "GROUP_AUTHORIZATION_FAILED", detail: missing });
  }
});

test("a member is told of each partition that it may not read, and has the others", async () => {
  const groups = guarded("READ GROUP g", "READ TOPIC u");
  const fetched = await groups.fetch(FETCH);
  expect(fetched).toMatchObject({ partitions: [{ topic: "u" }, { topic: "t", failure: { detail: "READ TOPIC t" } }] });
  const acknowledgement = { groupId: "g", token: 1, partitions: FETCH.partitions.map((place) => ({ ...place, batches: [] })) };
  expect(await groups.acknowledge(acknowledgement)).toMatchObject({ outcomes: [{ detail: "READ TOPIC t" }, null] });
  expect(await guarded("READ TOPIC t").acknowledge(acknowledgement)).toMatchObject({
    outcomes: [{ detail: "READ GROUP g" }, { detail: "READ GROUP g" }],
  });
  const offsets = ["t", "u"].map((topic) => ({ topic, partition: 0, offset: 0 }));
  expect(await groups.alterOffsets({ groupId: "g", offsets })).toMatchObject([{ detail: "READ TOPIC t" }, null]);
});

test("what may not be described is not shown", async () => {
  expect(await guarded("DESCRIBE GROUP h").list({ limit: 10 })).toEqual({ groupIds: ["h"], nextCursor: null });
  expect((await guarded("DESCRIBE CLUSTER cluster").list({ limit: 10 })).groupIds).toEqual(["g", "h"]);
  expect(await guarded("DESCRIBE GROUP g", "DESCRIBE TOPIC u").describe("g")).toEqual({ partitions: [{ topic: "u" }] });
});

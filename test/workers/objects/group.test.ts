import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { OffsetCommit } from "../../../src/broker/ports.ts";
import { clusterObject } from "../../../src/objects/names.ts";

/** A group of the test's own. The cluster object is the one that all share. */
function startGroup() {
  const groupId = `group-${crypto.randomUUID()}`;
  return { groupId, group: env.GROUP.getByName(groupId) };
}

function offset(changes: Partial<OffsetCommit> = {}): OffsetCommit {
  return { topicId: "id", topic: "orders", partition: 0, offset: 1, leaderEpoch: -1, metadata: "", ...changes };
}

const isListed = async (groupId: string) => {
  const { groupIds } = await clusterObject(env).listGroups({ prefix: groupId, limit: 1 });
  return groupIds.includes(groupId);
};

test("committed offsets outlive the object's memory", async () => {
  const { groupId, group } = startGroup();
  const offsets = [offset({ offset: 2 ** 53 - 1, leaderEpoch: 4, metadata: "m" }), offset({ partition: 1 }), offset({ topicId: "id2" })];
  expect(await group.commit({ groupId, offsets })).toEqual([null, null, null]);
  const before = await group.describe(groupId);
  await evictDurableObject(group);
  expect(await group.describe(groupId)).toEqual(before);
  expect(before).toMatchObject({ groupId, state: "Empty", members: [], offsets: [{ offset: 2 ** 53 - 1, metadata: "m" }, {}, {}] });

  await group.commit({ groupId, offsets: [offset({ offset: 5 })] });
  expect((await group.describe(groupId))?.offsets).toMatchObject([{ offset: 5, metadata: "" }, {}, {}]);
});

test("one bad offset does not fail the others", async () => {
  const { groupId, group } = startGroup();
  const offsets = [offset({ offset: -3 }), offset({ partition: 1 }), offset({ partition: 2, metadata: "x".repeat(4097) })];
  expect(await group.commit({ groupId, offsets })).toMatchObject([
    { error: "INVALID_REQUEST" },
    null,
    { error: "OFFSET_METADATA_TOO_LARGE" },
  ]);
  expect((await group.describe(groupId))?.offsets).toMatchObject([{ partition: 1 }]);
});

test("a group is listed from its first commit to its deletion", async () => {
  const { groupId, group } = startGroup();
  expect([await group.describe(groupId), await isListed(groupId)]).toEqual([null, false]);
  await group.commit({ groupId, offsets: [offset()] });
  expect(await isListed(groupId)).toBe(true);
  expect(await group.delete(groupId)).toBeNull();
  expect([await group.describe(groupId), await isListed(groupId)]).toEqual([null, false]);
  expect(await group.delete(groupId)).toMatchObject({ error: "GROUP_ID_NOT_FOUND" });
});

test("a deleted group stores nothing, and may be made again", async () => {
  const { groupId, group } = startGroup();
  await group.commit({ groupId, offsets: [offset()] });
  await group.delete(groupId);
  await runInDurableObject(group, (_, state) => {
    expect(state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name IN ('consumer_group', 'topics', 'offsets')").toArray()).toEqual(
      [],
    );
  });
  expect(await group.commit({ groupId, offsets: [offset({ partition: 3 })] })).toEqual([null]);
  await evictDurableObject(group);
  expect((await group.describe(groupId))?.offsets).toMatchObject([{ partition: 3 }]);
  expect(await isListed(groupId)).toBe(true);
});

test("a commit by a member is refused while the group has no members", async () => {
  const { groupId, group } = startGroup();
  const member = { memberId: "m", memberEpoch: 1 };
  expect(await group.commit({ groupId, offsets: [offset()], member })).toMatchObject({ error: "UNKNOWN_MEMBER_ID" });
  expect(await isListed(groupId)).toBe(false);
});

test("concurrent first commits all stay", async () => {
  const { groupId, group } = startGroup();
  const commits = Array.from({ length: 10 }, (_, partition) => group.commit({ groupId, offsets: [offset({ partition })] }));
  expect(await Promise.all(commits)).toEqual(Array(10).fill([null]));
  await evictDurableObject(group);
  expect((await group.describe(groupId))?.offsets).toHaveLength(10);
});

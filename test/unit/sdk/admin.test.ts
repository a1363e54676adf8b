// The admin part in one process with the HTTP listener and a broker in memory: each call reaches its route and reads its answer.

import { expect, test } from "vitest";
import { Admin } from "../../../src/sdk/admin/admin.ts";
import { appWithTopic, produceN, testApp } from "../../support/http.ts";
import { clientOf } from "../../support/sdk-client.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("topics are made, described, changed, listed over all pages, and deleted", async () => {
  const app = testApp();
  const { topics } = new Admin(clientOf(app));
  const made = await topics.create({ name: "orders", partitions: 2, configs: { "retention.ms": 1000 } });
  expect(made).toMatchObject({ name: "orders", partitions: 2, configs: { "retention.ms": "1000" } });
  expect(await topics.create({ name: "never" }, { validateOnly: true })).toMatchObject({ name: "never" });
  await expect(topics.create({ name: "orders" })).rejects.toMatchObject({ code: "TOPIC_ALREADY_EXISTS", status: 409 });
  expect(await topics.alter("orders", { partitions: 3, configs: { "retention.ms": null } })).toMatchObject({ partitions: 3, configs: {} });
  expect((await topics.describe("orders")).partitions).toHaveLength(3);
  for (let i = 0; i < 250; i++) await app.broker.createTopic({ name: `many-${String(i).padStart(3, "0")}` });
  const listed = await collect(topics.list({ prefix: "many-" }));
  expect(listed.map(({ name }) => name)).toEqual(Array.from({ length: 250 }, (_, i) => `many-${String(i).padStart(3, "0")}`));
  await topics.delete("orders");
  await expect(topics.describe("orders")).rejects.toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
});

test("offsets by time, truncation, segments and their verification", async () => {
  const app = await appWithTopic();
  await produceN(app, 4);
  const { topics } = new Admin(clientOf(app));
  expect((await topics.offset("orders", 0, "latest")).offset).toBe(4);
  expect(await topics.offset("orders", 0, 1002)).toMatchObject({ offset: 2, timestamp: 1002 });
  expect((await topics.truncate("orders", 0, 1)).logStartOffset).toBe(1);
  expect((await collect(topics.segments("orders", 0))).map(({ endOffset }) => endOffset)).toEqual([4]);
  expect(await collect(topics.verify("orders", 0))).toMatchObject([{ ok: true, nextCursor: null }]);
  const outOfRange = await topics.truncate("orders", 0, 99).catch((error: unknown) => error);
  expect(outOfRange).toMatchObject({ name: "OffsetOutOfRangeError", logStartOffset: 1, highWatermark: 4 });
});

test("groups are committed to, read with lag, reset and deleted", async () => {
  const app = await appWithTopic();
  await produceN(app, 4);
  const { groups } = new Admin(clientOf(app));
  await groups.commit("readers", { offsets: [{ topic: "orders", partition: 0, offset: 3 }] });
  expect((await groups.offsets("readers")).offsets).toMatchObject([{ topic: "orders", partition: 0, offset: 3, lag: 1 }]);
  const reset = await groups.reset("readers", { topic: "orders", partition: 0, to: { shiftBy: -2 } });
  expect(reset.offsets).toMatchObject([{ from: 3, to: 1 }]);
  expect((await groups.describe("readers")).state).toBe("Empty");
  expect(await collect(groups.list())).toMatchObject([{ groupId: "readers" }]);
  await groups.delete("readers");
  await expect(groups.describe("readers")).rejects.toMatchObject({ code: "GROUP_ID_NOT_FOUND" });
});

test("share groups are made, changed, listed, described, reset and deleted", async () => {
  const app = await appWithTopic();
  await produceN(app, 4);
  const { shareGroups } = new Admin(clientOf(app));
  expect(await shareGroups.put("workers", { order: "key" })).toMatchObject({
    groupId: "workers",
    settings: { order: "key", leaseMs: 30_000 },
  });
  expect((await shareGroups.put("workers", { leaseMs: 1_000 })).settings).toMatchObject({ order: "key", leaseMs: 1_000 });
  await expect(shareGroups.put("workers", { leaseMs: 1 })).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  await app.send("POST", "/v1/share-groups/workers/pull", { topics: ["orders"], maxRecords: 3 });
  expect((await shareGroups.describe("workers")).partitions[0]).toMatchObject({ topic: "orders", partition: 0, acquired: 3, lag: 4 });
  const moved = await shareGroups.reset("workers", { topic: "orders", partition: 0, to: { offset: 2 } });
  expect(moved.offsets).toMatchObject([{ partition: 0, from: 0, to: 2 }]);
  expect((await shareGroups.describe("workers")).partitions[0]).toMatchObject({ acquired: 0, lag: 2 });
  expect(await collect(shareGroups.list({ prefix: "work" }))).toEqual([{ groupId: "workers" }]);
  await shareGroups.delete("workers");
  await expect(shareGroups.describe("workers")).rejects.toMatchObject({ code: "GROUP_ID_NOT_FOUND" });
});

test("the cluster, and whether it is up", async () => {
  const admin = new Admin(clientOf(testApp()));
  expect((await admin.cluster()).limits.maxBodyBytes).toBeGreaterThan(0);
  expect(await admin.isUp()).toBe(true);
  const gone = new Admin(clientOf({ ...testApp(), request: async () => Promise.reject(new TypeError("refused")) }));
  expect(await gone.isUp()).toBe(false);
});

import { expect, test } from "vitest";
import { appWithTopic, produceN, type TestApp } from "../../../support/http.ts";

async function commit(app: TestApp, offsets: object[], rest = {}, query = ""): Promise<Response> {
  return app.send("POST", `/v1/groups/billing/commit${query}`, { offsets, ...rest });
}

test("commits, and tells offsets with lag", async () => {
  const app = await appWithTopic();
  await produceN(app, 5);
  await app.broker.createTopic({ name: "other" });
  const committed = await commit(app, [
    { topic: "orders", partition: 0, offset: 2, metadata: "m", leaderEpoch: 1 },
    { topic: "other", partition: 0, offset: 0 },
  ]);
  expect(await committed.json()).toEqual({
    offsets: [
      { topic: "orders", partition: 0 },
      { topic: "other", partition: 0 },
    ],
  });

  const offsets = await (await app.get("/v1/groups/billing/offsets?topic=orders")).json();
  expect(offsets).toEqual({
    groupId: "billing",
    offsets: [
      {
        topic: "orders",
        partition: 0,
        offset: 2,
        leaderEpoch: 1,
        metadata: "m",
        committedAt: expect.any(Number),
        highWatermark: 5,
        lag: 3,
      },
    ],
  });
  const described = await (await app.get("/v1/groups/billing")).json();
  expect(described).toMatchObject({ groupId: "billing", state: "Empty", members: [], offsets: [{ lag: 3 }, { lag: 0 }] });
  expect(await (await app.get("/v1/groups?prefix=b")).json()).toEqual({ groups: [{ groupId: "billing" }], nextCursor: null });
});

test("an offset that is refused does not fail the others; when all are, it is a problem", async () => {
  const app = await appWithTopic();
  const bad = { topic: "none", partition: 0, offset: 1 };
  const some = await commit(app, [bad, { topic: "orders", partition: 0, offset: 1 }]);
  expect(some.status).toBe(200);
  expect(await some.json()).toMatchObject({
    offsets: [{ topic: "none", code: "UNKNOWN_TOPIC_OR_PARTITION", errorCode: 3 }, { topic: "orders" }],
  });
  const none = await commit(app, [bad]);
  expect(none.status).toBe(404);
  expect(await none.json()).toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION", offsets: [{ topic: "none", partition: 0 }] });
});

test("passes member and force on", async () => {
  const app = await appWithTopic();
  const offsets = [{ topic: "orders", partition: 0, offset: 1 }];
  await commit(app, offsets);
  app.broker.groups.get("billing")!.members = [{ memberId: "m1", memberEpoch: 3 }];
  expect((await commit(app, offsets)).status).toBe(409);
  expect((await commit(app, offsets, {}, "?force=true")).status).toBe(200);
  expect((await commit(app, offsets, { memberId: "m1", memberEpoch: 3 })).status).toBe(200);
  expect((await commit(app, offsets, { memberId: "m2", memberEpoch: 3 })).status).toBe(404);
  expect((await commit(app, offsets, { memberId: "m1" })).status).toBe(400);
});

test.each([
  ["earliest", 0],
  ["latest", 5],
  [{ offset: 3 }, 3],
  [{ timestamp: 1004 }, 4],
  [{ shiftBy: -1 }, 1],
])("resets to %j", async (to, expected) => {
  const app = await appWithTopic();
  await produceN(app, 5);
  await commit(app, [{ topic: "orders", partition: 0, offset: 2 }]);
  const reset = (dryRun: boolean) => app.send("POST", "/v1/groups/billing/reset", { topic: "orders", partition: 0, to, dryRun });
  const answer = { dryRun: true, offsets: [{ topic: "orders", partition: 0, from: 2, to: expected }] };
  expect(await (await reset(true)).json()).toEqual(answer);
  expect(app.broker.groups.get("billing")!.offsets.get("orders/0")!.offset).toBe(2);
  expect(await (await reset(false)).json()).toEqual({ ...answer, dryRun: false });
  expect(app.broker.groups.get("billing")!.offsets.get("orders/0")!.offset).toBe(expected);
});

test.each([{ to: "middle" }, { to: {} }, { to: { offset: 1, timestamp: 1 } }, { to: { offset: -1 } }, {}])(
  "refuses to reset by %j",
  async (body) => {
    const app = await appWithTopic();
    expect((await app.send("POST", "/v1/groups/billing/reset", { topic: "orders", ...body })).status).toBe(400);
  },
);

test("a reset that no partition took is a problem that tells of each", async () => {
  const app = await appWithTopic();
  const response = await app.send("POST", "/v1/groups/billing/reset", { topic: "orders", partition: 7, to: "latest" });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ offsets: [{ partition: 7, from: null, to: -1, code: "UNKNOWN_TOPIC_OR_PARTITION" }] });
});

test("deletes an empty group, and no other", async () => {
  const app = await appWithTopic();
  await commit(app, [{ topic: "orders", partition: 0, offset: 1 }]);
  app.broker.groups.get("billing")!.members = [{ memberId: "m1", memberEpoch: 1 }];
  const remove = () => app.request("/v1/groups/billing", { method: "DELETE" });
  expect((await remove()).status).toBe(409);
  app.broker.groups.get("billing")!.members = [];
  expect((await remove()).status).toBe(204);
  expect((await remove()).status).toBe(404);
  expect((await app.get("/v1/groups/billing")).status).toBe(404);
});

test("a member's fetch commits what it lists, and each record has its place", async () => {
  const app = await appWithTopic();
  const path = "/v1/groups/billing/fetch";
  const body = { topics: ["orders"], memberId: "m", memberEpoch: 1, commit: [{ topic: "orders", partition: 0, offset: 0 }] };
  const fetched = (await (await app.send("POST", path, body)).json()) as Record<string, unknown[]>;
  expect(fetched.commits).toEqual([{ topic: "orders", partition: 0 }]);
  expect(fetched.positions).toContainEqual({ topic: "orders", partition: 0, offset: expect.any(Number) });
  expect(fetched.endOffsets).toEqual(fetched.positions); // all of it was read
  for (const record of fetched.records!) expect(record).toMatchObject({ topic: "orders", partition: expect.any(Number) });
  expect((await app.send("POST", path, { ...body, memberEpoch: undefined })).status).toBe(400);
  expect((await app.send("POST", path, {})).status).toBe(400);
  expect((await app.send("DELETE", "/v1/groups/billing/members/m1", "")).status).toBe(404);
});

import { expect, test } from "vitest";
import { appWithTopic, produceN, testApp } from "../../../support/http.ts";

test("makes, lists, describes, changes and deletes a topic", async () => {
  const app = testApp();
  const made = await app.send("POST", "/v1/topics", { name: "orders", partitions: 2, configs: { "retention.ms": 1000 } });
  expect(made.status).toBe(201);
  expect(made.headers.get("location")).toBe("/v1/topics/orders");
  expect(await made.json()).toMatchObject({ name: "orders", partitions: 2, configs: { "retention.ms": "1000" } });

  const listed = await app.get("/v1/topics?prefix=or&limit=10");
  expect(await listed.json()).toMatchObject({ topics: [{ name: "orders", partitions: 2 }], nextCursor: null });

  const changed = await app.send("PATCH", "/v1/topics/orders", { partitions: 3, configs: { "retention.ms": null } });
  expect(await changed.json()).toMatchObject({ partitions: 3, configs: {} });

  const described = await app.get("/v1/topics/orders");
  const { partitions } = (await described.json()) as { partitions: object[] };
  expect(partitions).toHaveLength(3);
  expect(partitions[2]).toEqual({ partition: 2, logStartOffset: 0, highWatermark: 0, lastStableOffset: 0, leaderEpoch: 1, sizeBytes: 0 });

  expect((await app.send("DELETE", "/v1/topics/orders", "")).status).toBe(204);
  expect((await app.get("/v1/topics/orders")).status).toBe(404);
});

test("pages through topics by cursor", async () => {
  const app = testApp();
  for (const name of ["a", "b", "c"]) await app.broker.createTopic({ name });
  const first = (await (await app.get("/v1/topics?limit=2")).json()) as { topics: { name: string }[]; nextCursor: string };
  expect(first.topics.map(({ name }) => name)).toEqual(["a", "b"]);
  const second = (await (await app.get(`/v1/topics?limit=2&cursor=${first.nextCursor}`)).json()) as typeof first;
  expect(second).toMatchObject({ topics: [{ name: "c" }], nextCursor: null });
});

test("validateOnly changes nothing", async () => {
  const app = testApp();
  expect((await app.send("POST", "/v1/topics?validateOnly=true", { name: "orders" })).status).toBe(200);
  expect(app.broker.topics.size).toBe(0);
});

test.each([
  [{ name: ".." }, 400, "INVALID_TOPIC_EXCEPTION"],
  [{ name: "a b" }, 400, "INVALID_TOPIC_EXCEPTION"],
  [{}, 400, "INVALID_TOPIC_EXCEPTION"],
  [{ name: "a", partitions: 0 }, 400, "INVALID_PARTITIONS"],
  [{ name: "a", partitions: 1.5 }, 400, "INVALID_PARTITIONS"],
  [{ name: "a", configs: { "retention.ms": {} } }, 400, "INVALID_CONFIG"],
  [{ name: "a", configs: { "1": "x" } }, 400, "INVALID_CONFIG"],
  [{ name: "a", partition: 3 }, 400, "INVALID_REQUEST"],
  [{ name: "orders" }, 409, "TOPIC_ALREADY_EXISTS"],
])("refuses to make %j", async (body, status, code) => {
  const app = await appWithTopic();
  const response = await app.send("POST", "/v1/topics", body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status, code });
});

test("tells a partition that could not be asked", async () => {
  const app = await appWithTopic();
  const broken = { partition: 1, error: "LEADER_NOT_AVAILABLE", detail: "moving" } as const;
  const describe = app.broker.describeTopic.bind(app.broker);
  app.broker.describeTopic = async (name) => {
    const described = await describe(name);
    return "topic" in described ? { ...described, partitions: [described.partitions[0]!, broken] } : described;
  };
  const response = await app.get("/v1/topics/orders");
  expect(await response.json()).toMatchObject({
    partitions: [
      { partition: 0, highWatermark: 0 },
      { partition: 1, code: "LEADER_NOT_AVAILABLE", errorCode: 5, detail: "moving" },
    ],
  });
});

test.each([
  ["earliest", 0, -1],
  ["latest", 3, -1],
  ["maxTimestamp", 2, 1002],
  ["1001", 1, 1001],
  ["5000", -1, -1],
])("finds the offset of %s", async (timestamp, offset, found) => {
  const app = await appWithTopic();
  await produceN(app, 3);
  const response = await app.get(`/v1/topics/orders/partitions/0/offsets?timestamp=${timestamp}`);
  expect(await response.json()).toEqual({
    offset,
    timestamp: found,
    leaderEpoch: 1,
    logStartOffset: 0,
    highWatermark: 3,
    lastStableOffset: 3,
  });
});

// /v1/share-groups over a broker in memory: pulls, settlements, settings, and what is refused.

import { expect, test } from "vitest";
import { testApp } from "../../../support/http.ts";
import { until } from "../../../support/until.ts";

const CONTENT = { "content-type": "application/json" };

interface LeasedJson {
  readonly leaseId: string;
  readonly value: string;
}

/** What the answers have that tests look at by name. */
interface Answer {
  readonly records: LeasedJson[];
  readonly leaseDeadline: number | null;
  readonly leaseMs: number | null;
  readonly partitions: readonly { readonly acquired: number }[];
}

async function start(...values: string[]) {
  const app = testApp();
  await app.broker.createTopic({ name: "t", partitions: 2 });
  if (values.length > 0) await produce(app, ...values);
  return app;
}

async function produce(app: ReturnType<typeof testApp>, ...values: string[]): Promise<void> {
  const records = values.map((value) => ({ key: "k", value, partition: 0 }));
  expect((await app.send("POST", "/v1/topics/t/records", { records })).status).toBe(200);
}

async function json(response: Promise<Response>, status = 200) {
  const answered = await response;
  const body = (await answered.json()) as Answer;
  expect(answered.status, JSON.stringify(body)).toBe(status);
  return body;
}

type App = Awaited<ReturnType<typeof start>>;
const pull = (app: App, body: object = {}, status = 200) =>
  json(app.send("POST", "/v1/share-groups/g/pull", { topics: ["t"], ...body }), status);
const ack = (app: App, body: object, status = 200) => json(app.send("POST", "/v1/share-groups/g/ack", body), status);

test("the first pull of a new group gets what there is, each record with a lease of its own", async () => {
  const app = await start("a", "b");
  const { records, leaseDeadline, leaseMs } = await pull(app);
  expect(records).toMatchObject([
    { topic: "t", partition: 0, offset: 0, key: "k", value: "a", deliveryCount: 1 },
    { topic: "t", partition: 0, offset: 1, key: "k", value: "b", deliveryCount: 1 },
  ]);
  expect(records[0]!.leaseId).not.toBe(records[1]!.leaseId);
  expect(leaseDeadline).toBeGreaterThan(Date.now());
  expect(leaseMs).toBeGreaterThan(0);
  expect(leaseMs).toBeLessThanOrEqual(30_000);
  expect(await pull(app)).toEqual({ records: [], leaseDeadline: null, leaseMs: null, order: "none" });
});

test("what is acknowledged is done, what is released comes again with its count, what is rejected does not", async () => {
  const app = await start("a", "b", "c");
  const [a, b, c] = (await pull(app)).records as [LeasedJson, LeasedJson, LeasedJson];
  expect(await ack(app, { acks: [a.leaseId], releases: [{ leaseId: b.leaseId }], rejects: [c.leaseId] })).toEqual({ settled: 3 });
  expect((await pull(app)).records).toMatchObject([{ value: "b", deliveryCount: 2 }]);
  expect(await json(app.get("/v1/share-groups/g"))).toMatchObject({
    groupId: "g",
    partitions: [
      { topic: "t", partition: 0, startOffset: 1, endOffset: 3, highWatermark: 3, lag: 1, acquired: 1, acknowledged: 1, archived: 1 },
      { topic: "t", partition: 1, startOffset: 0, endOffset: 0, lag: 0 },
    ],
  });
});

test("a lease that does not count is refused by itself; where all are, the answer is a problem", async () => {
  const app = await start("a", "b");
  const [a, b] = (await pull(app)).records as [LeasedJson, LeasedJson];
  await ack(app, { acks: [a.leaseId] });
  const some = await ack(app, { acks: [a.leaseId, b.leaseId] });
  expect(some).toMatchObject({ settled: 1, errors: [{ leaseId: a.leaseId, code: "INVALID_RECORD_STATE", errorCode: 121 }] });
  for (const leaseId of [b.leaseId, "nonsense", b.leaseId.replace(/.$/, (last) => (last === "A" ? "B" : "A"))]) {
    expect(await ack(app, { acks: [leaseId] }, 409)).toMatchObject({ code: "INVALID_RECORD_STATE", errors: [{ leaseId }] });
  }
});

test("a forged lease makes no share partition", async () => {
  const app = await start("a");
  const [a] = (await pull(app)).records as [LeasedJson];
  const bytes = Uint8Array.from(atob(a.leaseId.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  bytes[20] = bytes[20]! ^ 0xff; // of the topic's id
  const forged = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
  expect(await ack(app, { acks: [forged] }, 409)).toMatchObject({ code: "INVALID_RECORD_STATE" });
});

test("gets as many records as are wanted and no more, from whichever partitions have them", async () => {
  const app = await start();
  const inPartition = (partition: number, count: number) => Array.from({ length: count }, () => ({ key: null, value: "v", partition }));
  await app.send("POST", "/v1/topics/t/records", { records: inPartition(1, 3) });
  expect((await pull(app, { maxRecords: 1 })).records).toMatchObject([{ partition: 1, offset: 0 }]);
  expect((await pull(app, { maxRecords: 2 })).records).toMatchObject([{ offset: 1 }, { offset: 2 }]);
  await app.send("POST", "/v1/topics/t/records", { records: [...inPartition(0, 5), ...inPartition(1, 5)] });
  expect((await pull(app, { maxRecords: 3 })).records).toHaveLength(3);
  expect((await pull(app, { maxRecords: 100 })).records).toHaveLength(7);
});

test("hands out no more bytes than are wanted, but one record at least", async () => {
  const app = await start("x".repeat(100), "y".repeat(100), "z".repeat(100));
  expect((await pull(app, { maxBytes: 410 })).records).toHaveLength(2);
  expect((await pull(app, { maxBytes: 1 })).records).toHaveLength(1);
});

test("a pull waits for a record, and for one that is given back", async () => {
  const app = await start();
  const first = pull(app, { maxWaitMs: 30_000 });
  await produce(app, "a");
  const [a] = (await first).records as [LeasedJson];
  expect(a).toMatchObject({ value: "a" });
  const second = pull(app, { maxWaitMs: 30_000 });
  await until("the second pull waits", async () => (await json(app.get("/v1/share-groups/g"))).partitions[0]!.acquired === 1);
  await ack(app, { releases: [{ leaseId: a.leaseId }] });
  expect((await second).records).toMatchObject([{ value: "a", deliveryCount: 2 }]);
});

test("a pull waits for the end of another's lease", async () => {
  const app = await start("a");
  await pull(app, { leaseMs: 100 });
  expect((await pull(app, { maxWaitMs: 30_000 })).records).toMatchObject([{ value: "a", deliveryCount: 2 }]);
});

test("a group that has as much under way as it may takes more once some is settled, and wakes who waits", async () => {
  const app = await start("a", "b");
  await json(app.send("PUT", "/v1/share-groups/g", { maxInFlight: 1 }));
  const [a] = (await pull(app)).records as [LeasedJson];
  const waiting = pull(app, { maxWaitMs: 30_000 });
  expect(await pull(app, { maxWaitMs: 50 })).toEqual({ records: [], leaseDeadline: null, leaseMs: null, order: "none" });
  await ack(app, { acks: [a.leaseId] });
  expect((await waiting).records).toMatchObject([{ value: "b", deliveryCount: 1 }]);
});

test("order by key hands out one record of a key at a time", async () => {
  const app = await start();
  expect(await json(app.send("PUT", "/v1/share-groups/g", { order: "key" }))).toMatchObject({
    groupId: "g",
    settings: { order: "key", maxDeliveries: 5 },
  });
  await produce(app, "a", "b");
  const [a, ...others] = (await pull(app)).records as [LeasedJson, ...LeasedJson[]];
  expect([a.value, others]).toEqual(["a", []]);
  expect(await pull(app)).toMatchObject({ records: [], order: "key" });
  await ack(app, { acks: [a.leaseId] });
  expect((await pull(app)).records).toMatchObject([{ value: "b" }]);
  expect(await pull(app, { order: "none" }, 400)).toMatchObject({ code: "INVALID_REQUEST" });
});

test("a reset delivers again, and voids leases", async () => {
  const app = await start("a", "b");
  const [a, b] = (await pull(app)).records as [LeasedJson, LeasedJson];
  await ack(app, { acks: [a.leaseId] });
  const reset = (dryRun: boolean) =>
    json(app.send("POST", "/v1/share-groups/g/reset", { topic: "t", partition: 0, to: "earliest", dryRun }));
  const moved = [{ topic: "t", partition: 0, from: 1, to: 0 }];
  expect(await reset(true)).toEqual({ dryRun: true, offsets: moved });
  expect((await pull(app)).records).toEqual([]);
  expect(await reset(false)).toEqual({ dryRun: false, offsets: moved });
  expect(await ack(app, { acks: [b.leaseId] }, 409)).toMatchObject({ code: "INVALID_RECORD_STATE" });
  expect((await pull(app)).records).toMatchObject([{ value: "a" }, { value: "b" }]);
});

test("a deleted group is in no list, its leases are void, and the next pull begins anew", async () => {
  const app = await start("a");
  const [a] = (await pull(app)).records as [LeasedJson];
  expect(await json(app.get("/v1/share-groups"))).toEqual({ groups: [{ groupId: "g" }], nextCursor: null });
  expect((await app.request("/v1/share-groups/g", { method: "DELETE" })).status).toBe(204);
  expect(await json(app.get("/v1/share-groups"))).toEqual({ groups: [], nextCursor: null });
  expect(await json(app.get("/v1/share-groups/g"), 404)).toMatchObject({ code: "GROUP_ID_NOT_FOUND" });
  expect((await app.request("/v1/share-groups/g", { method: "DELETE" })).status).toBe(404);
  expect((await pull(app)).records).toMatchObject([{ value: "a", deliveryCount: 1 }]);
  expect(await ack(app, { acks: [a.leaseId] }, 409)).toMatchObject({ code: "INVALID_RECORD_STATE" });
});

test("refuses what contradicts itself or names what is not there, and does nothing of it", async () => {
  const app = await start("a");
  const [{ leaseId }] = (await pull(app)).records as [LeasedJson];
  expect(await ack(app, { acks: [leaseId], rejects: [leaseId] }, 400)).toMatchObject({ code: "INVALID_REQUEST" });
  expect(await ack(app, {}, 400)).toMatchObject({ code: "INVALID_REQUEST" });
  expect(await pull(app, { topics: ["missing"] }, 404)).toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
  expect(await pull(app, { maxRecords: 0 }, 400)).toMatchObject({ code: "INVALID_REQUEST" });
  const put = (body: object, status: number) => json(app.send("PUT", "/v1/share-groups/h", body), status);
  expect(await put({ deadLetterTopic: "missing" }, 404)).toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
  expect(await put({ nonsense: 1 }, 400)).toMatchObject({ code: "INVALID_REQUEST" });
  expect(await json(app.get("/v1/share-groups/h"), 404)).toMatchObject({ code: "GROUP_ID_NOT_FOUND" });
  await json(app.send("PUT", "/v1/share-groups/own", { deadLetterTopic: "t" }));
  expect(await json(app.send("POST", "/v1/share-groups/own/pull", { topics: ["t"] }), 400)).toMatchObject({ code: "INVALID_REQUEST" });
  expect(await ack(app, { acks: [leaseId] })).toEqual({ settled: 1 });
});

test("answers in MessagePack too", async () => {
  const app = await start("a");
  const headers = { accept: "application/msgpack", ...CONTENT };
  const answered = await app.send("POST", "/v1/share-groups/g/pull", { topics: ["t"] }, headers);
  expect([answered.status, answered.headers.get("content-type")]).toEqual([200, "application/msgpack"]);
});

test("a share group of its own has a filter, delays and a pause too, where it is told so", async () => {
  const app = await start("a", "b");
  const put = (settings: object, status = 200) => json(app.send("PUT", "/v1/share-groups/g", settings), status);
  await put({ filter: "value ==" }, 400);
  expect(await put({ filter: 'value == "b"' })).toMatchObject({ settings: { filter: 'value == "b"', delays: false, paused: false } });
  const headers = [{ key: "notBefore", value: "9999999999999" }];
  expect((await app.send("POST", "/v1/topics/t/records", { records: [{ value: "b", partition: 1, headers }] })).status).toBe(200);
  const { records } = await pull(app, { maxRecords: 2 });
  expect(records.map(({ value }) => value)).toEqual(["b", "b"]);
  await ack(app, { releases: records.map(({ leaseId }) => ({ leaseId })) });
  await put({ paused: true });
  expect((await pull(app)).records).toEqual([]);
  await put({ paused: false });
  expect((await pull(app)).records).toHaveLength(2);
});

test("a group begins at a time, or with what is not older than a duration", async () => {
  const app = await start();
  const HOUR_MS = 3_600_000;
  const records = [2, 0.5].map((hours) => ({ value: `${hours} h old`, partition: 0, timestamp: Math.round(Date.now() - hours * HOUR_MS) }));
  expect((await app.send("POST", "/v1/topics/t/records", { records })).status).toBe(200);
  const begin = async (groupId: string, autoOffsetReset: unknown) => {
    const { settings } = (await json(app.send("PUT", `/v1/share-groups/${groupId}`, { autoOffsetReset }))) as unknown as {
      settings: object;
    };
    expect(settings).toMatchObject({ autoOffsetReset });
    return (await json(app.send("POST", `/v1/share-groups/${groupId}/pull`, { topics: ["t"] }))).records.map(({ value }) => value);
  };
  expect(await begin("day", { duration: "P1D" })).toEqual(["2 h old", "0.5 h old"]);
  expect(await begin("hour", { duration: "PT1H" })).toEqual(["0.5 h old"]);
  expect(await begin("now", { duration: "PT0S" })).toEqual([]);
  expect(await begin("time", { timestamp: Date.now() - HOUR_MS })).toEqual(["0.5 h old"]);
  for (const bad of [{ duration: "1h" }, { duration: "PT1H", timestamp: 0 }, {}, "none"])
    await json(app.send("PUT", "/v1/share-groups/bad", { autoOffsetReset: bad }), 400);
});

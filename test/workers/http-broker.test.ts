// The HTTP listener over the real broker: the Worker as it is deployed, its objects and the core.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import worker from "../../src/index.ts";
import { core } from "../../src/objects/core.ts";
import { batchHeaders } from "../../src/record/record-batch.ts";
import { type Compression, encodeBatch } from "../../src/wasm/record-batches.ts";
import { request, send } from "./support/worker-request.ts";

async function makeTopic(name: string, partitions = 2): Promise<void> {
  expect((await send("/v1/topics", { name, partitions })).status).toBe(201);
}

test("what is produced is fetched, decoded and raw, and the raw batches can be produced again", async () => {
  await makeTopic("round-trip");
  const records = [
    { key: "u1", value: { clicks: 3 }, headers: [{ key: "h", value: "1" }], timestamp: 1760000000000, partition: 0 },
    { value: { base64: "//8=" }, partition: 0 },
    { value: { base64: "*" }, partition: 0 },
    { value: "other", partition: 1 },
  ];
  const produced = await send("/v1/topics/round-trip/records", { records, compression: "lz4" });
  expect(await produced.json()).toMatchObject({
    offsets: [
      [0, 0],
      [0, 1],
      [0, -1],
      [1, 0],
    ],
    errors: [{ index: 2 }],
  });

  const fetched = await request("/v1/topics/round-trip/partitions/0/records");
  expect(await fetched.json()).toMatchObject({
    records: [
      { offset: 0, timestamp: 1760000000000, key: "u1", value: '{"clicks":3}', headers: [{ key: "h", value: "1" }] },
      { offset: 1, key: null, value: { base64: "//8=" } },
    ],
    nextOffset: 2,
    highWatermark: 2,
  });

  const type = "application/vnd.kafka.record-batches";
  const raw = await request("/v1/topics/round-trip/partitions/0/records", { headers: { accept: type } });
  expect(raw.headers.get("x-next-offset")).toBe("2");
  const init = { method: "POST", body: await raw.arrayBuffer(), headers: { "content-type": type } };
  const again = await request("/v1/topics/round-trip/partitions/1/batches", init);
  expect(await again.json()).toEqual({ baseOffset: 1, count: 2, logStartOffset: 0 });
});

test("describes topics and commits offsets", async () => {
  await makeTopic("orders");
  await send("/v1/topics/orders/records", { records: [{ value: 1, partition: 0 }] });
  const described = (await (await request("/v1/topics/orders")).json()) as { configs: { name: string; source: string }[] };
  expect(described).toMatchObject({ partitions: [{ highWatermark: 1 }, { highWatermark: 0 }] });
  expect(described.configs.find(({ name }) => name === "retention.ms")).toMatchObject({
    source: "default",
    type: "long",
    honoured: true,
    doc: expect.stringContaining("How long records are kept"),
  });

  expect((await send("/v1/groups/billing/commit", { offsets: [{ topic: "orders", partition: 0, offset: 0 }] })).status).toBe(200);
  const offsets = await (await request("/v1/groups/billing/offsets")).json();
  expect(offsets).toMatchObject({ offsets: [{ topic: "orders", partition: 0, offset: 0, lag: 1 }] });
  const reset = await send("/v1/groups/billing/reset", { topic: "orders", partition: 0, to: "latest" });
  expect(await reset.json()).toEqual({ dryRun: false, offsets: [{ topic: "orders", partition: 0, from: 0, to: 1 }] });
});

test("a fetch that waits is answered by the produce that comes", async () => {
  await makeTopic("waiting", 1);
  const waiting = request("/v1/topics/waiting/partitions/0/records?maxWaitMs=30000");
  await send("/v1/topics/waiting/records", { records: [{ value: "now" }] });
  expect(await (await waiting).json()).toMatchObject({ records: [{ offset: 0, value: "now" }] });
});

test("follows a partition by events", async () => {
  await makeTopic("events", 1);
  const response = await request("/v1/topics/events/partitions/0/records", { headers: { accept: "text/event-stream" } });
  const reader = response.body!.getReader();
  for (let offset = 0; offset < 3; offset++) {
    const event = reader.read();
    await send("/v1/topics/events/records", { records: [{ value: "v" }] });
    expect(new TextDecoder().decode((await event).value)).toContain(`id: ${offset + 1}\n`);
  }
  await reader.cancel();
});

test("follows a topic over WebSocket, and the tail ends with the socket", async () => {
  await makeTopic("sockets");
  const context = createExecutionContext();
  const incoming = new Request<unknown, IncomingRequestCfProperties>("http://localhost/v1/topics/sockets/tail?offset=earliest", {
    headers: { upgrade: "websocket" },
  });
  const { webSocket } = await worker.fetch(incoming, { ...env, SLUICE_OPEN: "1" }, context);
  const messages: { partition: number; nextOffset: number }[] = [];
  const { promise: both, resolve } = Promise.withResolvers<void>();
  webSocket!.addEventListener("message", ({ data }) => {
    messages.push(JSON.parse(data as string));
    if (messages.length === 2) resolve();
  });
  webSocket!.accept();
  await send("/v1/topics/sockets/records", {
    records: [
      { value: "a", partition: 0 },
      { value: "b", partition: 1 },
    ],
  });
  await both;
  expect(messages.map(({ partition }) => partition).sort()).toEqual([0, 1]);
  webSocket!.close(1000);
  await waitOnExecutionContext(context);
});

test("a JSON line stream keeps its order", async () => {
  await makeTopic("lines", 1);
  const body = Array.from({ length: 2500 }, (_, i) => `{"value":${i}}\n`).join("");
  const produced = await request("/v1/topics/lines/records", { method: "POST", body, headers: { "content-type": "application/x-ndjson" } });
  const answers = new TextDecoder()
    .decode(await produced.arrayBuffer())
    .trim()
    .split("\n");
  const counts = answers.map((line) => (JSON.parse(line) as { count: number }).count);
  expect(counts.reduce((sum, count) => sum + count)).toBe(2500);
  const fetched = (await (await request("/v1/topics/lines/partitions/0/records")).json()) as { records: { value: string }[] };
  expect(fetched.records.map(({ value }) => Number(value))).toEqual(Array.from({ length: 2500 }, (_, i) => i));
});

test.each([
  ["producer", "lz4", 3],
  ["producer", "none", 0],
  ["uncompressed", "gzip", 0],
  ["zstd", "none", 4],
  ["gzip", "snappy", 1],
])("a topic of compression.type %s stores what came as %s in codec %d, as records and as batches", async (type, compression, codec) => {
  const name = `stored-${type}-${compression}`;
  expect((await send("/v1/topics", { name, configs: { "compression.type": type } })).status).toBe(201);
  const values = Array.from({ length: 20 }, (_, index) => ({
    value: `v${index}`.repeat(20),
    headers: [{ key: "h", value: String(index) }],
  }));
  expect((await send(`/v1/topics/${name}/records`, { records: values, compression })).status).toBe(200);

  const sent = encodeBatch(
    core,
    values.map(({ value, headers }, index) => ({ key: null, value, headers, timestamp: Date.now() - index })),
    { compression: compression as Compression, producerId: 5, producerEpoch: 1, baseSequence: 0 },
  );
  const batches = "application/vnd.kafka.record-batches";
  const produce = () =>
    request(`/v1/topics/${name}/partitions/0/batches`, { method: "POST", body: sent, headers: { "content-type": batches } });
  expect(await (await produce()).json()).toMatchObject({ baseOffset: 20, count: 20 });
  expect(await (await produce()).json()).toMatchObject({ baseOffset: 20 }); // a repeat, recognised in another codec too

  const raw = await request(`/v1/topics/${name}/partitions/0/records`, { headers: { accept: batches } });
  const stored = [...batchHeaders(new Uint8Array(await raw.arrayBuffer()))];
  expect(stored.map(({ attributes }) => attributes & 7)).toEqual([codec, codec]);
  expect(stored[1]).toMatchObject({ baseOffset: 20, producerId: 5, producerEpoch: 1, baseSequence: 0, recordCount: 20 });
  const { records } = (await (await request(`/v1/topics/${name}/partitions/0/records`)).json()) as { records: object[] };
  expect(records.map((record) => ({ ...record, offset: 0, timestamp: 0 }))).toEqual(
    [...values, ...values].map((record) => ({ key: null, ...record, offset: 0, timestamp: 0 })),
  );
});

test("batches are held to max.message.bytes as they come and as they are stored", async () => {
  await send("/v1/topics", { name: "stored-size", configs: { "compression.type": "uncompressed", "max.message.bytes": 1000 } });
  const produce = (compression: Compression) => {
    const body = encodeBatch(core, [{ key: null, value: "v".repeat(2000), timestamp: Date.now() }], { compression });
    const headers = { "content-type": "application/vnd.kafka.record-batches" };
    return request("/v1/topics/stored-size/partitions/0/batches", { method: "POST", body, headers });
  };
  for (const compression of ["none", "zstd"] as const) {
    const refused = await produce(compression);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ code: "MESSAGE_TOO_LARGE", detail: expect.stringContaining("max.message.bytes is 1000") });
  }
});

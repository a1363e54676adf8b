// The HTTP listener inside workerd: what Node cannot show. WebSockets, the platform's streams, timingSafeEqual, and libraries that must
// not make code at run time.

import type { ExecutionContext } from "hono";
import { pack, unpack } from "msgpackr";
import { beforeEach, expect, test } from "vitest";
import { createHttpApp } from "../../src/listeners/http/app.ts";
import { core } from "../../src/objects/core.ts";
import { JsonWriter } from "../../src/wasm/json-writer.ts";
import { MemoryBroker } from "../support/memory-broker.ts";
import { plainCodec } from "../support/plain-batches.ts";

const CONTEXT: ExecutionContext = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} };
const RECORDS = "/v1/topics/orders/partitions/0/records";
const TAIL = "/v1/topics/orders/partitions/0/tail";

let broker: MemoryBroker;

beforeEach(async () => {
  broker = new MemoryBroker();
  await broker.createTopic({ name: "orders", partitions: 2 });
});

async function request(path: string, init: RequestInit = {}, token: string | null = null): Promise<Response> {
  const app = createHttpApp<object>({
    broker: () => broker,
    settings: () => ({ adminToken: token, open: token === null, version: "0.0.0-test" }),
    codec: plainCodec,
    json: new JsonWriter(core),
    openKafkaSocket: () => () => Promise.reject(new Error("not asked for")),
    topicConfigs: () => [],
  });
  return app.fetch(new Request(`http://localhost${path}`, init), {}, CONTEXT);
}

async function produce(values: string[], partition = 0): Promise<void> {
  const records = values.map((value) => ({ key: null, value, partition, timestamp: 1 }));
  await broker.produce({ topic: "orders", compression: "none", records });
}

/** A socket's messages and its close, one by one. */
async function openSocket(path: string) {
  const response = await request(path, { headers: { upgrade: "websocket" } });
  expect(response.status).toBe(101);
  expect(response.headers.get("x-request-id")).not.toBeNull();
  const socket = response.webSocket!;
  socket.binaryType = "arraybuffer";
  const queue: unknown[] = [];
  let wake = () => {};
  const push = (item: unknown) => {
    queue.push(item);
    wake();
  };
  socket.addEventListener("message", ({ data }) => push(data));
  socket.addEventListener("close", ({ code, reason }) => push({ code, reason }));
  socket.accept();
  const next = async (): Promise<unknown> => {
    while (queue.length === 0) {
      const more = Promise.withResolvers<void>();
      wake = more.resolve;
      await more.promise;
    }
    return queue.shift();
  };
  return { socket, next, nextJson: async () => JSON.parse((await next()) as string) as unknown };
}

test("validates, and answers problems, without code made at run time", async () => {
  const bad = await request("/v1/topics", { method: "POST", body: '{"name":"a b"}', headers: { "content-type": "application/json" } });
  expect(await bad.json()).toMatchObject({ status: 400, code: "INVALID_TOPIC_EXCEPTION" });
  expect(((await (await request("/openapi.json")).json()) as { openapi: string }).openapi).toBe("3.1.0");
});

test("reads and writes MessagePack", async () => {
  const type = { "content-type": "application/msgpack", accept: "application/msgpack" };
  const records = Array.from({ length: 50 }, (_, i) => ({
    key: new Uint8Array([i]),
    value: { i },
    partition: 0,
    timestamp: 1760000000000,
  }));
  const produced = await request("/v1/topics/orders/records", { method: "POST", body: pack({ records }), headers: type });
  expect(unpack(new Uint8Array(await produced.arrayBuffer()))).toMatchObject({ results: [{ partition: 0, baseOffset: 0, count: 50 }] });
  const fetched = await request(RECORDS, { headers: type });
  const body = unpack(new Uint8Array(await fetched.arrayBuffer())) as {
    records: { key: Uint8Array; value: Uint8Array; timestamp: bigint }[];
  };
  expect(body.records).toHaveLength(50);
  expect([...body.records[7]!.key]).toEqual([7]);
  expect(new TextDecoder().decode(body.records[7]!.value)).toBe('{"i":7}');
  expect(Number(body.records[7]!.timestamp)).toBe(1760000000000);
});

test("refuses hostile MessagePack", async () => {
  for (const bytes of [[0xdd, 0xff, 0xff, 0xff, 0xff], new Array(100_000).fill(0x91), [0xc1], [0x80, 0x80]]) {
    const response = await request("/v1/fetch", {
      method: "POST",
      body: new Uint8Array(bytes),
      headers: { "content-type": "application/msgpack" },
    });
    expect(response.status).toBe(400);
  }
});

test("compares tokens", async () => {
  const status = async (token: string) =>
    (await request("/v1/cluster", { headers: { authorization: `Bearer ${token}` } }, "s3cret")).status;
  expect(await status("s3cret")).toBe(200);
  expect(await status("s3cre")).toBe(401);
  expect(await status("x3cret")).toBe(401);
});

test("keeps every digit of a number that a double cannot hold", async () => {
  const body = '{"records":[{"partition":0,"value":{"id":12345678901234567890}}]}';
  await request("/v1/topics/orders/records", { method: "POST", body, headers: { "content-type": "application/json" } });
  const fetched = await request(`${RECORDS}?encoding=json`);
  expect(await fetched.text()).toContain('"value":{"id":12345678901234567890}');
});

test("streams events, and ends the tail when the client goes", async () => {
  await produce(["a"]);
  const response = await request(RECORDS, { headers: { accept: "text/event-stream" } });
  const reader = response.body!.getReader();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  expect(await read()).toBe('id: 1\ndata: {"offset":0,"timestamp":1,"key":null,"value":"a","headers":[]}\n\n');
  const next = read();
  await produce(["b"]);
  expect(await next).toContain("id: 2\n");
  await reader.cancel();
});

test("answers JSON lines while the request is open", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const init = { method: "POST", body: readable, headers: { "content-type": "application/x-ndjson" } };
  const reader = (await request("/v1/topics/orders/records", init)).body!.getReader();
  for (let offset = 0; offset < 3; offset++) {
    const answer = reader.read();
    await writer.write(new TextEncoder().encode('{"value":1,"partition":0}\n'));
    expect(JSON.parse(new TextDecoder().decode((await answer).value))).toMatchObject({ results: [{ baseOffset: offset }], count: 1 });
  }
  await writer.close();
  expect((await reader.read()).done).toBe(true);
});

test("takes a body that is compressed", async () => {
  const body = new Blob(['{"records":[{"value":1}]}']).stream().pipeThrough(new CompressionStream("gzip"));
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  expect((await request("/v1/topics/orders/records", { method: "POST", body, headers })).status).toBe(200);
});

test("follows a partition over WebSocket", async () => {
  await produce(["a", "b"]);
  const { socket, nextJson, next } = await openSocket(`${TAIL}?offset=1`);
  const record = { offset: 1, timestamp: 1, key: null, value: "b", headers: [] };
  expect(await nextJson()).toEqual({ records: [record], partition: 0, nextOffset: 2, highWatermark: 2 });
  await produce(["c"]);
  expect(await nextJson()).toMatchObject({ records: [{ offset: 2, value: "c" }], nextOffset: 3 });
  socket.send("ping");
  expect(await next()).toBe("pong");
  socket.close();
});

test("starts a tail at the latest record unless told", async () => {
  await produce(["old"]);
  const { socket, nextJson } = await openSocket(TAIL);
  await produce(["new"]);
  expect(await nextJson()).toMatchObject({ records: [{ offset: 1, value: "new" }] });
  socket.close();
});

test("sends MessagePack messages on request", async () => {
  await produce(["a"]);
  const { socket, next } = await openSocket(`${TAIL}?offset=earliest&format=msgpack`);
  const message = unpack(new Uint8Array((await next()) as ArrayBuffer)) as { records: { value: Uint8Array }[]; partition: number };
  expect(message).toMatchObject({ partition: 0, nextOffset: 1, highWatermark: 1 });
  expect(new TextDecoder().decode(message.records[0]!.value)).toBe("a");
  socket.close();
});

test("follows all partitions of a topic from their positions", async () => {
  await produce(["a", "b"], 0);
  await produce(["c", "d"], 1);
  const { socket, nextJson } = await openSocket("/v1/topics/orders/tail?positions=1:1&offset=earliest");
  expect(await nextJson()).toMatchObject({ partition: 0, records: [{ value: "a" }, { value: "b" }] });
  expect(await nextJson()).toMatchObject({ partition: 1, records: [{ value: "d" }] });
  socket.close();
});

test("a failure is a last message and a close code", async () => {
  const { next, nextJson } = await openSocket(`${TAIL}?offset=7`);
  expect(await nextJson()).toMatchObject({ status: 416, code: "OFFSET_OUT_OF_RANGE", partition: 0, highWatermark: 0 });
  expect(await next()).toEqual({ code: 4416, reason: "OFFSET_OUT_OF_RANGE" });
});

test("a topic that is deleted ends its tails", async () => {
  const { next, nextJson } = await openSocket(TAIL);
  await new Promise((resolve) => setTimeout(resolve, 0));
  await broker.deleteTopic("orders");
  expect(await nextJson()).toMatchObject({ status: 404, code: "UNKNOWN_TOPIC_OR_PARTITION" });
  expect(await next()).toMatchObject({ code: 4404 });
});

test("a client that closes ends the broker's tail", async () => {
  const { socket, nextJson } = await openSocket(`${TAIL}?offset=earliest`);
  await produce(["a"]);
  await nextJson();
  socket.close(1000);
  await Promise.all(broker.background); // the pump is there, and ends
  expect(broker.background).toHaveLength(1);
});

test("tells what a tail is wrong with before it opens", async () => {
  const upgrade = { headers: { upgrade: "websocket" } };
  expect((await request("/v1/topics/none/tail", upgrade)).status).toBe(404);
  expect((await request("/v1/topics/orders/partitions/2/tail", upgrade)).status).toBe(404);
  expect((await request("/v1/topics/orders/tail?positions=2:0", upgrade)).status).toBe(404);
  expect((await request(TAIL)).status).toBe(426);
});

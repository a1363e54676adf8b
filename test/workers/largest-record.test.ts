// A record of 16 MiB over HTTP, in every form of produce and of fetch, from the partition's rows and from the archive.

import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { unpack } from "msgpackr";
import { Packr } from "msgpackr/pack";
import { beforeAll, describe, expect, test } from "vitest";
import type { TopicMetadata } from "../../src/broker/ports.ts";
import { MAX_BODY_BYTES } from "../../src/common/limits/http.ts";
import { MAX_BATCH_BYTES } from "../../src/common/limits/records.ts";
import worker from "../../src/index.ts";
import { core } from "../../src/objects/core.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { seededRandom } from "../support/random.ts";
import { aTopic, objectOf } from "./support/partition.ts";
import { request, send } from "./support/worker-request.ts";

const SIZE = 16 << 20;
const BATCHES = "application/vnd.kafka.record-batches";
const LARGE = { "max.message.bytes": String(MAX_BATCH_BYTES) };

/** ASCII of four bits a byte, so that no codec makes it small; it begins with its name. */
function largeText(name: string, seed: number): string {
  const random = seededRandom(seed);
  const block = Array.from({ length: 1 << 16 }, () => String.fromCharCode(97 + Math.floor(random() * 16))).join("");
  return (name + block.repeat(SIZE / block.length)).slice(0, SIZE);
}

const pathOf = (topic: TopicMetadata, rest: string): string => `/v1/topics/${topic.name}/${rest}`;

function post(path: string, body: BodyInit, type: string): Promise<Response> {
  return request(path, { method: "POST", body, headers: { "content-type": type } });
}

const batchOf = (value: string): ArrayBuffer =>
  encodeBatch(core, [{ key: "k", value, timestamp: Date.now() }], { compression: "none" }).buffer;

/** Each form writes one record of 16 MiB to partition 0. */
const FORMS: [string, (topic: TopicMetadata, value: string) => Promise<Response>][] = [
  ["raw", (topic, value) => post(pathOf(topic, "records?partition=0"), value, "application/octet-stream")],
  ["json", (topic, value) => send(pathOf(topic, "records"), { records: [{ value, partition: 0 }] })],
  ["base64", (topic, value) => send(pathOf(topic, "records"), { records: [{ value: { base64: btoa(value) }, partition: 0 }] })],
  ["msgpack", (topic, value) => post(pathOf(topic, "records"), packed({ records: [{ value, partition: 0 }] }), "application/msgpack")],
  ["ndjson", (topic, value) => post(pathOf(topic, "records"), `${JSON.stringify({ value, partition: 0 })}\n`, "application/x-ndjson")],
  ["batches", (topic, value) => post(pathOf(topic, "partitions/0/batches"), batchOf(value), BATCHES)],
  ["zstd", (topic, value) => post(pathOf(topic, "records?partition=0&compression=zstd"), value, "text/plain")],
];

function packed(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Packr({ useRecords: false }).pack(value));
}

const values = FORMS.map(([name], index) => largeText(name, index));

let topic: TopicMetadata;

beforeAll(async () => {
  topic = await aTopic({ ...LARGE, "segment.bytes": String(40 << 20) });
});

/** Compared so that a difference does not print 16 MiB. */
function expectValue(value: string | undefined, offset: number): void {
  expect(value?.slice(0, 20)).toBe(values[offset]!.slice(0, 20));
  expect(value === values[offset]).toBe(true);
}

test.each(FORMS)("produce as %s", async (name, produce) => {
  const offset = FORMS.findIndex(([other]) => other === name);
  const response = await produce(topic, values[offset]!);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain(`"baseOffset":${offset}`);
});

describe.each(["rows", "the archive"])("from %s", (place) => {
  beforeAll(async () => {
    if (place === "rows") return;
    await post(pathOf(topic, "records?partition=0"), new Uint8Array(SIZE), "text/plain"); // begins another segment: all before are sealed
    await runInDurableObject(objectOf(topic), (object) => object.alarm());
    const { segments } = (await (await request(pathOf(topic, "partitions/0/segments"))).json()) as { segments: { place: string }[] };
    expect(segments.map((segment) => segment.place)).toEqual(["archived", "archived", "archived", "active"]);
  });

  test("fetch as JSON, each record whatever maxBytes says", async () => {
    for (const offset of values.keys()) {
      const response = await request(pathOf(topic, `partitions/0/records?offset=${offset}&maxBytes=1&maxRecords=1`));
      const { records } = (await response.json()) as { records: { offset: number; value: string }[] };
      expect(records.map((record) => record.offset)).toEqual([offset]);
      expectValue(records[0]!.value, offset);
    }
  });

  test("fetch as base64", async () => {
    const response = await request(pathOf(topic, "partitions/0/records?offset=1&encoding=base64&maxRecords=1"));
    const { records } = (await response.json()) as { records: { value: { base64: string } }[] };
    expectValue(atob(records[0]!.value.base64), 1);
  });

  test("fetch as MessagePack", async () => {
    const headers = { accept: "application/msgpack" };
    const response = await request(pathOf(topic, "partitions/0/records?offset=2&maxRecords=1"), { headers });
    const { records } = unpack(new Uint8Array(await response.arrayBuffer())) as { records: { value: Uint8Array }[] };
    expectValue(new TextDecoder().decode(records[0]!.value), 2);
  });

  test("fetch as stored batches, which can be produced again", async () => {
    const other = await aTopic(LARGE);
    const raw = await request(pathOf(topic, "partitions/0/records?offset=3&maxRecords=1"), { headers: { accept: BATCHES } });
    const batches = await raw.arrayBuffer();
    expect(batches.byteLength).toBeGreaterThan(SIZE);
    expect((await post(pathOf(other, "partitions/0/batches"), batches, BATCHES)).status).toBe(200);
    const again = await request(pathOf(other, "partitions/0/records"));
    expectValue(((await again.json()) as { records: { value: string }[] }).records[0]!.value, 3);
  });

  test("fetch many", async () => {
    const response = await send("/v1/fetch", { partitions: [{ topic: topic.name, partition: 0, offset: 4 }], maxRecords: 1 });
    const { partitions } = (await response.json()) as { partitions: { records: { value: string }[] }[] };
    expectValue(partitions[0]!.records[0]!.value, 4);
  });

  test("follow by events", async () => {
    const response = await request(pathOf(topic, "partitions/0/records?offset=5"), { headers: { accept: "text/event-stream" } });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n\n")) text += (await reader.read()).value ?? "";
    await reader.cancel();
    const data = text.split("\n").find((line) => line.startsWith("data: "))!;
    expectValue((JSON.parse(data.slice(6)) as { value: string }).value, 5);
  });

  test("follow over WebSocket", async () => {
    const incoming = new Request<unknown, IncomingRequestCfProperties>(`http://localhost${pathOf(topic, "partitions/0/tail?offset=6")}`, {
      headers: { upgrade: "websocket" },
    });
    const { webSocket } = await worker.fetch(incoming, { ...env, SLUICE_OPEN: "1" }, createExecutionContext());
    const { promise, resolve } = Promise.withResolvers<string>();
    webSocket!.addEventListener("message", ({ data }) => resolve(data as string));
    webSocket!.accept();
    const { records } = JSON.parse(await promise) as { records: { value: string }[] };
    webSocket!.close(1000);
    expectValue(records[0]!.value, 6);
  });

  test("the segments verify", async () => {
    const verified = await send(pathOf(topic, "partitions/0/segments/verify"), {});
    expect(await verified.json()).toMatchObject({ ok: true, nextCursor: null });
  });
});

test("a larger record is refused with the limit: the topic's, any topic's, or the body's", async () => {
  const byDefault = await aTopic();
  const cases: [Promise<Response>, string, number][] = [
    [post(pathOf(byDefault, "records"), new Uint8Array(2 << 20), "text/plain"), "MESSAGE_TOO_LARGE", 1_048_588],
    [post(pathOf(byDefault, "partitions/0/batches"), batchOf("x".repeat(2 << 20)), BATCHES), "MESSAGE_TOO_LARGE", 1_048_588],
    [post(pathOf(topic, "records"), new Uint8Array(17 << 20), "text/plain"), "MESSAGE_TOO_LARGE", MAX_BATCH_BYTES],
    [post(pathOf(topic, "records?compression=gzip"), new Uint8Array(20 << 20), "text/plain"), "MESSAGE_TOO_LARGE", MAX_BATCH_BYTES],
    [post(pathOf(topic, "partitions/0/batches"), batchOf("x".repeat(17 << 20)), BATCHES), "MESSAGE_TOO_LARGE", MAX_BATCH_BYTES],
    [post(pathOf(topic, "records"), new Uint8Array(MAX_BODY_BYTES + 1), "text/plain"), "RECORD_LIST_TOO_LARGE", MAX_BODY_BYTES],
  ];
  for (const [pending, code, limit] of cases) {
    const response = await pending;
    expect(response.status).toBe(413);
    const problem = (await response.json()) as { code: string; detail: string };
    expect(problem.code).toBe(code);
    expect(problem.detail).toContain(String(limit));
  }
});

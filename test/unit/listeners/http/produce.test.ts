import { gzipSync } from "node:zlib";
import { pack, unpack } from "msgpackr";
import { expect, test } from "vitest";
import { appWithTopic, type TestApp } from "../../../support/http.ts";
import { MemoryPartition } from "../../../support/memory-partition.ts";
import { encodePlainBatch, NO_LIMITS, plainCodec } from "../../../support/plain-batches.ts";

const PATH = "/v1/topics/orders/records";

interface Produced {
  results: { partition: number; baseOffset: number; count: number; code?: string }[];
  offsets?: [number, number][];
  errors?: { index: number; code: string; detail: string }[];
}

function log(app: TestApp, partition = 0): MemoryPartition {
  const found = app.broker.partition("orders", partition);
  if (!(found instanceof MemoryPartition)) throw new Error(found.detail);
  return found;
}

/** What partition 0 holds, bytes as text. */
function stored(app: TestApp) {
  const read = log(app).read("earliest", 1e9);
  if (!("batches" in read)) throw new Error(read.detail);
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));
  return plainCodec.decode(new Uint8Array(read.batches), 0, NO_LIMITS).records.map((record) => ({
    key: text(record.key),
    value: text(record.value),
    headers: record.headers.map(({ key, value }) => [key, text(value)]),
    timestamp: record.timestamp,
  }));
}

test("stores strings, JSON values, bytes and null as the contract says", async () => {
  const app = await appWithTopic();
  const values = ["text", { a: [1, null] }, 3, false, { base64: "aGk=" }, { base64: "aGk=", more: 1 }, { base64: 1 }, null];
  const records = [...values.map((value) => ({ value, partition: 0 })), { partition: 0 }];
  const response = await app.send("POST", PATH, { records });
  expect(response.status).toBe(200);
  expect(stored(app).map(({ value }) => value)).toEqual([
    "text",
    '{"a":[1,null]}',
    "3",
    "false",
    "hi",
    '{"base64":"aGk=","more":1}',
    '{"base64":1}',
    null,
    null,
  ]);
});

test("keeps every digit of a number that a double cannot hold", async () => {
  const app = await appWithTopic();
  const value = '{"id":12345678901234567890,"pi":3.14159265358979323846,"big":1e999,"plain":1.5}';
  await app.send("POST", PATH, `{"records":[{"partition":0,"value":${value}}]}`);
  expect(stored(app)[0]!.value).toBe(value);
});

test("stores keys, headers in order, and timestamps", async () => {
  const app = await appWithTopic();
  const headers = [
    { key: "a", value: "1" },
    { key: "b", value: null },
    { key: "a", value: { base64: "Mg==" } },
  ];
  await app.send("POST", PATH, { records: [{ key: "k", value: "v", headers, timestamp: 1760000000000, partition: 0 }] });
  expect(stored(app)).toEqual([
    {
      key: "k",
      value: "v",
      headers: [
        ["a", "1"],
        ["b", null],
        ["a", "2"],
      ],
      timestamp: 1760000000000,
    },
  ]);
});

test("answers offsets in the order of the records, and leaves them out on request", async () => {
  const app = await appWithTopic();
  const records = [0, 1, 0, 1, 1].map((partition) => ({ value: "v", partition }));
  const body = (await (await app.send("POST", PATH, { records })).json()) as Produced;
  expect(body).toEqual({
    results: [
      { partition: 0, baseOffset: 0, count: 2 },
      { partition: 1, baseOffset: 0, count: 3 },
    ],
    offsets: [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
      [1, 2],
    ],
  });
  const short = (await (await app.send("POST", `${PATH}?offsets=false`, { records })).json()) as Produced;
  expect(short.offsets).toBeUndefined();
});

test("a bad record does not fail the good ones", async () => {
  const app = await appWithTopic();
  const records = [
    { value: { base64: "***" }, partition: 1 },
    { value: "good", partition: 0 },
    { vaule: "typo" },
    7,
    { value: "v", timestamp: -1 },
    { value: "good too", partition: 0 },
    { value: "v", headers: [{ key: 1 }] },
  ];
  const response = await app.send("POST", PATH, { records });
  expect(response.status).toBe(200);
  const body = (await response.json()) as Produced;
  expect(body.offsets).toEqual([
    [1, -1],
    [0, 0],
    [-1, -1],
    [-1, -1],
    [-1, -1],
    [0, 1],
    [-1, -1],
  ]);
  expect(body.errors!.map(({ index, code, detail }) => [index, code, detail])).toEqual([
    [0, "INVALID_RECORD", "records[0].value.base64: is not base64"],
    [2, "INVALID_RECORD", 'records[2]: there is no field "vaule"'],
    [3, "INVALID_RECORD", "records[3]: must be an object"],
    [4, "INVALID_TIMESTAMP", "records[4].timestamp: must be an integer of milliseconds, 0 or more"],
    [6, "INVALID_RECORD", "records[6].headers[0].key: must be a string"],
  ]);
  expect(stored(app).map(({ value }) => value)).toEqual(["good", "good too"]);
});

test("a partition that refuses does not fail the others", async () => {
  const app = await appWithTopic();
  log(app, 1).refusal = { error: "KAFKA_STORAGE_ERROR", detail: "the disk is full" };
  const response = await app.send("POST", PATH, {
    records: [
      { value: "a", partition: 0 },
      { value: "b", partition: 1 },
    ],
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    results: [
      { partition: 0, baseOffset: 0, count: 1 },
      { partition: 1, baseOffset: -1, count: 1, code: "KAFKA_STORAGE_ERROR", errorCode: 56, detail: "the disk is full" },
    ],
    offsets: [
      [0, 0],
      [1, -1],
    ],
  });
});

test("records that the broker refused are told by their index in the request", async () => {
  const app = await appWithTopic();
  const failure = { error: "MESSAGE_TOO_LARGE", detail: "too large" } as const;
  app.broker.produce = async () => ({
    results: [{ partition: 0, count: 1, baseOffset: 9, logAppendTimeMs: 77 }],
    offsets: [
      { partition: 0, offset: 9 },
      { partition: 1, offset: -1 },
    ],
    refused: [{ index: 1, failure }],
  });
  const body = await (await app.send("POST", PATH, { records: [3, { value: "a" }, { value: "b" }] })).json();
  expect(body).toMatchObject({
    results: [{ partition: 0, baseOffset: 9, count: 1, logAppendTime: 77 }],
    offsets: [
      [-1, -1],
      [0, 9],
      [1, -1],
    ],
    errors: [
      { index: 0, code: "INVALID_RECORD" },
      { index: 2, code: "MESSAGE_TOO_LARGE" },
    ],
  });
});

test("when nothing was written the answer is a problem that tells of each part", async () => {
  const app = await appWithTopic();
  const bad = await app.send("POST", PATH, { records: [{ value: { base64: "*" } }, {}].slice(0, 1) });
  expect(bad.status).toBe(400);
  expect(await bad.json()).toMatchObject({ code: "INVALID_RECORD", errors: [{ index: 0 }], results: [] });

  log(app).refusal = { error: "KAFKA_STORAGE_ERROR", detail: "the disk is full" };
  const broken = await app.send("POST", PATH, { records: [{ value: "a", partition: 0 }] });
  expect(broken.status).toBe(503);
  expect(broken.headers.get("retry-after")).toBe("1");
  expect(await broken.json()).toMatchObject({ code: "KAFKA_STORAGE_ERROR", results: [{ partition: 0, code: "KAFKA_STORAGE_ERROR" }] });
});

test("with a producer id any bad record refuses the request, since the sequence would break", async () => {
  const app = await appWithTopic();
  const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0 };
  const response = await app.send("POST", PATH, { ...producer, records: [{ value: "a", partition: 0 }, 7] });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "INVALID_RECORD", errors: [{ index: 1 }] });
  expect(log(app).highWatermark).toBe(0);
  expect((await app.send("POST", PATH, { ...producer, records: [{ value: "a" }] })).status).toBe(200);
});

test("acks none answers 202 without waiting, and still checks the envelope", async () => {
  const app = await appWithTopic();
  const never = Promise.withResolvers<never>();
  app.broker.produce = () => never.promise;
  const response = await app.send("POST", PATH, { acks: "none", records: [{ value: "a" }] });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({});
  expect(app.broker.background).toHaveLength(1);
  expect((await app.send("POST", PATH, { acks: "none", compression: "rar", records: [{ value: "a" }] })).status).toBe(400);
});

test.each([
  ["not JSON", "{", "not JSON"],
  ["an array", "[]", "object"],
  ["no records", "{}", "records"],
  ["records that are no array", '{"records":{}}', "array"],
  ["no record", '{"records":[]}', "at least one"],
  ["an unknown member", '{"records":[{}],"ack":"all"}', "ack"],
  ["an unknown compression", '{"records":[{}],"compression":"lzma"}', "compression"],
  ["a transaction without a producer", '{"records":[{}],"transactionalId":"tx"}', "with any transactionalId"],
  ["a producer without sequence", '{"records":[{}],"producerId":1}', "go together"],
  ["an epoch out of range", '{"records":[{}],"producerId":1,"producerEpoch":40000,"baseSequence":0}', "producerEpoch"],
])("refuses a body with %s", async (_, body, told) => {
  const app = await appWithTopic();
  const response = await app.send("POST", PATH, body);
  expect(response.status).toBe(400);
  expect(((await response.json()) as { detail: string }).detail).toContain(told);
});

test("refuses a lone surrogate, and JSON nested too deeply to be written again", async () => {
  const app = await appWithTopic();
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const response = await app.send("POST", PATH, `{"records":[{"value":"\\ud800"},{"value":${deep}},{"value":"ok","partition":0}]}`);
  expect(await response.json()).toMatchObject({
    errors: [
      { index: 0, detail: "records[0].value: has a lone surrogate, which UTF-8 cannot hold" },
      { index: 1, detail: "records[1].value: is nested too deeply" },
    ],
  });
});

test("takes MessagePack: bin as it is, other values as their JSON text", async () => {
  const app = await appWithTopic();
  const records = [
    { key: Buffer.from([0xff]), value: "text", partition: 0, timestamp: 1760000000000 },
    { value: { a: 1, big: 2n ** 60n, bytes: Buffer.from("hi") }, partition: 0 },
    { value: { base64: "aGk=" }, partition: 0 },
    { value: Number.NaN, partition: 0 },
  ];
  const headers = { "content-type": "application/msgpack", accept: "application/msgpack" };
  const response = await app.send("POST", PATH, new Uint8Array(pack({ records })), headers);
  const body = unpack(new Uint8Array(await response.arrayBuffer())) as Produced;
  expect(body.errors).toMatchObject([{ index: 3, detail: "records[3].value: NaN has no JSON text" }]);
  expect(stored(app).map(({ value }) => value)).toEqual([
    "text",
    '{"a":1,"big":1152921504606846976,"bytes":{"base64":"aGk="}}',
    '{"base64":"aGk="}',
  ]);
  expect(stored(app)[0]!.timestamp).toBe(1760000000000);
});

test("takes any other content type as the value of one record", async () => {
  const app = await appWithTopic();
  const send = (query: string, body: string, headers = {}) =>
    app.send("POST", `${PATH}?partition=0&${query}`, body, { "content-type": "text/plain", ...headers });
  await send("key=k%20y&timestamp=5", "raw \u00fc", { "x-header-Trace": "abc" });
  await send("", "");
  await send("tombstone=true&key=k", "");
  expect(stored(app)).toMatchObject([
    { key: "k y", value: "raw \u00fc", headers: [["trace", "abc"]], timestamp: 5 },
    { key: null, value: "" },
    { key: "k", value: null },
  ]);
  expect((await send("tombstone=true", "not empty")).status).toBe(400);
  expect((await send("acks=none", "x")).status).toBe(202);
});

test("refuses a parameter that the body's form does not use", async () => {
  const app = await appWithTopic();
  expect((await app.send("POST", `${PATH}?key=k`, { records: [{ value: 1 }] })).status).toBe(400);
  expect((await app.send("POST", `${PATH}?acks=none`, { records: [{ value: 1 }] })).status).toBe(400);
});

test("takes a compressed body, and no bomb", async () => {
  const app = await appWithTopic();
  const gzip = (text: string) => new Uint8Array(gzipSync(text));
  const send = (body: Uint8Array, encoding = "gzip") => app.send("POST", PATH, body, { "content-encoding": encoding });
  expect((await send(gzip('{"records":[{"value":"a"}]}'))).status).toBe(200);
  expect((await send(gzip(" ".repeat((24 << 20) + 1)))).status).toBe(413);
  expect((await send(new Uint8Array([1, 2, 3]))).status).toBe(400);
  expect((await send(new Uint8Array([1]), "br")).status).toBe(415);
});

test("refuses a body above the limit, by Content-Length and by what comes", async () => {
  const app = await appWithTopic();
  const big = new Uint8Array((24 << 20) + 1);
  const declared = await app.send("POST", PATH, big, { "content-length": String(big.length) });
  expect(declared.status).toBe(413);
  expect(await declared.json()).toMatchObject({ code: "RECORD_LIST_TOO_LARGE" });
  expect((await app.send("POST", PATH, big)).status).toBe(413);
});

test("appends record batches as they are", async () => {
  const app = await appWithTopic();
  const batch = encodePlainBatch(0, [{ timestamp: 1, key: null, value: new TextEncoder().encode("v"), headers: [] }]);
  const type = { "content-type": "application/vnd.kafka.record-batches" };
  const path = "/v1/topics/orders/partitions/0/batches";
  expect(await (await app.send("POST", path, new Uint8Array([...batch, ...batch]), type)).json()).toEqual({
    baseOffset: 0,
    count: 2,
    logStartOffset: 0,
  });
  expect(stored(app).map(({ value }) => value)).toEqual(["v", "v"]);
  expect((await app.send("POST", path, batch.slice(0, -1), type)).status).toBe(400);
  expect((await app.send("POST", path, new Uint8Array(0), type)).status).toBe(400);
  expect((await app.send("POST", path, batch, { "content-type": "application/json" })).status).toBe(415);
  expect((await app.send("POST", "/v1/topics/orders/partitions/9/batches", batch, type)).status).toBe(404);
});

test("gives producer ids, with a body or without", async () => {
  const app = await appWithTopic();
  expect(await (await app.request("/v1/producers", { method: "POST" })).json()).toEqual({ producerId: 0, producerEpoch: 0 });
  expect(await (await app.send("POST", "/v1/producers", {})).json()).toEqual({ producerId: 1, producerEpoch: 0 });
  expect((await app.send("POST", "/v1/producers", { transactionTimeoutMs: 1 })).status).toBe(400);
});

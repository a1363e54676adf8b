import { unpack } from "msgpackr";
import { expect, test } from "vitest";
import { appWithTopic, produceN, type TestApp } from "../../../support/http.ts";
import { MemoryPartition } from "../../../support/memory-partition.ts";
import { encodePlainBatch, NO_LIMITS, plainCodec } from "../../../support/plain-batches.ts";

const PATH = "/v1/topics/orders/partitions/0/records";

interface Fetched {
  records: { offset: number; timestamp: number; key: unknown; value: unknown; headers: unknown[]; error?: object }[];
  nextOffset: number;
}

async function fetched(app: TestApp, query: string): Promise<Fetched> {
  const response = await app.get(`${PATH}?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Fetched;
}

async function produceValues(app: TestApp, values: (string | Uint8Array | null)[]): Promise<void> {
  await app.broker.produce({
    topic: "orders",
    compression: "none",
    records: values.map((value) => ({ key: null, value, partition: 0, timestamp: 1 })),
  });
}

function log(app: TestApp): MemoryPartition {
  const found = app.broker.partition("orders", 0);
  if (!(found instanceof MemoryPartition)) throw new Error(found.detail);
  return found;
}

test("gives records with their offsets and the log's", async () => {
  const app = await appWithTopic();
  const records = [
    {
      key: "k",
      value: "v",
      headers: [
        { key: "h", value: null },
        { key: "h", value: "2" },
      ],
      timestamp: 5,
      partition: 0,
    },
  ];
  await app.broker.produce({ topic: "orders", records, compression: "none" });
  expect(await fetched(app, "")).toEqual({
    records: [
      {
        offset: 0,
        timestamp: 5,
        key: "k",
        value: "v",
        headers: [
          { key: "h", value: null },
          { key: "h", value: "2" },
        ],
      },
    ],
    nextOffset: 1,
    highWatermark: 1,
    lastStableOffset: 1,
    logStartOffset: 0,
    leaderEpoch: 1,
  });
});

test.each([
  ["", 0],
  ["offset=earliest", 0],
  ["offset=3", 3],
  ["offset=-2", 3],
  ["offset=-99", 0],
  ["timestamp=1004", 4],
])("starts where %j says", async (query, first) => {
  const app = await appWithTopic();
  await produceN(app, 5);
  expect((await fetched(app, query)).records[0]?.offset).toBe(first);
});

test.each(["offset=latest", "offset=5", "offset=-0", "timestamp=9999"])("gives nothing at the end (%s)", async (query) => {
  const app = await appWithTopic();
  await produceN(app, 5);
  expect(await fetched(app, query)).toMatchObject({ records: [], nextOffset: 5 });
});

test("reads one batch in pieces by maxRecords and nextOffset", async () => {
  const app = await appWithTopic();
  await produceValues(app, ["a", "b", "c", "d", "e"]);
  const first = await fetched(app, "maxRecords=2");
  expect([first.records.map(({ value }) => value), first.nextOffset]).toEqual([["a", "b"], 2]);
  const rest = await fetched(app, `offset=${first.nextOffset}`);
  expect([rest.records.map(({ value }) => value), rest.nextOffset]).toEqual([["c", "d", "e"], 5]);
});

test("passes over control batches and goes on after them", async () => {
  const app = await appWithTopic();
  await produceN(app, 1);
  log(app).append(encodePlainBatch(0, [{ timestamp: 1, key: new Uint8Array(4), value: null, headers: [] }], true));
  expect(await fetched(app, "offset=1")).toMatchObject({ records: [], nextOffset: 2 });
});

test("gives bytes as the encoding says", async () => {
  const app = await appWithTopic();
  await produceValues(app, [
    '{"id":12345678901234567890,\r\n"b":[1]}',
    "text",
    new Uint8Array([0xff, 0xfe]),
    null,
    new Uint8Array([0xef, 0xbb, 0xbf, 0x41]),
  ]);
  const values = async (encoding: string) => (await fetched(app, `encoding=${encoding}`)).records.map(({ value }) => value);
  const json = '{"id":12345678901234567890,\r\n"b":[1]}';
  expect(await values("auto")).toEqual([json, "text", { base64: "//4=" }, null, "\ufeffA"]);
  expect(await values("string")).toEqual([json, "text", "\ufffd\ufffd", null, "\ufeffA"]);
  expect(await values("base64")).toEqual([
    { base64: btoa(json) },
    { base64: "dGV4dA==" },
    { base64: "//4=" },
    null,
    { base64: "77u/QQ==" },
  ]);
});

test("with encoding=json a value that does not parse carries an error, and the others do not fail", async () => {
  const app = await appWithTopic();
  await produceValues(app, ['{"id":12345678901234567890}', "text", null]);
  const response = await app.get(`${PATH}?encoding=json`);
  const text = await response.text();
  expect(text).toContain('"value":{"id":12345678901234567890}');
  expect((JSON.parse(text) as Fetched).records).toMatchObject([
    { value: {} },
    { value: "text", error: { field: "value", code: "INVALID_RECORD", errorCode: 87 } },
    { value: null },
  ]);
});

test("an offset out of range is a 416 with the range", async () => {
  const app = await appWithTopic();
  await produceN(app, 5);
  log(app).truncate(2);
  for (const offset of ["1", "6"]) {
    const response = await app.get(`${PATH}?offset=${offset}`);
    expect(response.status).toBe(416);
    expect(await response.json()).toMatchObject({ code: "OFFSET_OUT_OF_RANGE", logStartOffset: 2, highWatermark: 5, leaderEpoch: 1 });
  }
});

test("waits for new records", async () => {
  const app = await appWithTopic();
  const answer = app.get(`${PATH}?offset=0&maxWaitMs=60000`);
  await produceN(app, 1);
  expect(await (await answer).json()).toMatchObject({ records: [{ offset: 0, value: "v0" }] });
});

test("gives the stored batches as they are", async () => {
  const app = await appWithTopic();
  await produceValues(app, ["a", "b", "c"]);
  const response = await app.get(`${PATH}?offset=1&maxRecords=1`, { accept: "application/vnd.kafka.record-batches" });
  expect(response.headers.get("content-type")).toBe("application/vnd.kafka.record-batches");
  const names = ["x-next-offset", "x-high-watermark", "x-last-stable-offset", "x-log-start-offset", "x-leader-epoch"];
  expect(names.map((name) => response.headers.get(name))).toEqual(["3", "3", "3", "0", "1"]);
  const { records } = plainCodec.decode(new Uint8Array(await response.arrayBuffer()), 0, NO_LIMITS);
  expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2]);
});

test("gives MessagePack with bytes as bin and large numbers as integers", async () => {
  const app = await appWithTopic();
  const records = [
    { key: "k", value: new Uint8Array([0xff]), headers: [{ key: "h", value: "1" }], timestamp: 1760000000000, partition: 0 },
  ];
  await app.broker.produce({ topic: "orders", records, compression: "none" });
  const bytes = new Uint8Array(await (await app.get(PATH, { accept: "application/msgpack" })).arrayBuffer());
  const { records: got, nextOffset } = unpack(bytes) as Fetched;
  expect(nextOffset).toBe(1);
  expect(got[0]).toMatchObject({ offset: 0, timestamp: 1760000000000n });
  expect(new Uint8Array(got[0]!.key as Buffer)).toEqual(new Uint8Array([0x6b]));
  expect(new Uint8Array(got[0]!.value as Buffer)).toEqual(new Uint8Array([0xff]));
});

test.each([
  ["offset=1&timestamp=2", "exclude"],
  ["offset=first", "offset"],
  ["offset=1.5", "offset"],
  ["maxBytes=0", "maxBytes"],
  ["maxBytes=16777217", "maxBytes"],
  ["maxRecords=100001", "maxRecords"],
  ["maxWaitMs=60001", "maxWaitMs"],
  ["maxWaitMs=1e3", "maxWaitMs"],
  ["isolation=serializable", "isolation"],
  ["encoding=hex", "encoding"],
])("refuses ?%s", async (query, told) => {
  const response = await (await appWithTopic()).get(`${PATH}?${query}`);
  expect(response.status).toBe(400);
  expect(((await response.json()) as { detail: string }).detail).toContain(told);
});

test("refuses a partition that does not exist, or is no number", async () => {
  const app = await appWithTopic();
  expect((await app.get("/v1/topics/orders/partitions/7/records")).status).toBe(404);
  expect((await app.get("/v1/topics/orders/partitions/x/records")).status).toBe(400);
});

test("fetches many partitions, each with its own result", async () => {
  const app = await appWithTopic();
  await produceN(app, 3);
  const partitions = [
    { topic: "orders", partition: 0, offset: -2 },
    { topic: "orders", partition: 1 },
    { topic: "orders", partition: 0, offset: 99 },
    { topic: "none", partition: 0, timestamp: 5 },
  ];
  const response = await app.send("POST", "/v1/fetch", { partitions });
  expect(await response.json()).toMatchObject({
    partitions: [
      { topic: "orders", partition: 0, records: [{ offset: 1 }, { offset: 2 }], nextOffset: 3, highWatermark: 3 },
      { topic: "orders", partition: 1, records: [], nextOffset: 0 },
      { topic: "orders", partition: 0, code: "OFFSET_OUT_OF_RANGE", errorCode: 1, highWatermark: 3 },
      { topic: "none", partition: 0, code: "UNKNOWN_TOPIC_OR_PARTITION", errorCode: 3 },
    ],
  });
});

test("maxRecords of a fetch of many partitions is over all of them", async () => {
  const app = await appWithTopic();
  await produceN(app, 3);
  const partitions = [0, 0].map((partition) => ({ topic: "orders", partition, offset: 1 }));
  const response = await app.send("POST", "/v1/fetch", { partitions, maxRecords: 2 });
  expect(await response.json()).toMatchObject({
    partitions: [
      { records: [{}, {}], nextOffset: 3 },
      { records: [], nextOffset: 1 },
    ],
  });
});

test("refuses a fetch of too many partitions", async () => {
  const app = await appWithTopic();
  const partitions = Array.from({ length: 501 }, () => ({ topic: "orders", partition: 0 }));
  expect((await app.send("POST", "/v1/fetch", { partitions })).status).toBe(400);
});

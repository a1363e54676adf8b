import { expect, test } from "vitest";
import type { DecodedRecord } from "../../../src/record/codec.ts";
import { newPlan } from "../../../src/subscription/call-plan.ts";
import { DEFAULT_SUBSCRIPTION, type SubscriptionConfig } from "../../../src/subscription/config.ts";
import type { Delivery } from "../../../src/subscription/delivery-machine.ts";
import { idempotencyKey } from "../../../src/subscription/idempotency-key.ts";

import { buildPayload } from "../../../src/subscription/payload/build.ts";
import { Track } from "../../../src/subscription/track.ts";
import { JsonWriter } from "../../../src/wasm/json-writer.ts";
import { loadCore } from "../../support/core.ts";

const JSON_WRITER = new JsonWriter(loadCore());
const PREFIX = "orders/3/4-5.1760000000.";
const bytes = (text: string) => new TextEncoder().encode(text);

function delivery(records: readonly Partial<DecodedRecord>[]): Delivery {
  const source = { topicId: "id", topic: "orders", partition: 3 };
  const track = new Track({ id: "id/3", source, order: "partition", owed: [], end: 0 });
  const held = records.map((given, index) => {
    const record = { offset: index, timestamp: 1_760_000_000_000, key: null, value: null, headers: [], ...given };
    return { offset: record.offset, origin: source, record, sizeBytes: 1, lane: null, arrivedMs: 0, readyMs: 0, isSettled: false };
  });
  return { track, plan: newPlan(held), records: held, attempts: 1, cuts: 0, dueMs: 0, error: "", isExhausted: false, isProbe: false };
}

function build(changes: Partial<SubscriptionConfig>, records: readonly Partial<DecodedRecord>[]) {
  const payload = buildPayload(
    JSON_WRITER,
    PREFIX,
    "hook",
    { ...DEFAULT_SUBSCRIPTION, topics: ["orders"], url: "https://a.example", ...changes },
    delivery(records),
  );
  const text = new TextDecoder().decode(payload.body);
  expect(payload.signed).toEqual(Uint8Array.of(...bytes(PREFIX), ...payload.body));
  return { headers: payload.headers, text, body: payload.body };
}

test("json: records as a fetch gives them, with their place", () => {
  const binary = Uint8Array.of(0xff, 0);
  const { headers, text } = build({}, [
    {
      offset: 4,
      key: bytes("k"),
      value: bytes('{"a":1}'),
      headers: [
        { key: "h", value: bytes("v") },
        { key: "n", value: null },
      ],
    },
    { offset: 5, value: binary },
  ]);
  expect(headers["content-type"]).toBe("application/json");
  const place = { topic: "orders", partition: 3, timestamp: 1_760_000_000_000 };
  expect(JSON.parse(text)).toEqual({
    subscription: "hook",
    attempt: 2,
    records: [
      {
        ...place,
        offset: 4,
        key: "k",
        value: '{"a":1}',
        headers: [
          { key: "h", value: "v" },
          { key: "n", value: null },
        ],
      },
      { ...place, offset: 5, key: null, value: { base64: "/wA=" }, headers: [] },
    ],
  });
});

test("cloudevents: one in structured mode where a batch has one record", () => {
  const { headers, text } = build({ format: "cloudevents", batch: { maxRecords: 1, maxBytes: 1, lingerMs: 0 } }, [
    { offset: 4, key: bytes("k"), value: bytes('{"a":1.50}') },
  ]);
  expect(headers["content-type"]).toBe("application/cloudevents+json; charset=UTF-8");
  expect(text).toContain('"data":{"a":1.50}'); // as it was written
  expect(JSON.parse(text)).toEqual({
    specversion: "1.0",
    id: "orders/3/4",
    source: "/v1/topics/orders/partitions/3",
    type: "sluice.record",
    time: "2025-10-09T08:53:20.000Z",
    partitionkey: "k",
    sluicetopic: "orders",
    sluicepartition: 3,
    sluiceoffset: "4",
    datacontenttype: "application/json",
    data: { a: 1.5 },
  });
});

test("cloudevents: a batch of them; bytes in base64, text as text, a tombstone without data", () => {
  const { headers, text } = build({ format: "cloudevents" }, [{ value: Uint8Array.of(0xff) }, { value: bytes("plain") }, {}]);
  expect(headers["content-type"]).toBe("application/cloudevents-batch+json; charset=UTF-8");
  const [binary, plain, tombstone] = JSON.parse(text) as Record<string, unknown>[];
  expect(binary).toMatchObject({ datacontenttype: "application/octet-stream", data_base64: "/w==" });
  expect(plain).toMatchObject({ datacontenttype: "text/plain", data: "plain" });
  expect(tombstone).not.toHaveProperty("data");
});

test("cloudevents: a record in Kafka's binary mode keeps its attributes, and cannot change ours", () => {
  const header = (key: string, value: string) => ({ key, value: bytes(value) });
  const ce = {
    ce_specversion: "1.0",
    ce_id: "e1",
    ce_source: "/shop",
    ce_type: "order.made",
    ce_sluiceoffset: "99",
    ce_data: "x",
    "ce_bad-name": "y",
  };
  const headers = [...Object.entries(ce).map(([key, value]) => header(key, value)), header("Content-Type", "application/vnd.order+json")];
  const [event] = JSON.parse(build({ format: "cloudevents" }, [{ offset: 8, value: bytes("{}"), headers }]).text) as Record<
    string,
    unknown
  >[];
  expect(event).toEqual({
    specversion: "1.0",
    id: "e1",
    source: "/shop",
    type: "order.made",
    sluicetopic: "orders",
    sluicepartition: 3,
    sluiceoffset: "8",
    datacontenttype: "application/vnd.order+json",
    data: {},
  });
});

test("raw: the value is the body, headers and key are HTTP headers that every server takes", () => {
  const value = Uint8Array.of(0, 1, 255);
  const headers = [
    { key: "Trace-Id", value: bytes("abc 1") },
    { key: "content-type", value: bytes("image/png") },
    { key: "bad name\n", value: bytes("x\r\ny: z") },
    { key: "twice", value: bytes("1") },
    { key: "twice", value: bytes("2") },
  ];
  const { headers: mapped, body } = build({ format: "raw" }, [{ offset: 4, key: bytes("ключ"), value, headers }]);
  expect(body).toEqual(value);
  expect(mapped).toMatchObject({
    "content-type": "image/png",
    "sluice-topic": "orders",
    "sluice-partition": "3",
    "sluice-offset": "4",
    "sluice-key": ":0LrQu9GO0Yc=:",
    "x-header-trace-id": "abc 1",
    "x-header-bad%20name%0a": ":eA0KeTogeg==:",
    "x-header-twice": "1, 2",
  });
  expect(() => new Headers(mapped)).not.toThrow();
});

test("raw: what does not fit in headers is left out, and counted", () => {
  const headers = Array.from({ length: 10 }, (_, i) => ({ key: `h${i}`, value: new Uint8Array(1_000).fill(97) }));
  const { headers: mapped } = build({ format: "raw" }, [{ value: bytes("v"), headers }]);
  expect(mapped["sluice-headers-omitted"]).toBe("4");
  expect(JSON.stringify(mapped).length).toBeLessThan(8_000);
});

test("a call's key names its records, and only them", async () => {
  const key = (offsets: readonly number[]) => idempotencyKey(delivery(offsets.map((offset) => ({ offset }))));
  expect(await key([4])).toBe("orders/3/4");
  expect(await key([4, 5, 6, 9])).toBe("orders/3/4-6,9");
  const scattered = Array.from({ length: 500 }, (_, i) => 2 * i);
  const long = await key(scattered);
  expect(long.length).toBeLessThan(256);
  expect(await key(scattered)).toBe(long);
  expect(await key([...scattered.slice(0, -1), 999])).not.toBe(long);
});

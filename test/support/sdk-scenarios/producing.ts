// What producers promise, on every platform.

import { BATCHES_TYPE } from "../../../src/contract/media-types.ts";
import type { Compression } from "../../../src/record/compression-type.ts";
import { until } from "../until.ts";
import { aTopic, errorOf, type Kit, produce, readAll, type Scenario, texts, valuesOf } from "./scenario.ts";

/** The attributes of a batch lie at byte 21; their three lowest bits are the codec's number. */
const ATTRIBUTES_LOW_BYTE = 22;

/** The number of the codec of the partition's first batch, as it is stored. */
async function storedCodec({ connect }: Kit, topic: string): Promise<number> {
  const path = `/v1/topics/${topic}/partitions/0/records`;
  const query = { offset: "earliest", maxBytes: 1 };
  const read = (response: Response) => response.arrayBuffer();
  const bytes = new Uint8Array(await connect().attempt("GET", path, { query, headers: { accept: BATCHES_TYPE } }, read));
  return bytes[ATTRIBUTES_LOW_BYTE]! & 7;
}

const codec = (compression: Compression, number: number, by: "the platform" | "the core"): Scenario => ({
  name: `records compressed with ${compression} by ${by} are stored so, and come back`,
  async run(kit) {
    const topic = await aTopic(kit);
    await produce(kit, topic, 300, { compression, ...(by === "the core" && { codecs: kit.codecs }) });
    return { stored: await storedCodec(kit, topic), values: valuesOf(kit, await readAll(kit, topic)) };
  },
  expected: { stored: number, values: texts(300) },
});

export const PRODUCING: readonly Scenario[] = [
  {
    name: "records sent together share a batch, and each promise tells its place",
    async run(kit) {
      const topic = await aTopic(kit);
      const producer = new kit.sdk.Producer(kit.connect());
      const places = await producer.sendAll(texts(1_000).map((value) => ({ topic, value })));
      await producer.close();
      const { records, batches, requests, failedRecords } = producer.metrics();
      const values = valuesOf(kit, await readAll(kit, topic));
      return { offsets: places.map(({ offset }) => offset), counts: { records, batches, requests, failedRecords }, values };
    },
    expected: {
      offsets: Array.from({ length: 1_000 }, (_, i) => i),
      counts: { records: 1_000, batches: 1, requests: 1, failedRecords: 0 },
      values: texts(1_000),
    },
  },
  {
    name: "keys, values and headers are bytes, text, JSON or null, and a null value is a tombstone",
    async run(kit) {
      const topic = await aTopic(kit);
      const producer = new kit.sdk.Producer(kit.connect());
      const headers = [
        { key: "h", value: "1" },
        { key: "h", value: null },
        { key: "ü", value: new Uint8Array([0, 255]) },
      ] as const;
      await producer.send({ topic, key: "text", value: "grüß", timestamp: 1_700_000_000_000, headers });
      await producer.send({ topic, key: new Uint8Array([0, 128, 255]), value: { clicks: [1, null] }, headers: { from: "object" } });
      await producer.send({ topic, key: "text", value: null });
      await producer.send({ topic, value: "" });
      await producer.close();
      const plain = (bytes: Uint8Array | null) => (bytes === null ? null : [...bytes]);
      const records = await readAll(kit, topic);
      return {
        records: records.map(({ key, value, headers: of }) => ({
          key: plain(key),
          value: kit.sdk.asText(value),
          headers: of.map((one) => [one.key, plain(one.value)]),
        })),
        timestamp: records[0]!.timestamp,
        json: kit.sdk.asJson(records[1]!.value),
      };
    },
    expected: {
      records: [
        {
          key: [116, 101, 120, 116],
          value: "grüß",
          headers: [
            ["h", [49]],
            ["h", null],
            ["ü", [0, 255]],
          ],
        },
        { key: [0, 128, 255], value: '{"clicks":[1,null]}', headers: [["from", [111, 98, 106, 101, 99, 116]]] },
        { key: [116, 101, 120, 116], value: null, headers: [] },
        { key: null, value: "", headers: [] },
      ],
      timestamp: 1_700_000_000_000,
      json: { clicks: [1, null] },
    },
  },
  codec("none", 0, "the platform"),
  codec("gzip", 1, "the platform"),
  codec("gzip", 1, "the core"),
  codec("snappy", 2, "the core"),
  codec("lz4", 3, "the core"),
  codec("zstd", 4, "the core"),
  {
    name: "a request whose answer is lost is made again, and written once",
    async run(kit) {
      const topic = await aTopic(kit);
      let lost = 0;
      const losing = async (url: string, init: RequestInit) => {
        const response = await kit.fetch(url, init);
        if (!url.includes("/batches") || lost === 3) return response;
        lost++;
        await response.arrayBuffer();
        throw new TypeError("the connection broke");
      };
      const client = kit.connect({ fetch: losing, backoff: { initialMs: 1, maxMs: 5 } });
      const producer = new kit.sdk.Producer(client);
      const places = await producer.sendAll(texts(20).map((value) => ({ topic, value })));
      await producer.close();
      const values = valuesOf(kit, await readAll(kit, topic));
      return { retries: producer.metrics().retries, offsets: places.map(({ offset }) => offset), values };
    },
    expected: { retries: 3, offsets: Array.from({ length: 20 }, (_, i) => i), values: texts(20) },
  },
  {
    name: "keys go where every Kafka client puts them, and records take turns where they are told to",
    async run(kit) {
      const topic = await aTopic(kit, 5);
      const producer = new kit.sdk.Producer(kit.connect());
      const keyed = await producer.sendAll(["a", "b", "user-1", "grüß", ""].map((key) => ({ topic, key, value: "v" })));
      await producer.close();
      const turning = new kit.sdk.Producer(kit.connect(), { partitioner: kit.sdk.roundRobinPartitioner() });
      const turns = await turning.sendAll(texts(7).map((value) => ({ topic, value })));
      await turning.close();
      return [keyed.map(({ partition }) => partition), turns.map(({ partition }) => partition)];
    },
    expected: [
      [4, 1, 3, 0, 1], // by kafkajs
      [0, 1, 2, 3, 4, 0, 1],
    ],
  },
  {
    name: "a producer whose memory is full waits, fails after maxBlockMs, and goes on once there is room",
    async run(kit) {
      const topic = await aTopic(kit);
      const gate = Promise.withResolvers<void>();
      const held = async (url: string, init: RequestInit) => {
        if (url.includes("/batches")) await gate.promise;
        return kit.fetch(url, init);
      };
      const options = { batchSize: 1_024, bufferMemory: 4_096, maxBlockMs: 100, lingerMs: 0 };
      const producer = new kit.sdk.Producer(kit.connect({ fetch: held }), options);
      const value = "x".repeat(900);
      const taken = Array.from({ length: 4 }, () => producer.send({ topic, value }));
      await until("all memory is taken", () => producer.bufferAvailable === 0);
      let isReady = false;
      const ready = producer.ready.then(() => (isReady = true));
      const refused = await errorOf(producer.send({ topic, value }));
      const before = isReady;
      gate.resolve();
      await ready;
      await Promise.all(taken);
      await producer.send({ topic, value: "after" });
      await producer.close();
      return { refused: refused!.name, before, isReady, free: producer.bufferAvailable, written: (await readAll(kit, topic)).length };
    },
    expected: { refused: "BufferExhaustedError", before: false, isReady: true, free: 4_096, written: 5 },
  },
  {
    name: "interceptors see each record, and what became of it",
    async run(kit) {
      const topic = await aTopic(kit);
      const seen: string[] = [];
      const interceptor = {
        onSend: (record: { topic: string; value?: unknown }) => ({ ...record, headers: { by: "interceptor" } }),
        onAcknowledgement: (place: { offset: number } | null, error: unknown) => {
          seen.push(place === null ? (error as Error).name : `at ${place.offset}`);
        },
      };
      const producer = new kit.sdk.Producer(kit.connect(), { interceptors: [interceptor] });
      await producer.send({ topic, value: "a" });
      await errorOf(producer.send({ topic, value: "b", partition: 9 }));
      await producer.close();
      return { seen, headers: (await readAll(kit, topic))[0]!.headers.map(({ key, value }) => [key, kit.sdk.asText(value)]) };
    },
    expected: { seen: ["at 0", "RangeError"], headers: [["by", "interceptor"]] },
  },
  {
    name: "what a transaction wrote is visible once it is committed, with its offsets, and what was aborted never is",
    async run(kit) {
      const topic = await aTopic(kit);
      const group = `of-${topic}`;
      const { topics, groups } = new kit.sdk.Admin(kit.connect());
      const producer = new kit.sdk.Producer(kit.connect(), { transactionalId: `tx-${topic}` });
      const meanwhile = await producer.transaction(async () => {
        await producer.send({ topic, value: "a" });
        await producer.sendOffsets([{ topic, partition: 0, offset: 1 }], { groupId: group });
        return (await topics.offset(topic, 0, "latest", "read_committed")).offset;
      });
      const failed = await errorOf(
        producer.transaction(async () => {
          await producer.send({ topic, value: "taken back" });
          throw new Error("the work failed");
        }),
      );
      await producer.transaction(async () => producer.send({ topic, value: "b" }));
      const consumer = new kit.sdk.Consumer(kit.connect());
      await consumer.assign([{ topic, partition: 0, offset: "earliest" }]);
      const values: (string | null)[] = [];
      for await (const { value } of consumer) if (values.push(kit.sdk.asText(value)) === 2) break;
      await consumer.close();
      const { offsets } = await groups.offsets(group);
      await producer.close();
      return { meanwhile, failed: failed!.name, values, offsets: offsets.map(({ offset }) => offset) };
    },
    expected: { meanwhile: 0, failed: "Error", values: ["a", "b"], offsets: [1] },
  },
  {
    name: "a newer producer of a transactional id fences the older one",
    async run(kit) {
      const topic = await aTopic(kit);
      const options = { transactionalId: `tx-${topic}` };
      const older = new kit.sdk.Producer(kit.connect(), options);
      await older.transaction(async () => older.send({ topic, value: "a" }));
      const newer = new kit.sdk.Producer(kit.connect(), options);
      await newer.beginTransaction();
      await older.beginTransaction();
      const late = await errorOf(older.send({ topic, value: "late" }));
      const commit = await errorOf(older.commitTransaction());
      await newer.send({ topic, value: "b" });
      await newer.commitTransaction();
      await Promise.all([older.close(), newer.close()]);
      return [late!.name, commit!.name];
    },
    expected: ["ProducerFencedError", "ProducerFencedError"],
  },
  {
    name: "errors are classes with Kafka's codes",
    async run(kit) {
      const topic = await aTopic(kit);
      const { Admin, Producer } = kit.sdk;
      const admin = new Admin(kit.connect());
      const producer = new Producer(kit.connect(), { maxRequestSize: 2_000, batchSize: 1_000 });
      const errors = {
        missing: await errorOf(producer.send({ topic: `${topic}-not`, value: "v" })),
        large: await errorOf(producer.send({ topic, value: "x".repeat(2_000) })),
        twice: await errorOf(admin.topics.create({ name: topic })),
        config: await errorOf(admin.topics.alter(topic, { configs: { "retention.ms": "soon" } })),
        beyond: await errorOf(admin.topics.truncate(topic, 0, 99)),
      };
      await producer.close();
      return { ...errors, closed: (await errorOf(producer.send({ topic, value: "v" })))!.name };
    },
    expected: {
      missing: { name: "SluiceError", code: "UNKNOWN_TOPIC_OR_PARTITION", errorCode: 3, retriable: false, status: 0 },
      large: { name: "RecordTooLargeError", code: "MESSAGE_TOO_LARGE", errorCode: 10, retriable: false, status: 0 },
      twice: { name: "SluiceError", code: "TOPIC_ALREADY_EXISTS", errorCode: 36, retriable: false, status: 409 },
      config: { name: "SluiceError", code: "INVALID_CONFIG", errorCode: 40, retriable: false, status: 400 },
      beyond: { name: "OffsetOutOfRangeError", code: "OFFSET_OUT_OF_RANGE", errorCode: 1, retriable: false, status: 416 },
      closed: "ClosedError",
    },
  },
];

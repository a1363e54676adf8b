// The topic's bounds of timestamps against every record of a produce, whatever its batch's header says.

import { describe, expect, test } from "vitest";
import type { AppendRequest, PartitionPort, Ports, TopicMetadata } from "../../../src/broker/ports.ts";
import { type ProduceContext, produceBatches, produceRecords } from "../../../src/broker/produce.ts";
import { batchHeaders } from "../../../src/record/record-batch.ts";
import { COMPRESSIONS, type Compression, encodeBatch } from "../../../src/wasm/record-batches.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const NOW_MS = 1_760_000_000_000;
const BOUNDS = { "message.timestamp.before.max.ms": "1000", "message.timestamp.after.max.ms": "500" };

/** A broker's context whose partition keeps what comes. */
function contextOf(configs: Record<string, string>) {
  const written: ArrayBuffer[] = [];
  const topic: TopicMetadata = { name: "t", topicId: "id", partitionCount: 1, configs, version: 1, createdAtMs: 0 };
  const port = {
    async append({ batches }: AppendRequest) {
      written.push(batches);
      return { baseOffset: 0, logAppendTimeMs: -1, logStartOffset: 0, leaderEpoch: 0 };
    },
  };
  const ports = { partition: () => port as unknown as PartitionPort } as unknown as Ports;
  const topics = { topic: async () => topic, invalidate: () => {} };
  const context: ProduceContext = { ports, topics, core, now: () => NOW_MS, random: () => 0 };
  return { context, written };
}

const batchOf = (timestamps: readonly number[], compression: Compression = "none") =>
  encodeBatch(
    core,
    timestamps.map((timestamp) => ({ key: "k", value: "v", timestamp })),
    { compression },
  );

async function sendBatch(timestamps: readonly number[], configs: Record<string, string> = BOUNDS, compression: Compression = "none") {
  const { context, written } = contextOf(configs);
  const result = await produceBatches(context, { topic: "t", partition: 0, batches: batchOf(timestamps, compression) });
  return { result, written };
}

describe.each(COMPRESSIONS)("a batch (%s)", (compression) => {
  test.each([
    ["too old", NOW_MS - 1001, `timestamp ${NOW_MS - 1001} is more than message.timestamp.before.max.ms = 1000 in the past`],
    ["too new", NOW_MS + 501, `timestamp ${NOW_MS + 501} is more than message.timestamp.after.max.ms = 500 in the future`],
  ])("whose middle record is %s is refused whole", async (_, timestamp, detail) => {
    const { result, written } = await sendBatch([NOW_MS, timestamp, NOW_MS], BOUNDS, compression);
    expect(result).toEqual({ error: "INVALID_TIMESTAMP", detail, records: [{ index: 1, detail }] });
    expect(written).toEqual([]);
  });

  test("whose records are at the bounds is written", async () => {
    const { result } = await sendBatch([NOW_MS, NOW_MS - 1000, NOW_MS + 500], BOUNDS, compression);
    expect(result).toMatchObject({ baseOffset: 0, count: 3 });
  });
});

test("a batch after a good one refuses the request", async () => {
  const { context, written } = contextOf(BOUNDS);
  const batches = new Uint8Array([...batchOf([NOW_MS]), ...batchOf([NOW_MS, NOW_MS - 5000, NOW_MS])]);
  expect(await produceBatches(context, { topic: "t", partition: 0, batches })).toMatchObject({ error: "INVALID_TIMESTAMP" });
  expect(written).toEqual([]);
});

test("a record without a time is never too old, as in Kafka", async () => {
  expect((await sendBatch([-1, NOW_MS, -1])).result).toMatchObject({ count: 3 });
  expect((await sendBatch([-1])).result).toMatchObject({ count: 1 });
});

test("with LogAppendTime nobody looks at what the records say", async () => {
  const { result } = await sendBatch([1, NOW_MS * 2], { ...BOUNDS, "message.timestamp.type": "LogAppendTime" });
  expect(result).toMatchObject({ count: 2 });
});

test("of records that come one by one, the offender alone is refused", async () => {
  const { context, written } = contextOf(BOUNDS);
  const records = [NOW_MS, NOW_MS - 1001, NOW_MS + 501, NOW_MS - 1000].map((timestamp) => ({ key: "k", value: "v", timestamp }));
  const result = await produceRecords(context, { topic: "t", records, compression: "none" });
  expect(result).toMatchObject({
    results: [{ count: 2 }],
    refused: [
      { index: 1, failure: { error: "INVALID_TIMESTAMP" } },
      { index: 2, failure: { error: "INVALID_TIMESTAMP" } },
    ],
  });
  expect([...batchHeaders(new Uint8Array(written[0]!))].map(({ recordCount }) => recordCount)).toEqual([2]);
});

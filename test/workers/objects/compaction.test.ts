// A compacted topic in a partition object inside workerd: its alarm does it all, its segments go to R2, and the broker reads.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createBroker, createBrokerState } from "../../../src/broker/create-broker.ts";
import type { VerifySegmentsResult } from "../../../src/broker/messages/segments.ts";
import type { ReadResult, SegmentDescription, TopicMetadata } from "../../../src/broker/ports.ts";
import { core } from "../../../src/objects/core.ts";
import { decodeBatches, encodeBatch } from "../../../src/wasm/record-batches.ts";
import { batchOf } from "../../support/batches.ts";
import { addressOf, aTopic, objectOf, partitionOf, ports } from "../support/partition.ts";

const CONFIGS = {
  "cleanup.policy": "compact",
  "segment.bytes": "2000",
  "index.interval.bytes": "300",
  "min.cleanable.dirty.ratio": "0",
  "delete.retention.ms": "0",
};

const broker = () => createBroker(ports(), createBrokerState({ core, now: Date.now, random: Math.random }));

type Fields = Record<string, string | null>;

async function put(topic: TopicMetadata, fields: Fields): Promise<void> {
  const records = Object.entries(fields).map(([key, value]) => ({ key, value, timestamp: Date.now() }));
  const batches = encodeBatch(core, records, { compression: "lz4" }).buffer;
  expect(await partitionOf(topic).append({ ...addressOf(topic), batches })).toMatchObject({ baseOffset: expect.any(Number) });
}

async function readAll(topic: TopicMetadata): Promise<[offset: number, key: string, value: string | null][]> {
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));
  const found: [number, string, string | null][] = [];
  for (let start = 0; ; ) {
    const request = { topic: topic.name, partition: 0, start, maxBytes: 1000, minBytes: 0, maxWaitMs: 0 };
    const read = (await broker().fetch({ ...request, isolation: "read_committed" })) as ReadResult;
    const records = decodeBatches(core, new Uint8Array(read.batches), { fromOffset: start, maxDecompressedBytes: 1 << 20, checkCrc: true });
    found.push(...records.map(({ offset, key, value }): [number, string, string | null] => [offset, text(key)!, text(value)]));
    if (read.batches.byteLength === 0) {
      expect(read.nextOffset, "a read without records is at the end").toBe(read.highWatermark);
      return found;
    }
    start = read.nextOffset;
  }
}

const ring = (topic: TopicMetadata) => runInDurableObject(objectOf(topic), (object) => object.alarm());

test("the alarm compacts what is sealed, the archive keeps the new copies alone, and reads pass the holes", async () => {
  const topic = await aTopic(CONFIGS);
  const pad = "x".repeat(600);
  for (let round = 0; round < 20; round++) {
    await put(topic, { a: `${round}`, [`b${round % 2}`]: `${round}${pad.slice(0, 100 + round)}`, gone: round < 15 ? "here" : null });
    if (round === 9) await ring(topic);
  }
  await ring(topic);
  await evictDurableObject(objectOf(topic));
  await ring(topic);
  const segments = (await partitionOf(topic).segments(addressOf(topic))) as SegmentDescription[];
  expect(segments.slice(0, -1).map(({ place }) => place)).toEqual(segments.slice(0, -1).map(() => "archived"));
  const stored = (await env.ARCHIVE!.list({ prefix: `topics/${topic.topicId}/` })).objects.map(({ key }) => key);
  expect(stored.filter((key) => key.endsWith(".log")).sort()).toEqual(segments.slice(0, -1).map(({ key }) => key));

  const { baseOffset } = segments.at(-1)!;
  const sealed = (await readAll(topic)).filter(([offset]) => offset < baseOffset);
  const keys = sealed.map(([, key]) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).not.toContain("gone");
  const newest = new Map((await readAll(topic)).map(([, key, value]) => [key, value]));
  expect(newest.get("a")).toBe("19");
  expect(newest.get("b0")!.startsWith("18")).toBe(true);
  expect(newest.get("b1")!.startsWith("19")).toBe(true);
});

test("a verification proves a compacted log whole, step by step, while it is compacted again", async () => {
  const topic = await aTopic({ ...CONFIGS, "local.retention.ms": "3600000" });
  const fillAndCompact = async (): Promise<void> => {
    for (let round = 0; round < 40; round++) await put(topic, { a: crypto.randomUUID().repeat(3), [`b${round % 4}`]: crypto.randomUUID() });
    await ring(topic);
  };
  await fillAndCompact();
  const isCompacted = ((await partitionOf(topic).segments(addressOf(topic))) as SegmentDescription[]).map((segment) => segment.isCompacted);
  expect(isCompacted[0]).toBe(true);
  expect(isCompacted.at(-1)).toBe(false);
  const between: Record<number, () => Promise<void>> = { 1: fillAndCompact, 3: fillAndCompact };
  let cursor: string | null = null;
  for (let step = 0; step === 0 || cursor !== null; step++) {
    const limits = { maxBytes: 1, maxMs: 10_000, ...(cursor !== null && { cursor }) };
    const verified = (await broker().verify({ topic: topic.name, partition: 0, ...limits })) as VerifySegmentsResult;
    expect(verified.segments.filter((segment) => segment.failure !== undefined)).toEqual([]);
    cursor = verified.nextCursor;
    await between[step]?.();
  }
});

test("records without a key are refused, one by one or with their batches", async () => {
  const topic = await aTopic(CONFIGS);
  const records = [
    { key: "a", value: "1", partition: 0 },
    { key: null, value: "2", partition: 0 },
  ];
  const produced = await broker().produce({ topic: topic.name, records, compression: "none" });
  expect(produced).toMatchObject({ results: [{ count: 1 }], refused: [{ index: 1, failure: { error: "INVALID_RECORD" } }] });
  const batches = new Uint8Array(batchOf(core, ["no key"]));
  expect(await broker().produceBatches({ topic: topic.name, partition: 0, batches })).toMatchObject({ error: "INVALID_RECORD" });
  expect(await readAll(topic)).toEqual([[0, "a", "1"]]);
});

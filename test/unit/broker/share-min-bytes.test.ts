// What a share group's member waits for that asks for more than one byte. Every wait but one is far longer than a test may take: it must
// end by itself.

import { beforeEach, expect, test } from "vitest";
import type { ShareFetchRequest, ShareFetchResult } from "../../../src/broker/share-fetch.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { MemoryBroker } from "../../support/memory-broker.ts";
import { until } from "../../support/until.ts";

const ENDLESS_MS = 600_000;

let broker: MemoryBroker;
let topicId: string;
/** Of a batch of one record, as it is stored. */
let batchBytes: number;

beforeEach(async () => {
  broker = new MemoryBroker();
  await broker.createTopic({ name: "jobs", partitions: 8 });
  const { metadata, partitions } = broker.topics.get("jobs")!;
  topicId = metadata.topicId;
  await produce(7);
  batchBytes = partitions[7]!.sizeBytes;
});

async function produce(partition = 0): Promise<void> {
  await broker.produce({ topic: "jobs", records: [{ key: null, value: "v", partition }], compression: "none" });
}

interface Fetch extends Partial<Omit<ShareFetchRequest, "partitions">> {
  readonly of?: readonly number[];
}

async function fetch({ of = [0], ...limits }: Fetch = {}): Promise<ShareFetchResult> {
  const partitions = of.map((partition) => ({ topic: "jobs", topicId, partition }));
  const most = { maxRecords: 100, maxBytes: 1 << 20, minBytes: 0, maxWaitMs: ENDLESS_MS, batchSize: 100 };
  const fetched = await broker.shareGroups.fetch({ groupId: "g", token: 1, partitions, ...most, ...limits });
  if (isFailure(fetched)) throw new Error(fetched.detail);
  return fetched;
}

/** Partition, first offset and last offset. */
async function acquired(request: Fetch): Promise<number[][]> {
  const { partitions } = await fetch(request);
  return partitions.flatMap((one) => one.acquired.map(({ firstOffset, lastOffset }) => [one.partition, firstOffset, lastOffset])).sort();
}

const waits = (): Promise<void> => until("the fetch waits", () => broker.shares.watchCount > 0);

test("nothing is acquired before there is so much in one partition", async () => {
  await produce();
  const waiting = acquired({ minBytes: 2 * batchBytes + 1 });
  await waits();
  await produce();
  await produce();
  expect(await waiting).toEqual([[0, 0, 2]]);
  expect(broker.shares.watchCount).toBe(0);
});

test("partitions count together, and all that count are fetched from", async () => {
  const of = [0, 1, 2, 3, 4, 5, 6, 7];
  for (const partition of of.slice(1, 7)) await produce(partition);
  const waiting = acquired({ of, minBytes: 8 * batchBytes });
  await waits();
  await produce(0);
  expect(await waiting).toEqual(of.map((partition) => [partition, 0, 0]));
});

test("what is enough is not waited for, nor is more than MaxBytes", async () => {
  await produce();
  await produce();
  expect(await acquired({ minBytes: 2 * batchBytes })).toEqual([[0, 0, 1]]);
  expect(await acquired({ of: [7], minBytes: ENDLESS_MS, maxBytes: batchBytes })).toEqual([[7, 0, 0]]);
});

test("when the wait is over, what there is is enough", async () => {
  await produce();
  expect(await acquired({ minBytes: 2 * batchBytes, maxWaitMs: 1 })).toEqual([[0, 0, 0]]);
  await produce();
  expect(await acquired({ minBytes: 2 * batchBytes, maxWaitMs: 0 })).toEqual([[0, 1, 1]]);
});

test("a byte is any record", async () => {
  await produce();
  expect(await acquired({ minBytes: 1 })).toEqual([[0, 0, 0]]);
});

test("records that somebody lets go count again, and end the wait", async () => {
  for (let count = 0; count < 2; count++) await produce();
  await fetch({ token: 2 });
  const waiting = acquired({ minBytes: 2 * batchBytes });
  await waits();
  await broker.shareGroups.release({ groupId: "g", token: 2, partitions: [{ topicId, partition: 0 }] });
  expect(await waiting).toEqual([[0, 0, 1]]);
});

test("the log of a partition that is full does not count before there is room", async () => {
  await broker.shareGroups.configure("g", { maxInFlight: 1 });
  for (let count = 0; count < 3; count++) await produce();
  await fetch({ token: 2 });
  expect(await acquired({ minBytes: 2, maxWaitMs: 1 })).toEqual([]);
  const waiting = acquired({ minBytes: 2 * batchBytes });
  await waits();
  await broker.shareGroups.acknowledge({
    ...{ groupId: "g", token: 2 },
    partitions: [{ topic: "jobs", topicId, partition: 0, batches: [{ firstOffset: 0, lastOffset: 0, types: ["accept"] }] }],
  });
  expect(await waiting).toEqual([[0, 1, 1]]);
});

test("what cannot be counted is not waited for", async () => {
  for (let count = 0; count < 3; count++) await produce();
  await fetch({ maxRecords: 1 });
  await broker.shareGroups.acknowledge({
    ...{ groupId: "g", token: 1 },
    partitions: [{ topic: "jobs", topicId, partition: 0, batches: [{ firstOffset: 0, lastOffset: 0, types: ["release"] }] }],
  });
  broker.topics.get("jobs")!.partitions[0]!.truncate(2); // the next record is one that the log does not have any more
  expect(await acquired({ minBytes: 1 << 20 })).toEqual([[0, 2, 2]]);
});

test("a client that goes away ends its wait, and has acquired nothing", async () => {
  await produce();
  const gone = new AbortController();
  const waiting = acquired({ minBytes: 2 * batchBytes, signal: gone.signal });
  await waits();
  gone.abort();
  expect(await waiting).toEqual([]);
  expect(await acquired({ token: 2 })).toEqual([[0, 0, 0]]);
});

// Fetches of one client over a partition that counts what it is asked: when the next run is read before it is asked for, and for whom.

import { beforeEach, describe, expect, test } from "vitest";
import { fetchMany } from "../../../src/broker/fetch.ts";
import type { FetchManyRequest } from "../../../src/broker/messages/fetch.ts";
import type { PartitionPort, Ports, ReadRequest, ReadResult, TopicMetadata } from "../../../src/broker/ports.ts";
import { ReadAhead } from "../../../src/broker/read-ahead.ts";
import { SharedRoom } from "../../../src/broker/shared-room.ts";
import { failure, isFailure } from "../../../src/common/errors.ts";
import { MAX_READ_AHEAD_PARTITIONS, READ_AHEAD_MS } from "../../../src/common/limits/fetch.ts";
import { MemoryPartition } from "../../support/memory-partition.ts";
import { encodePlainBatch } from "../../support/plain-batches.ts";

const BATCH = encodePlainBatch(0, [{ timestamp: 1000, key: null, value: new TextEncoder().encode("v"), headers: [] }]);
const TOPIC: TopicMetadata = { name: "t", topicId: "id", partitionCount: 100, configs: {}, version: 1, createdAtMs: 0 };
const RECORDS = 10;
const ROOM_BYTES = 1 << 20;

let log: MemoryPartition;
let asked: ReadRequest[];
/** The next read from here fails. */
let failsAt: number | null;
let nowMs: number;
let lastStableOffset: number;

beforeEach(() => {
  log = new MemoryPartition();
  for (let index = 0; index < RECORDS; index++) log.append(BATCH);
  asked = [];
  failsAt = null;
  nowMs = 0;
  lastStableOffset = RECORDS;
});

const starts = (): unknown[] => asked.map(({ start }) => start);

function aClient(room = new SharedRoom(ROOM_BYTES, 2 * READ_AHEAD_MS)) {
  const readAhead = new ReadAhead(room, () => nowMs);
  const read = async (request: ReadRequest) => {
    asked.push(request);
    if (failsAt === request.start) {
      failsAt = null;
      return failure("LEADER_NOT_AVAILABLE", "it restarts");
    }
    const result = log.read(request.start, request.maxBytes);
    return isFailure(result) ? result : { ...result, lastStableOffset };
  };
  const ports = { partition: () => ({ read }) as unknown as PartitionPort, archive: null } as unknown as Ports;
  const topics = { topic: async () => TOPIC, invalidate: () => {} };
  const fetch = async (start: number, options: Partial<FetchManyRequest> = {}): Promise<ReadResult> => {
    const limits = { maxBytes: BATCH.length, minBytes: 1, maxWaitMs: 0, isolation: "read_uncommitted" } as const;
    const { partitions } = await fetchMany(ports, topics, {
      ...{ partitions: [{ topic: "t", partition: 0, start }], ...limits, readAhead, ...options },
    });
    readAhead.begin();
    await new Promise((resolve) => setTimeout(resolve, 0)); // what is in memory is read by then
    const { result } = partitions[0]!;
    if (isFailure(result)) throw new Error(result.detail);
    return result;
  };
  return { fetch, readAhead };
}

test("the run after the second that follows another is read before it is asked for, and once", async () => {
  const { fetch } = aClient();
  await fetch(0);
  expect(starts()).toEqual([0]);
  await fetch(1);
  expect(starts()).toEqual([0, 1, 2]);
  const third = await fetch(2);
  expect(third).toMatchObject({ startOffset: 2, nextOffset: 3 });
  expect(new Uint8Array(third.batches)).toEqual(new Uint8Array((log.read(2, BATCH.length) as ReadResult).batches));
  expect(starts()).toEqual([0, 1, 2, 3]);
});

test("nothing is read ahead at the end of the log", async () => {
  const { fetch } = aClient();
  for (let start = 0; start < RECORDS; start++) await fetch(start);
  expect(starts()).toEqual(Array.from({ length: RECORDS }, (_, index) => index));
});

test("a reader of committed records is not read ahead past the last stable offset", async () => {
  lastStableOffset = 3;
  const { fetch } = aClient();
  for (const start of [0, 1, 2]) await fetch(start, { isolation: "read_committed" });
  expect(starts()).toEqual([0, 1, 2]);
});

describe("what was read ahead is asked for again", () => {
  test("by a fetch from elsewhere, or of another size", async () => {
    const { fetch } = aClient();
    for (const start of [0, 1]) await fetch(start);
    expect(await fetch(7)).toMatchObject({ startOffset: 7 });
    const { fetch: fetchMore } = aClient();
    for (const start of [0, 1]) await fetchMore(start);
    expect((await fetchMore(2, { maxBytes: 3 * BATCH.length })).nextOffset).toBe(5);
  });

  test("when it is too old", async () => {
    const { fetch } = aClient();
    for (const start of [0, 1]) await fetch(start);
    nowMs += READ_AHEAD_MS + 1;
    await fetch(2);
    expect(starts(), "and a reader that is so slow is not read ahead any more").toEqual([0, 1, 2, 2]);
  });

  test("when it failed", async () => {
    const { fetch } = aClient();
    failsAt = 2;
    for (const start of [0, 1]) await fetch(start);
    expect(failsAt, "it was read ahead").toBe(null);
    expect(await fetch(2)).toMatchObject({ nextOffset: 3 });
    expect(starts()).toEqual([0, 1, 2, 2, 3]);
  });

  test("after the connection's end", async () => {
    const { fetch, readAhead } = aClient();
    for (const start of [0, 1]) await fetch(start);
    readAhead.close();
    for (const start of [2, 3, 4]) await fetch(start);
    expect(starts()).toEqual([0, 1, 2, 2, 3, 4]);
  });
});

test("as many partitions of a connection are read ahead as may be, and others in their place once those are left", async () => {
  const { fetch } = aClient();
  const fetchAll = (start: number, first: number) => {
    const place = (index: number) => ({ topic: "t", partition: first + index, start, maxBytes: BATCH.length });
    return fetch(start, {
      partitions: Array.from({ length: MAX_READ_AHEAD_PARTITIONS + 3 }, (_, index) => place(index)),
      maxBytes: 1 << 20,
    });
  };
  const readAheadOf = () => new Set(asked.filter(({ start }) => start === 2).map(({ partition }) => partition)).size;
  for (const start of [0, 1]) await fetchAll(start, 0);
  expect(readAheadOf()).toBe(MAX_READ_AHEAD_PARTITIONS);
  nowMs += READ_AHEAD_MS + 1;
  for (const start of [0, 1]) await fetchAll(start, 50);
  expect(readAheadOf()).toBe(2 * MAX_READ_AHEAD_PARTITIONS);
});

test("connections share room, and what one leaves or is kept from leaving is the others' again", async () => {
  const room = new SharedRoom(100_000, 2 * READ_AHEAD_MS); // one read's worth
  const [first, second, third] = [aClient(room), aClient(room), aClient(room)];
  const catchUp = async ({ fetch }: typeof first) => {
    asked = [];
    for (const start of [0, 1]) await fetch(start);
    return starts();
  };
  expect(await catchUp(first)).toEqual([0, 1, 2]);
  expect(await catchUp(second)).toEqual([0, 1]);
  first.readAhead.close();
  expect(await catchUp(second)).toEqual([0, 1, 2]);
  nowMs += 2 * READ_AHEAD_MS + 1;
  expect(await catchUp(third)).toEqual([0, 1, 2]);
});

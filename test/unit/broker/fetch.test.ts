// Fetches over partitions that count what they are asked: what waits, what ends a wait, and what an idle reader costs.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { AnswerRooms } from "../../../src/broker/answer-room.ts";
import { fetchMany } from "../../../src/broker/fetch.ts";
import type { FetchManyRequest } from "../../../src/broker/messages/fetch.ts";
import type { PartitionPort, PartitionWatch, Ports, ReadResult, TopicMetadata } from "../../../src/broker/ports.ts";
import type { TopicCache } from "../../../src/broker/topics.ts";
import { WatchCache } from "../../../src/broker/watch-cache.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { ANSWER_ROOM_WAIT_MS, ANSWERS_RESERVE_BYTES, MAX_ANSWERS_BYTES } from "../../../src/common/limits/answer-room.ts";
import { MemoryPartition } from "../../support/memory-partition.ts";
import { encodePlainBatch } from "../../support/plain-batches.ts";
import { until } from "../../support/until.ts";

const BATCH = encodePlainBatch(0, [{ timestamp: 1000, key: null, value: new TextEncoder().encode("v"), headers: [] }]);
const TOPIC: TopicMetadata = { name: "t", topicId: "id", partitionCount: 10, configs: {}, version: 1, createdAtMs: 0 };

class CountedPartition {
  readonly log = new MemoryPartition();
  reads = 0;
  watches: CountedWatch[] = [];

  readonly port = {
    read: async ({ start, maxBytes }) => {
      this.reads += 1;
      return this.log.read(start, maxBytes);
    },
    watch: async () => {
      const watch = new CountedWatch(this.log);
      this.watches.push(watch);
      return watch;
    },
  } satisfies Partial<PartitionPort> as unknown as PartitionPort;

  get openWatches(): number {
    return this.watches.filter(({ isOpen }) => isOpen).length;
  }
}

class CountedWatch implements PartitionWatch {
  isOpen = true;
  readonly #log: MemoryPartition;

  constructor(log: MemoryPartition) {
    this.#log = log;
  }

  async past(offset: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (timeoutMs > 0 && this.isOpen && this.#log.highWatermark <= offset && !signal?.aborted) await this.#log.changed(timeoutMs, signal);
    return !this.isOpen || this.#log.highWatermark > offset;
  }

  close(): void {
    this.isOpen = false;
    this.#log.wake();
  }
}

let partitions: CountedPartition[];

beforeEach(() => {
  partitions = Array.from({ length: TOPIC.partitionCount }, () => new CountedPartition());
});

async function fetchFrom(starts: readonly number[], options: Partial<FetchManyRequest> = {}): Promise<ReadResult[]> {
  const ports = { partition: (_: string, partition: number) => partitions[partition]!.port, archive: null } as unknown as Ports;
  const topics: TopicCache = { topic: async () => TOPIC, invalidate: () => {} };
  const asked = starts.map((start, partition) => ({ topic: "t", partition, start }));
  const limits = { maxBytes: 1 << 20, minBytes: 1, maxWaitMs: 20, isolation: "read_uncommitted" } as const;
  const fetched = await fetchMany(ports, topics, { partitions: asked, ...limits, ...options });
  return fetched.partitions.map(({ result }) => {
    if (isFailure(result)) throw new Error(result.detail);
    return result;
  });
}

const readsOf = () => partitions.reduce((sum, { reads }) => sum + reads, 0);
const watchesOf = () => partitions.reduce((sum, { watches }) => sum + watches.length, 0);
const openWatches = () => partitions.reduce((sum, partition) => sum + partition.openWatches, 0);

describe("a wait", () => {
  test("ends with the append, and what was appended is read", async () => {
    const fetched = fetchFrom([0, 0], { maxWaitMs: 60_000 });
    setTimeout(() => partitions[1]!.log.append(BATCH), 5);
    expect((await fetched).map(({ batches }) => batches.byteLength)).toEqual([0, BATCH.length]);
    expect(openWatches()).toBe(0);
  });

  test("ends with the signal, and closes its watches", async () => {
    const gone = new AbortController();
    const fetched = fetchFrom([0, 0], { maxWaitMs: 60_000, signal: gone.signal });
    setTimeout(() => gone.abort(), 5);
    expect((await fetched).map(({ highWatermark }) => highWatermark)).toEqual([0, 0]);
    expect(openWatches()).toBe(0);
  });

  test("is not begun for a reader that is gone, nor for a fetch of no partitions", async () => {
    await fetchFrom([0], { maxWaitMs: 60_000, signal: AbortSignal.abort() });
    expect(await fetchFrom([], { maxWaitMs: 60_000 })).toEqual([]);
  });

  test("goes on until there are minBytes", async () => {
    const fetched = fetchFrom([0, 0], { maxWaitMs: 60_000, minBytes: 2 * BATCH.length });
    setTimeout(() => partitions[1]!.log.append(BATCH), 5);
    setTimeout(() => partitions[0]!.log.append(BATCH), 10);
    expect((await fetched).map(({ batches }) => batches.byteLength)).toEqual([BATCH.length, BATCH.length]);
  });
});

describe("a reader that keeps its watches", () => {
  const idle = [0, 0, 0];

  test("asks an idle partition once, however often it fetches", async () => {
    const watches = new WatchCache(100);
    for (let i = 0; i < 5; i++) expect((await fetchFrom(idle, { watches })).every(({ nextOffset }) => nextOffset === 0)).toBe(true);
    expect([readsOf(), watchesOf(), openWatches()]).toEqual([3, 3, 3]);
    watches.close();
    expect(openWatches()).toBe(0);
  });

  test("is told of an append during a wait, and of one between two fetches", async () => {
    const watches = new WatchCache(100);
    await fetchFrom(idle, { watches });
    const fetched = fetchFrom(idle, { watches, maxWaitMs: 60_000 });
    setTimeout(() => partitions[2]!.log.append(BATCH), 5);
    expect((await fetched)[2]!.batches.byteLength).toBe(BATCH.length);
    await fetchFrom([0, 0, 1], { watches });
    partitions[0]!.log.append(BATCH);
    expect((await fetchFrom([0, 0, 1], { watches, maxWaitMs: 60_000 }))[0]!.batches.byteLength).toBe(BATCH.length);
  });

  test("reads a partition that it fetches from elsewhere", async () => {
    const watches = new WatchCache(100);
    partitions[0]!.log.append(BATCH);
    await fetchFrom([1], { watches });
    expect((await fetchFrom([0], { watches }))[0]!.batches.byteLength).toBe(BATCH.length);
  });

  test("asks again where the watch was closed: the partition knows why", async () => {
    const watches = new WatchCache(100);
    await fetchFrom(idle, { watches });
    partitions[1]!.watches[0]!.close();
    await fetchFrom(idle, { watches });
    expect(partitions.slice(0, 3).map(({ reads }) => reads)).toEqual([1, 2, 1]);
    expect(openWatches()).toBe(3);
  });

  test("keeps no more watches than it may, and none of those that it has long not waited for", async () => {
    const watches = new WatchCache(2);
    await fetchFrom(idle, { watches });
    expect([watches.size, openWatches()]).toEqual([2, 2]);
    for (let i = 0; i < 10; i++) await fetchFrom([0], { watches, maxWaitMs: 1 });
    expect([watches.size, openWatches()]).toEqual([1, 1]);
  });

  test("keeps none once it is closed, also where a fetch was waiting", async () => {
    const watches = new WatchCache(100);
    const gone = new AbortController();
    const fetched = fetchFrom(idle, { watches, maxWaitMs: 60_000, signal: gone.signal });
    setTimeout(() => {
      gone.abort();
      watches.close();
    }, 5);
    await fetched;
    expect([watches.size, openWatches()]).toEqual([0, 0]);
  });
});

describe("room for the answer", () => {
  const total = () => new AnswerRooms(Date.now).shareOf(Number.MAX_SAFE_INTEGER);

  test("is what was read, and nothing while the fetch waits", async () => {
    const rooms = new AnswerRooms(Date.now);
    const room = rooms.open();
    const fetched = fetchFrom([0, 0], { maxWaitMs: 60_000, room });
    await until("the fetch waits", () => partitions[1]!.openWatches === 1);
    expect(room.heldBytes).toBe(0);
    expect(rooms.shareOf(Number.MAX_SAFE_INTEGER)).toBe(total());
    partitions[1]!.log.append(BATCH);
    await fetched;
    expect(room.heldBytes).toBe(BATCH.length);
    expect(rooms.shareOf(Number.MAX_SAFE_INTEGER)).toBeLessThan(total());
  });

  test("clamps a fetch to what there is, a batch at least", async () => {
    const rooms = new AnswerRooms(Date.now);
    rooms.open().hold(MAX_ANSWERS_BYTES);
    for (let count = 0; count < 5; count++) partitions[0]!.log.append(BATCH);
    const room = rooms.open();
    await fetchFrom([0], { maxWaitMs: 0, room });
    expect([room.heldBytes, room.isRefused]).toEqual([BATCH.length, false]);
  });

  test("leaves each partition its first batch where there is enough, however little it was asked for", async () => {
    for (const { log } of partitions.slice(0, 3)) log.append(BATCH);
    const asked = [0, 1, 2].map((partition) => ({ topic: "t", partition, start: 0, maxBytes: 1 }));
    const results = await fetchFrom([], { partitions: asked, maxWaitMs: 0, room: new AnswerRooms(Date.now).open() });
    expect(results.map(({ batches }) => batches.byteLength)).toEqual(Array(3).fill(BATCH.length));
  });

  test("a fetch that finds none reads nothing, and says so", async () => {
    vi.useFakeTimers();
    try {
      const rooms = new AnswerRooms(Date.now);
      rooms.open().hold(MAX_ANSWERS_BYTES + ANSWERS_RESERVE_BYTES);
      const topics = { topic: async () => TOPIC } as unknown as TopicCache;
      const ports = { partition: (_: string, partition: number) => partitions[partition]!.port } as unknown as Ports;
      const limits = { maxBytes: 1000, minBytes: 1, maxWaitMs: 0, isolation: "read_uncommitted" } as const;
      const asked = [{ topic: "t", partition: 0, start: 0 }];
      const fetched = fetchMany(ports, topics, { partitions: asked, ...limits, room: rooms.open() });
      await vi.advanceTimersByTimeAsync(2 * ANSWER_ROOM_WAIT_MS);
      expect((await fetched).partitions[0]!.result).toMatchObject({ error: "LEADER_NOT_AVAILABLE" });
      expect(partitions[0]!.reads).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

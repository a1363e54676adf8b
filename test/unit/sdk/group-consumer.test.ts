// The SDK's member of a group, over a group that says what the test wants: what each request says, and which records the program gets.

import { expect, onTestFinished, test } from "vitest";
import type { GroupFetchRequest } from "../../../src/contract/group-members.ts";
import { createClient } from "../../../src/sdk/client.ts";
import { GroupConsumer } from "../../../src/sdk/consumer/group-consumer.ts";
import type { GroupConsumerOptions } from "../../../src/sdk/consumer/group-options.ts";
import type { ConsumerRecord } from "../../../src/sdk/consumer/records.ts";

const SESSION_MS = 300;

type Asked = GroupFetchRequest & { readonly memberId: string };

/** A group with one topic, `t`, and a member that has what the test says. */
class FakeGroup {
  /** Records of each partition. */
  readonly ends: number[];
  assigned: number[];
  memberEpoch = 1;
  readonly asked: Asked[] = [];
  readonly committed = new Map<number, number>();
  readonly left: string[] = [];
  refuseCommits = false;
  /** Holds up commits that are requests of their own. */
  beforeCommit: () => Promise<void> = async () => undefined;
  /** Codes to answer the next requests with, before anything else. */
  refusals: { code: string; status: number; retriable?: boolean }[] = [];

  constructor(...ends: number[]) {
    this.ends = ends;
    this.assigned = [...ends.keys()];
  }

  consumer(options: Partial<GroupConsumerOptions> = {}): GroupConsumer {
    const backoff = { initialMs: 1, maxMs: 2 };
    const client = createClient({ fetch: (url, init) => this.#answer(new URL(url).pathname, init), backoff });
    const consumer = new GroupConsumer(client, { groupId: "g", topics: ["t"], sessionTimeoutMs: SESSION_MS, maxRecords: 3, ...options });
    onTestFinished(() => consumer.close());
    return consumer;
  }

  async #answer(path: string, { method, body, signal }: RequestInit): Promise<Response> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    signal?.throwIfAborted();
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Response.json(refusal, { status: refusal.status });
    if (method === "DELETE") {
      this.left.push(decodeURIComponent(path.split("/").at(-1)!));
      return new Response(null, { status: 204 });
    }
    const asked = JSON.parse(String(body)) as Asked;
    if (path.endsWith("/commit")) await this.beforeCommit();
    if (path.endsWith("/commit")) return Response.json({ offsets: this.#commit((asked as unknown as { offsets: Position[] }).offsets) });
    this.asked.push(asked);
    return Response.json(this.#fetched(asked));
  }

  #commit(offsets: readonly Position[]) {
    return offsets.map(({ topic, partition, offset }) => {
      if (this.refuseCommits) return { topic, partition, code: "FENCED_MEMBER_EPOCH" };
      this.committed.set(partition, offset);
      return { topic, partition };
    });
  }

  #fetched({ memberId, commit = [], positions = [], paused = [], maxRecords = 500 }: Asked) {
    const commits = this.#commit(commit);
    const pausedNumbers = new Set(paused.flatMap(({ partitions }) => partitions));
    const read = maxRecords === 0 ? [] : this.assigned.filter((partition) => !pausedNumbers.has(partition));
    let left = maxRecords;
    const parts = read.map((partition) => {
      const from = positions.find((one) => one.partition === partition)?.offset ?? this.committed.get(partition) ?? 0;
      const count = Math.min(left, this.ends[partition]! - from);
      left -= count;
      return { partition, offsets: Array.from({ length: count }, (_, index) => from + index), next: from + count };
    });
    return {
      ...{ memberId, memberEpoch: this.memberEpoch, commits, failures: [] },
      assignment: [{ topic: "t", partitions: this.assigned }],
      records: parts.flatMap(({ partition, offsets }) =>
        offsets.map((offset) => ({ topic: "t", partition, offset, timestamp: 1, key: null, value: { base64: "" }, headers: [] })),
      ),
      positions: parts.map(({ partition, next }) => ({ topic: "t", partition, offset: next })),
      endOffsets: parts.map(({ partition }) => ({ topic: "t", partition, offset: this.ends[partition]! })),
      hasMore: parts.some(({ partition, next }) => next < this.ends[partition]!),
    };
  }
}

interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Longer than a slow machine needs for anything here. */
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 30_000, interval: 5 });

const names = (records: readonly ConsumerRecord[]) => records.map(({ partition, offset }) => `${partition}@${offset}`);
const place = (partition: number) => ({ topic: "t", partition });

/** Reads until the test ends; a record's handler ends when the test lets it. */
function reading(consumer: GroupConsumer, isHeld: (record: ConsumerRecord) => boolean = () => false) {
  const seen: ConsumerRecord[] = [];
  let release = Promise.withResolvers<void>();
  const running = consumer.run(async (record) => {
    seen.push(record);
    if (isHeld(record)) await release.promise;
  });
  running.catch(() => undefined); // the test asks for it, or it has ended
  onTestFinished(() => release.resolve());
  const go = () => {
    release.resolve();
    release = Promise.withResolvers();
  };
  return { seen, running, go };
}

test("the member names itself from the first request on, and says its epoch once it has one", async () => {
  const group = new FakeGroup(4);
  const consumer = group.consumer();
  const { seen } = reading(consumer);
  await eventually(() => seen.length).toBe(4);
  expect(new Set(group.asked.map(({ memberId }) => memberId)).size).toBe(1);
  expect(group.asked.slice(0, 2).map(({ memberEpoch }) => memberEpoch)).toEqual([undefined, 1]);
  await consumer.close();
  expect(group.left).toEqual([group.asked[0]!.memberId]);
  expect([...group.committed]).toEqual([[0, 4]]);
});

test("a first answer that is lost is asked for again by the same member", async () => {
  const group = new FakeGroup(1);
  group.refusals = [{ code: "COORDINATOR_NOT_AVAILABLE", status: 503, retriable: true }];
  const { seen } = reading(group.consumer());
  await eventually(() => seen.length).toBe(1);
  expect(new Set(group.asked.map(({ memberId }) => memberId)).size).toBe(1);
});

test("the next page is fetched while one is handled, from behind it, and what is handled is not given back", async () => {
  const group = new FakeGroup(6);
  const { seen, go } = reading(group.consumer({ sessionTimeoutMs: 60_000 }), ({ offset }) => offset === 0);
  await eventually(() => group.asked.length).toBe(2);
  expect(group.asked[1]).toMatchObject({
    maxWaitMs: 0,
    positions: [{ partition: 0, offset: 3 }],
    owned: [{ topic: "t", partitions: [0] }],
  });
  expect(names(seen)).toEqual(["0@0"]);
  go();
  await eventually(() => seen.length).toBe(6);
  await eventually(() => group.committed.get(0)).toBe(6);
});

test("a member that handles for long shows itself without reading", async () => {
  const group = new FakeGroup(1);
  const { go } = reading(group.consumer(), () => true);
  await eventually(() => group.asked.filter(({ maxRecords }) => maxRecords === 0).length).toBeGreaterThan(1);
  go();
  await eventually(() => group.committed.get(0)).toBe(1);
});

test("a partition that is wanted back goes once the record in the works is done and committed, and its other records are passed over", async () => {
  const group = new FakeGroup(2, 1);
  const events: string[] = [];
  const consumer = group.consumer({ sessionTimeoutMs: 9_000, onRevoked: (places) => events.push(`-${places[0]!.partition}`) });
  const { seen, go } = reading(consumer, ({ partition, offset }) => partition === 0 && offset === 0);
  await eventually(() => seen.length).toBe(1);
  group.assigned = [1];
  await eventually(() => consumer.assignment).toEqual([place(1)]);
  expect(events).toEqual([]);
  expect(group.asked.at(-1)!.owned).toEqual([{ topic: "t", partitions: [0, 1] }]);
  go();
  await eventually(() => events).toEqual(["-0"]);
  expect(group.committed.get(0)).toBe(1);
  await eventually(() => names(seen)).toEqual(["0@0", "1@0"]);
});

test("a record that takes too long holds nobody up: its partition goes without it", async () => {
  const group = new FakeGroup(1);
  const events: string[] = [];
  const consumer = group.consumer({ onRevoked: () => events.push("revoked") });
  const { seen, go } = reading(consumer, () => true);
  await eventually(() => seen.length).toBe(1);
  group.assigned = [];
  await eventually(() => events).toEqual(["revoked"]);
  go();
  await consumer.close();
  expect(group.committed.has(0)).toBe(false);
});

test("a seek voids what was fetched, goes on there, and is what is committed next", async () => {
  const group = new FakeGroup(6);
  const consumer = group.consumer();
  const { seen, go } = reading(consumer, ({ offset }) => offset === 4 && seen.length === 5);
  await eventually(() => seen.length).toBe(5);
  consumer.seek(place(0), 2);
  expect(consumer.position(place(0))).toBe(2);
  go();
  await eventually(() => seen.length).toBe(9);
  expect(names(seen)).toEqual(["0@0", "0@1", "0@2", "0@3", "0@4", "0@2", "0@3", "0@4", "0@5"]);
  await eventually(() => group.committed.get(0)).toBe(6);
  expect(() => consumer.seek(place(7), 0)).toThrow("t/7");
});

test("the lag counts from what is processed to the end that the last answer told, also after a seek, and is told of own partitions alone", async () => {
  const group = new FakeGroup(6, 2);
  const consumer = group.consumer({ maxRecords: 8, sessionTimeoutMs: 60_000 });
  const { seen, go } = reading(consumer, ({ partition, offset }) => partition === 0 && offset === 2);
  await eventually(() => seen.length).toBe(3);
  expect([0, 1].map((partition) => consumer.lag(place(partition)))).toEqual([4, 2]);
  consumer.seek(place(0), 5);
  expect(consumer.lag(place(0))).toBe(1);
  consumer.seek(place(0), 9);
  expect(consumer.lag(place(0))).toBe(0);
  expect(() => consumer.lag(place(7))).toThrow("t/7");
  group.ends[0] = 12;
  go();
  await eventually(() => names(seen)).toContain("0@11");
  await eventually(() => consumer.lag(place(0))).toBe(0);
});

test("a paused partition gives nothing more until it is resumed, and goes on where it was", async () => {
  const group = new FakeGroup(3, 3);
  const consumer = group.consumer({ maxRecords: 6 });
  const { seen, go } = reading(consumer, () => seen.length === 1);
  await eventually(() => seen.length).toBe(1);
  consumer.pause([place(0)]);
  expect(consumer.paused).toEqual([place(0)]);
  go();
  await eventually(() => seen.length).toBe(4);
  expect(names(seen)).toEqual(["0@0", "1@0", "1@1", "1@2"]);
  consumer.resume();
  await eventually(() => seen.length).toBe(7);
  expect(names(seen).slice(4)).toEqual(["0@0", "0@1", "0@2"]); // the first was in the works when it was paused: it is not known to be done
});

test("what was fetched and not processed comes again to whoever reads next", async () => {
  const group = new FakeGroup(3);
  const consumer = group.consumer();
  for await (const record of consumer) if (record.offset === 1) break;
  const { seen } = reading(consumer);
  await eventually(() => names(seen)).toEqual(["0@1", "0@2"]);
});

test("without autoCommit reading goes on, and only `commit` commits", async () => {
  const group = new FakeGroup(5);
  const consumer = group.consumer({ autoCommit: false });
  const { seen } = reading(consumer);
  await eventually(() => seen.length).toBe(5);
  expect(names(seen)).toEqual(["0@0", "0@1", "0@2", "0@3", "0@4"]);
  expect(group.committed.size).toBe(0);
  await consumer.commit();
  expect(group.committed.get(0)).toBe(5);
});

test("a static member's end leaves its place in the group, and one whose name is another's now ends with the error", async () => {
  const group = new FakeGroup(1);
  const ended = group.consumer({ instanceId: "one" });
  const { seen } = reading(ended);
  await eventually(() => seen.length).toBe(1);
  await ended.close();
  expect([group.left, group.committed.get(0)]).toEqual([[], 1]);
  const lost: number[] = [];
  const fenced = group.consumer({ instanceId: "one", onLost: (places) => lost.push(places.length) });
  const { running } = reading(fenced);
  await eventually(() => fenced.assignment.length).toBe(1);
  group.refusals = [{ code: "FENCED_INSTANCE_ID", status: 409 }];
  await expect(running).rejects.toMatchObject({ code: "FENCED_INSTANCE_ID" });
  expect(lost).toEqual([1]);
});

test("a member that was put out joins as a new one", async () => {
  const group = new FakeGroup(1);
  const consumer = group.consumer();
  const { seen } = reading(consumer);
  await eventually(() => seen.length).toBe(1);
  group.refusals = [{ code: "UNKNOWN_MEMBER_ID", status: 404 }];
  group.ends[0] = 2;
  await eventually(() => new Set(group.asked.map(({ memberId }) => memberId)).size).toBe(2);
  await eventually(() => seen.length).toBeGreaterThanOrEqual(2);
});

test("what is left of a page when the consumer is closed is not committed", async () => {
  const group = new FakeGroup(3);
  const consumer = group.consumer({ sessionTimeoutMs: 60_000 });
  const { seen, running, go } = reading(consumer, ({ offset }) => offset === 1);
  await eventually(() => seen.length).toBe(2);
  const asked = Promise.withResolvers<void>();
  const commit = consumer.commit(); // a close waits for it
  group.beforeCommit = () => asked.promise;
  const closing = consumer.close();
  go();
  await running;
  asked.resolve();
  await Promise.all([commit, closing]);
  expect(names(seen)).toEqual(["0@0", "0@1"]);
  expect(group.committed.get(0)).toBe(2);
});

test("a member that waits for records has nothing that it does not give back", async () => {
  const group = new FakeGroup(3);
  const { seen } = reading(group.consumer());
  await eventually(() => seen.length).toBe(3);
  await eventually(() => group.committed.get(0)).toBe(3);
  const { length } = group.asked;
  await eventually(() => group.asked.length).toBeGreaterThan(length);
  expect(group.asked.at(-1)!.owned).toBeUndefined();
});

test("a close whose commit is refused, since the partitions are others' by now, leaves all the same", async () => {
  const group = new FakeGroup(1);
  const consumer = group.consumer({ sessionTimeoutMs: 60_000 });
  const { seen, running, go } = reading(consumer, () => true);
  await eventually(() => seen.length).toBe(1);
  group.refuseCommits = true;
  consumer.seek(place(0), 0);
  const closing = consumer.close();
  go();
  await closing;
  await running;
  expect([group.left.length, group.committed.size]).toEqual([1, 0]);
});

test("who leaves the loop and comes back misses nothing that was being fetched ahead", async () => {
  const group = new FakeGroup(9);
  const consumer = group.consumer();
  const seen: string[] = [];
  for await (const record of consumer) {
    seen.push(...names([record]));
    if (seen.length < 3) continue;
    group.refusals = [{ code: "COORDINATOR_NOT_AVAILABLE", status: 503, retriable: true }]; // the fetch ahead waits, to be made again
    await new Promise((resolve) => setTimeout(resolve, 3));
    break;
  }
  for await (const record of consumer) {
    seen.push(...names([record]));
    await new Promise((resolve) => setTimeout(resolve, 3));
    if (record.offset === 8) break;
  }
  expect([...new Set(seen)]).toEqual(Array.from({ length: 9 }, (_, offset) => `0@${offset}`));
});

// Truncation, the manifest and its verification over the real broker: partitions, SQLite and R2.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { VerifySegmentsResult } from "../../src/broker/messages/segments.ts";
import type { ArchivePort, TopicMetadata } from "../../src/broker/ports.ts";
import { verifySegments } from "../../src/broker/verify-segments.ts";
import { core } from "../../src/objects/core.ts";
import { addressOf, append, aTopic, objectOf, partitionOf, ports } from "./support/partition.ts";
import { request, send } from "./support/worker-request.ts";

const SMALL = { "segment.bytes": "2000", "index.interval.bytes": "300" };

interface Segments {
  readonly segments: {
    readonly name: string;
    readonly baseOffset: number;
    readonly endOffset: number;
    readonly place: string;
    readonly key: string;
    readonly crc32c: string;
  }[];
  readonly nextCursor: string | null;
  readonly logStartOffset: number;
}

interface Verified {
  readonly ok: boolean;
  readonly segments: {
    readonly baseOffset: number;
    readonly place: string;
    readonly copy: string;
    readonly ok: boolean;
    readonly code?: string;
    readonly detail?: string;
  }[];
  readonly checkedBytes: number;
  readonly nextCursor: string | null;
}

/** 40 records in 20 batches and about 5 segments. */
async function filledTopic(configs: Record<string, string> = {}): Promise<TopicMetadata> {
  const topic = await aTopic({ ...SMALL, ...configs });
  for (let first = 0; first < 40; first += 2) {
    await append(
      topic,
      [first, first + 1].map((index) => `${index}:${"x".repeat(150)}`),
      { firstTimestamp: Date.now() },
    );
  }
  await runInDurableObject(objectOf(topic), (object) => object.alarm());
  return topic;
}

const pathOf = (topic: TopicMetadata, rest: string): string => `/v1/topics/${topic.name}/partitions/0/${rest}`;

async function segmentsOf(topic: TopicMetadata, query = ""): Promise<Segments> {
  return (await (await request(pathOf(topic, `segments${query}`))).json()) as Segments;
}

async function verify(topic: TopicMetadata, body: object = {}): Promise<Verified> {
  const response = await send(pathOf(topic, "segments/verify"), body);
  expect(response.status).toBe(200);
  return (await response.json()) as Verified;
}

const failuresIn = ({ segments }: Verified) => segments.filter(({ ok }) => !ok);

test("truncates, answers the new offsets, and refuses what is out of range with the range", async () => {
  const topic = await filledTopic();
  const truncated = await send(pathOf(topic, "truncate"), { beforeOffset: 21 });
  expect(await truncated.json()).toEqual({ logStartOffset: 21, highWatermark: 40, lastStableOffset: 40, leaderEpoch: 0 });
  const gone = await request(pathOf(topic, "records?offset=20"));
  expect(gone.status).toBe(416);
  const beyond = await send(pathOf(topic, "truncate"), { beforeOffset: 41 });
  expect(beyond.status).toBe(416);
  expect(await beyond.json()).toMatchObject({ code: "OFFSET_OUT_OF_RANGE", logStartOffset: 21, highWatermark: 40 });
  expect(await partitionOf(topic).truncate(addressOf(topic), -2)).toMatchObject({ error: "OFFSET_OUT_OF_RANGE" });
  expect(await (await send(pathOf(topic, "truncate"), { beforeOffset: -1 })).json()).toMatchObject({ logStartOffset: 40 });
  expect(await (await request(pathOf(topic, "records"))).json()).toMatchObject({ records: [], nextOffset: 40 });
});

test("a topic that is compacted and never deleted refuses to be truncated", async () => {
  const topic = await aTopic({ "cleanup.policy": "compact" });
  const refused = await send(pathOf(topic, "truncate"), { beforeOffset: 0 });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ code: "POLICY_VIOLATION" });
});

test("lists the manifest in pages, by Kafka's names", async () => {
  const topic = await filledTopic();
  const all = await segmentsOf(topic);
  expect(all.segments.length).toBeGreaterThan(3);
  expect(all.segments[0]).toMatchObject({ name: "00000000000000000000.log", baseOffset: 0, place: "archived" });
  expect(all.segments[0]!.crc32c).toMatch(/^[0-9a-f]{8}$/);
  expect(all.segments.at(-1)).toMatchObject({ place: "active", endOffset: 40, sealedAt: null });
  const paged: Segments["segments"] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Segments = await segmentsOf(topic, `?limit=2${cursor && `&cursor=${cursor}`}`);
    expect(page.segments.length).toBeLessThanOrEqual(2);
    paged.push(...page.segments);
    cursor = page.nextCursor;
  }
  expect(paged).toEqual(all.segments);
  expect((await request(pathOf(topic, "segments?cursor=abc"))).status).toBe(400);
});

test.each([
  ["in the archive", {}, ["archive"]],
  ["in both places, each copy", { "local.retention.ms": "3600000" }, ["archive", "local"]],
])("verifies segments %s", async (_, configs, copies) => {
  const topic = await filledTopic(configs);
  const { segments } = await segmentsOf(topic);
  const verified = await verify(topic);
  expect(verified).toMatchObject({ ok: true, nextCursor: null });
  const expected = segments.flatMap(({ baseOffset, place }) =>
    (place === "active" ? ["local"] : copies).map((copy) => ({ baseOffset, place, copy, ok: true })),
  );
  expect(verified.segments).toMatchObject(expected);
});

test("goes on by its cursor, in the middle of a segment too, to the same result", async () => {
  const topic = await filledTopic({ "local.retention.ms": "3600000" });
  const whole = await verify(topic);
  const steps: Verified[] = [];
  for (let cursor: string | undefined; ; ) {
    const step: Verified = await verify(topic, { maxBytes: 1, ...(cursor === undefined ? {} : { cursor }) });
    steps.push(step);
    if (step.nextCursor === null) break;
    cursor = step.nextCursor;
  }
  expect(steps.length).toBeGreaterThan(5);
  expect(steps.every(({ ok }) => ok)).toBe(true);
  expect(steps.flatMap(({ segments }) => segments)).toEqual(whole.segments);
  expect(steps.reduce((sum, { checkedBytes }) => sum + checkedBytes, 0)).toBe(whole.checkedBytes);
});

test("segments that are archived and expire between two calls are not taken for damaged", async () => {
  const topic = await aTopic({ ...SMALL, "local.retention.ms": "3600000" });
  for (let offset = 0; offset < 40; offset++) await append(topic, [`${offset}:${"x".repeat(150)}`], { firstTimestamp: Date.now() });
  const between = [
    () => runInDurableObject(objectOf(topic), (object) => object.alarm()),
    () => partitionOf(topic).truncate(addressOf(topic), 15),
    () => send(`/v1/topics/${topic.name}`, { configs: { "local.retention.ms": null } }, "PATCH"),
    () => runInDurableObject(objectOf(topic), (object) => object.alarm()),
    () => append(topic, ["more", "y".repeat(1900)], { firstTimestamp: Date.now() }),
  ];
  let last: Verified | null = null;
  for (let cursor: string | undefined, steps = 0; ; steps++) {
    last = await verify(topic, { maxBytes: 1, ...(cursor === undefined ? {} : { cursor }) });
    expect(failuresIn(last)).toEqual([]);
    if (last.nextCursor === null) break;
    cursor = last.nextCursor;
    await between[steps]?.();
  }
  expect((await segmentsOf(topic)).logStartOffset).toBe(15);
});

test("a segment that expires while it is read is looked up again, and not told as missing", async () => {
  const topic = await filledTopic();
  const real = ports();
  let reads = 0;
  const archive: ArchivePort = {
    async read(...range) {
      if (reads++ === 0) {
        await partitionOf(topic).truncate(addressOf(topic), 15);
        await runInDurableObject(objectOf(topic), (object) => object.alarm());
      }
      return real.archive!.read(...range);
    },
  };
  const topics = { topic: async () => topic, invalidate: () => {} };
  const context = { ports: { ...real, archive }, topics, core, now: Date.now };
  const verified = await verifySegments(context, { topic: topic.name, partition: 0, maxBytes: 1 << 20, maxMs: 10_000 });
  expect(verified).toMatchObject({ ok: true, nextCursor: null });
  const { segments } = await segmentsOf(topic);
  expect(segments[0]!.baseOffset).toBeGreaterThan(0);
  expect((verified as VerifySegmentsResult).segments.map(({ baseOffset }) => baseOffset)).toEqual(
    segments.map(({ baseOffset }) => baseOffset),
  );
});

test("begins with the segment that holds an offset, and refuses one out of range", async () => {
  const topic = await filledTopic();
  const { segments } = await segmentsOf(topic);
  const verified = await verify(topic, { fromOffset: segments[2]!.baseOffset + 1 });
  expect(verified.segments.map(({ baseOffset }) => baseOffset)).toEqual(segments.slice(2).map(({ baseOffset }) => baseOffset));
  const response = await send(pathOf(topic, "segments/verify"), { fromOffset: 41 });
  expect(response.status).toBe(416);
  expect(await response.json()).toMatchObject({ code: "OFFSET_OUT_OF_RANGE", highWatermark: 40 });
});

test("tells an object that is missing, and checks the others", async () => {
  const topic = await filledTopic();
  const [, lost] = (await segmentsOf(topic)).segments;
  await env.ARCHIVE!.delete(lost!.key);
  const verified = await verify(topic);
  expect(verified.ok).toBe(false);
  expect(failuresIn(verified)).toMatchObject([{ baseOffset: lost!.baseOffset, code: "KAFKA_STORAGE_ERROR" }]);
  expect(failuresIn(verified)[0]!.detail).toContain(lost!.key);
  expect(verified.segments.length).toBe((await segmentsOf(topic)).segments.length);
});

/** Damages an archived object, and says what a verification must find. */
const DAMAGES: [string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>, RegExp][] = [
  ["a flipped bit in a record", (bytes) => flipped(bytes, 100), /byte 0: The CRC .*BAD_CRC/],
  ["an offset that the batch's CRC does not cover", (bytes) => flipped(bytes, 7), /begins at offset|expected/],
  ["a leader epoch that the batch's CRC does not cover", (bytes) => flipped(bytes, 15), /CRC-32C of its bytes is .{8}, the manifest says/],
  ["a length", (bytes) => flipped(bytes, 8), /no whole batch at byte 0/],
  ["a cut", (bytes) => bytes.slice(0, -1), /ends at byte \d+, the manifest says \d+ bytes/],
  ["bytes too many", (bytes) => new Uint8Array([...bytes, 0]), /goes on, the manifest says/],
  ["another segment's bytes", (bytes) => bytes.map(() => 0), /byte 0/],
];

function flipped(bytes: Uint8Array<ArrayBuffer>, position: number): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy[position]! ^= 0x40;
  return copy;
}

test.each(DAMAGES)("finds %s in the archive", async (_, damage, detail) => {
  const topic = await filledTopic();
  const [, , segment] = (await segmentsOf(topic)).segments;
  const stored = await (await env.ARCHIVE!.get(segment!.key))!.arrayBuffer();
  await env.ARCHIVE!.put(segment!.key, damage(new Uint8Array(stored)));
  const failures = failuresIn(await verify(topic));
  expect(failures).toMatchObject([{ baseOffset: segment!.baseOffset, copy: "archive" }]);
  expect(failures[0]!.detail).toMatch(detail);
});

test("finds a damaged row of the partition, though the archive's copy is whole", async () => {
  const topic = await filledTopic({ "local.retention.ms": "3600000" });
  const [, segment] = (await segmentsOf(topic)).segments;
  await runInDurableObject(objectOf(topic), (_, state) => {
    const table = `segment_${segment!.baseOffset}`;
    const row = state.storage.sql
      .exec<{ base_offset: number; bytes: ArrayBuffer }>(`SELECT base_offset, bytes FROM ${table} LIMIT 1`)
      .one();
    state.storage.sql.exec(`UPDATE ${table} SET bytes = ? WHERE base_offset = ?`, flipped(new Uint8Array(row.bytes), 100), row.base_offset);
  });
  const failures = failuresIn(await verify(topic));
  expect(failures).toMatchObject([{ baseOffset: segment!.baseOffset, place: "both", copy: "local", code: "CORRUPT_MESSAGE" }]);
});

test("finds a hole in the manifest", async () => {
  const topic = await filledTopic();
  const [, lost] = (await segmentsOf(topic)).segments;
  await runInDurableObject(objectOf(topic), (_, state) => {
    state.storage.sql.exec("DELETE FROM segments WHERE base_offset = ?", lost!.baseOffset);
  });
  const failures = failuresIn(await verify(topic));
  expect(failures).toMatchObject([{ baseOffset: lost!.baseOffset, endOffset: lost!.endOffset, place: "missing", copy: null }]);
});

test("verifies what is left of a segment that was truncated in the middle", async () => {
  const topic = await filledTopic({ "local.retention.ms": "3600000" });
  await partitionOf(topic).truncate(addressOf(topic), 21);
  const verified = await verify(topic);
  expect(failuresIn(verified)).toEqual([]);
  expect(verified.segments[0]!.baseOffset).toBeLessThanOrEqual(21);
});

test("verifies a partition that never held anything, and one that is empty", async () => {
  const topic = await aTopic();
  expect(await verify(topic)).toEqual({ ok: true, segments: [], checkedBytes: 0, nextCursor: null });
  await append(topic, ["a"]);
  await partitionOf(topic).truncate(addressOf(topic), -1);
  expect(await verify(topic)).toMatchObject({ ok: true, nextCursor: null });
});

test.each(["x", "MQ.x", btoa("1.2.3"), btoa("9.9.9.9.9.9.9"), btoa("0.0.0.999999.1.0.0"), btoa("999999999999999")])(
  "a cursor that was made up (%s) breaks nothing",
  async (cursor) => {
    const topic = await filledTopic();
    const response = await send(pathOf(topic, "segments/verify"), { cursor: cursor.replaceAll("=", "") });
    expect([200, 400]).toContain(response.status);
  },
);

// What a partition costs as it grows: appends, lookups of one record by offset and by timestamp, and a start after kill -9, each against
// the same in a partition with next to nothing in the same minutes. The partition's segments are of all kinds: active, sealed and archived with their
// rows still there, and in the archive alone (one on the same disk, behind the ARCHIVE binding).
//
// A lookup is a fetch of the one record at a random offset, or the offset at a random timestamp. There is nothing to look up in an empty
// partition: `small` has one segment of most of the size at which it would be sealed, and the lookups leave out what it keeps in memory
// (src/log/newest-rows.ts). That is also more than SQLite caches, so both read rows from their files. Where the full partition's record
// is in its own rows (`local`), the two do the same. Where it is in the archive alone, the partition has the segment's index in memory
// after the first time, and the batch comes from the archive: one hop more, which a partition without archived segments does not have.
// `oldest` and `middle` are two segments in the archive, to tell that hop from an effect of the size.
//
// Two ratios are given: of the median times, and of the server's own time (its process's, which counts neither the disk nor what else the
// machine does), the steadier one on a busy machine. A start has the first alone.
//
//   node bench/partition-size.bench.ts [--gigabytes 1] [--svg docs/partition-size.svg] [--data FOLDER]     goal: 1.1 x empty, start 1.5 x
//
// 10 GB take 5 to 15 minutes and 25 GB of disk. With --data the partition stays in FOLDER, and the next run goes on with it and its curves.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { NEWEST_ROWS_BYTES } from "../src/common/limits/partition-log.ts";
import type { SegmentAnswer } from "../src/contract/segments.ts";
import { type Broker, startBroker } from "../test/support/broker.ts";
import { drawCurves, type Point } from "./support/draw-curves.ts";
import { type FillingPartition, fillTo, numberedBatch, settledSegments } from "./support/fill-partition.ts";
import { buildRequest } from "./support/http-load.ts";
import { medianLatency, timeRestart } from "./support/latency.ts";
import { processMs } from "./support/process-time.ts";
import { isSmoke, median, printTurns, sized, takeTurns } from "./support/rounds.ts";
import { appendRequest, BATCHES_TYPE, createTopic } from "./support/setting.ts";

const { values: flags } = parseArgs({
  options: { smoke: { type: "boolean" }, gigabytes: { type: "string", default: "1" }, svg: { type: "string" }, data: { type: "string" } },
});
const SIZES_GB = isSmoke ? [0.003] : [0.1, 1, 3, 10].filter((size) => size <= Number(flags.gigabytes));

const SEGMENT_BYTES = sized(16 * 2 ** 20, 2 ** 19);
const CONFIGS = { "segment.bytes": String(SEGMENT_BYTES), "local.retention.bytes": String(4 * SEGMENT_BYTES) };
const REQUESTS_PER_TURN = sized(60, 3);
const TURNS = sized(9, 1);
const RESTARTS = sized(7, 1);
const BATCH_BYTES = numberedBatch(0, 0).length;

/** Three times what a partition keeps in memory; it fits a segment. */
const EMPTY_BATCHES = sized(Math.ceil((3 * NEWEST_ROWS_BYTES) / BATCH_BYTES), 2);

/** 15 MB: one segment, not sealed yet. */
const SMALL_BATCHES = sized(Math.floor((0.9 * SEGMENT_BYTES) / BATCH_BYTES), 2);
const LOOKED_UP_SHARE = 0.875;

const CAPTION =
  "One partition of this size over one with next to nothing: the server's time a request; for a start, the time (bench/partition-size.bench.ts)";

const FULL = "full";
const EMPTY = "empty";
const SMALL = "small";

/** Points of earlier runs on the same folder. */
const pointsFile = flags.data === undefined ? null : join(flags.data, "partition-size.json");
const curves: Record<string, Point[]> = pointsFile !== null && existsSync(pointsFile) ? JSON.parse(readFileSync(pointsFile, "utf8")) : {};

interface Figures {
  /** ms, of each turn: its median request. */
  readonly latency: Readonly<Record<string, readonly number[]>>;
  /** ms, of each turn: the server's own time for a request. */
  readonly server: Readonly<Record<string, readonly number[]>> | null;
}

function report(title: string, gigabytes: number, { latency, server }: Figures, reference: string): void {
  printTurns(`${title}, ${gigabytes} GB`, "ms", latency, reference);
  if (server !== null) printTurns(`${title}, ${gigabytes} GB, the server's own time`, "ms", server, reference);
  const figures = server ?? latency;
  for (const [name, values] of Object.entries(figures)) {
    if (name === reference) continue;
    const curve = name === FULL ? title : `${title}, ${name}`;
    const others = (curves[curve] ?? []).filter((point) => point.gigabytes !== gigabytes);
    curves[curve] = [...others, { gigabytes, ratio: median(values) / median(figures[reference]!) }];
  }
}

/** One turn's requests to a broker. */
type Turn = () => Promise<readonly Uint8Array[]>;

async function measureRequests(broker: Broker, turns: Readonly<Record<string, Turn>>): Promise<Figures> {
  const server: Record<string, number[]> = {};
  const contenders = Object.entries(turns).map(([name, turn]) => {
    const timed = async () => {
      const requests = await turn();
      const before = processMs(broker.workerdPid);
      const latency = await medianLatency(broker.port, requests);
      server[name] = [...(server[name] ?? []), (processMs(broker.workerdPid) - before) / requests.length];
      return latency;
    };
    return [name, timed] as const;
  });
  return { latency: await takeTurns(Object.fromEntries(contenders), TURNS), server };
}

/** Where some segments' records are: ends are exclusive, times ms. */
interface SegmentRange {
  readonly start: number;
  readonly end: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Of the segments from index `first` to `last`. */
function rangeOf(segments: readonly SegmentAnswer[], first: number, last: number, { firstMs }: FillingPartition): SegmentRange {
  const [from, to] = [segments[first]!, segments[last]!];
  const startMs = first === 0 ? firstMs : segments[first - 1]!.maxTimestamp + 1;
  return { start: from.baseOffset, end: to.endOffset, startMs: Math.min(startMs, to.maxTimestamp), endMs: to.maxTimestamp + 1 };
}

function randomBetween(start: number, end: number): number {
  return start + Math.floor(Math.random() * (end - start));
}

function fetchOneRequest(topic: string, offset: number): Buffer {
  const path = `/v1/topics/${topic}/partitions/0/records?offset=${offset}&maxRecords=1`;
  return buildRequest("GET", path, { headers: { accept: BATCHES_TYPE } });
}

function offsetAtRequest(topic: string, timestamp: number): Buffer {
  return buildRequest("GET", `/v1/topics/${topic}/partitions/0/offsets?timestamp=${timestamp}`);
}

function times(request: () => Buffer): Buffer[] {
  return Array.from({ length: REQUESTS_PER_TURN }, request);
}

async function measureAppends(broker: Broker, { batchCount, firstMs }: FillingPartition, gigabytes: number): Promise<void> {
  for (const [title, recordCount] of Object.entries({ "append of 1 KB": 1, "append of 100 KB": 100 })) {
    const batch = numberedBatch(batchCount, firstMs, recordCount);
    const appends = (topic: string) => times(() => appendRequest(topic, batch));
    const empty = async () => {
      const topic = `empty-${crypto.randomUUID()}`;
      await createTopic(broker.url, topic, CONFIGS);
      await medianLatency(broker.port, [appendRequest(topic, batch)]); // opens the log
      return appends(topic);
    };
    report(title, gigabytes, await measureRequests(broker, { [EMPTY]: empty, [FULL]: async () => appends(FULL) }), EMPTY);
  }
}

const LOOKUPS = {
  "lookup by offset": (topic: string, { start, end }: SegmentRange) => fetchOneRequest(topic, randomBetween(start, end)),
  "lookup by timestamp": (topic: string, { startMs, endMs }: SegmentRange) => offsetAtRequest(topic, randomBetween(startMs, endMs)),
};

/** Among the records of some segments, and among those of a partition with one. */
async function measureLookups(broker: Broker, full: FillingPartition, small: FillingPartition, gigabytes: number): Promise<void> {
  const segments = await settledSegments(broker.url, FULL);
  const archivedCount = segments.filter(({ place }) => place === "archived").length;
  const ranges: Record<string, SegmentRange> = { local: rangeOf(segments, archivedCount, segments.length - 1, full) };
  if (archivedCount > 0) {
    const middle = archivedCount >> 1;
    ranges["archived, oldest"] = rangeOf(segments, 0, 0, full);
    ranges["archived, middle"] = rangeOf(segments, middle, middle, full);
  }
  const smallSegments = await settledSegments(broker.url, SMALL);
  const whole = rangeOf(smallSegments, 0, smallSegments.length - 1, small);
  const end = Math.floor(whole.end * LOOKED_UP_SHARE);
  const few = { ...whole, end, endMs: small.firstMs + Math.floor(small.batchCount * LOOKED_UP_SHARE) };
  for (const [title, request] of Object.entries(LOOKUPS)) {
    const lookups = (topic: string, range: SegmentRange) => async () => times(() => request(topic, range));
    const contenders = Object.entries(ranges).map(([name, range]) => [name, lookups(FULL, range)] as const);
    report(title, gigabytes, await measureRequests(broker, { [SMALL]: lookups(SMALL, few), ...Object.fromEntries(contenders) }), SMALL);
  }
}

async function measureStarts(broker: Broker, emptyBroker: Broker, { batchCount, firstMs }: FillingPartition, gigabytes: number) {
  const batch = numberedBatch(batchCount, firstMs, 1);
  const titles = {
    "start to the first fetch": (topic: string) => fetchOneRequest(topic, 0),
    "start to the first produce": (topic: string) => appendRequest(topic, batch),
  };
  for (const [title, request] of Object.entries(titles)) {
    const contenders = {
      [EMPTY]: () => timeRestart(emptyBroker, request(EMPTY)),
      [FULL]: () => timeRestart(broker, request(FULL)),
    };
    report(title, gigabytes, { latency: await takeTurns(contenders, RESTARTS), server: null }, EMPTY);
  }
}

/** The partition as it is; made if it is not there. */
async function openPartition({ url, port }: Broker, topic: string): Promise<FillingPartition> {
  const isThere = (await fetch(`${url}/v1/topics/${topic}`)).ok;
  if (!isThere) await createTopic(url, topic, CONFIGS);
  const newest = isThere ? (await settledSegments(url, topic)).at(-1) : undefined;
  if (newest === undefined) return { port, topic, firstMs: Date.now() - 3_600_000, batchCount: 0 };
  const answer = await fetch(`${url}/v1/topics/${topic}/partitions/0/offsets?timestamp=0`);
  const { timestamp: firstMs } = (await answer.json()) as { timestamp: number };
  return { port, topic, firstMs, batchCount: newest.maxTimestamp - firstMs + 1 };
}

async function fillAndMeasure(broker: Broker, emptyBroker: Broker): Promise<void> {
  const full = await openPartition(broker, FULL);
  const small = await openPartition(broker, SMALL);
  await fillTo(small, SMALL_BATCHES);
  await fillTo(await openPartition(emptyBroker, EMPTY), EMPTY_BATCHES);
  for (const gigabytes of SIZES_GB) {
    const batchCount = Math.ceil((gigabytes * 1e9) / BATCH_BYTES);
    if (batchCount * 1.1 < full.batchCount) continue; // an earlier run was there
    const speed = await fillTo(full, batchCount);
    const segments = await settledSegments(broker.url, FULL);
    spawnSync("sync"); // the disk is done with the filling before anything is timed
    const count = (place: string) => segments.filter((segment) => segment.place === place).length;
    console.log(
      `\n${gigabytes} GB, the last of them at ${speed.toFixed(0)} MB/s: ${count("archived")} segments archived, ${count("both")} both, ${count("active")} active`,
    );
    await measureLookups(broker, full, small, gigabytes);
    await measureAppends(broker, full, gigabytes);
    await measureStarts(broker, emptyBroker, full, gigabytes);
  }
}

const broker = await startBroker(flags.data === undefined ? { archive: "" } : { archive: "", dataDir: flags.data });
const emptyBroker = await startBroker({ archive: "" });
try {
  await fillAndMeasure(broker, emptyBroker);
} finally {
  await Promise.all([broker.stop(), emptyBroker.stop()]);
}

if (pointsFile !== null) writeFileSync(pointsFile, JSON.stringify(curves));
console.log("\nratio to the partition with next to nothing");
for (const [name, points] of Object.entries(curves)) {
  console.log(`  ${name.padEnd(40)}${points.map(({ gigabytes, ratio }) => `${gigabytes} GB ${ratio.toFixed(2)}`).join("   ")}`);
}

/** The curves whose names begin so. */
function chosen(...starts: string[]): Record<string, Point[]> {
  return Object.fromEntries(Object.entries(curves).filter(([name]) => starts.some((start) => name.startsWith(start))));
}

if (flags.svg !== undefined) {
  const panels = [
    { title: "Lookup of one record", goal: 1.1, curves: chosen("lookup") },
    { title: "Append", goal: 1.1, curves: chosen("append") },
    { title: "Start after kill -9", goal: 1.5, curves: chosen("start") },
  ];
  writeFileSync(flags.svg, drawCurves(panels, CAPTION));
}

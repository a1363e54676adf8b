// A partition whose segments go to the archive, under the broker as `npm start -- --archive` runs it.
//
//   node test/e2e/tiering.ts fill [--megabytes 2048] [--segment-megabytes 16] [--dev]
//   node test/e2e/tiering.ts crash [--rounds 50] [--writers 4] [--seed N]
//
// `fill` writes much more than the partition keeps, reads it all back, and proves every segment whole; with --dev under `npm run dev`, whose
// archive is R2 as wrangler emulates it. `crash` kills the broker with kill -9 (crash.ts) while segments are sealed, archived and expired,
// and those of another topic compacted (crash-compacted.ts). Both end with nothing in the archive that the manifests lack.

import { parseArgs } from "node:util";
import type { SegmentAnswer } from "../../src/contract/segments.ts";
import { batchHeaders } from "../../src/record/record-batch.ts";
import { decodeBatches, encodeBatch } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { loadCore } from "../support/core.ts";
import { archivedKeys, type DataLayout, NPM_START_LAYOUT, objectFileBytes, partitionBytes } from "../support/data-folder.ts";
import { startDevBroker } from "../support/dev-broker.ts";
import { fetchRaw, type PartitionPlace, produceBatches } from "../support/raw-batches.ts";
import { type CrashFigures, crashRepeatedly, describeFigures } from "./crash.ts";
import { COMPACTED_TOPIC, type CompactedFigures, CompactedTopic } from "./crash-compacted.ts";

const RECORDS_PER_BATCH = 100;
const VALUE_BYTES = 10_000;
const POLL_MS = 200;
const SEGMENT_FILES = ["log", "index", "timeindex"];

/** Rows beside the records: the state, the manifest, the producers, and pages that are not full. */
const OVERHEAD_BYTES = 2_000_000;

export interface FillOptions {
  readonly megabytes: number;
  readonly segmentBytes: number;
  /** Under `npm run dev`, not `npm start`. */
  readonly isDev?: boolean;
}

/** A broker with an archive, however it runs. */
interface StoringBroker extends Pick<Broker, "url" | "dataDir"> {
  /** Where it puts its data; NPM_START_LAYOUT where absent. */
  readonly layout?: DataLayout;
  kill9(): Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface FillFigures {
  readonly records: number;
  readonly segments: number;
  /** Bytes that the partition used once all was archived. */
  readonly localBytes: number;
  /** Largest size of the objects' files on the way. */
  readonly peakFileBytes: number;
  readonly checkedBytes: number;
  readonly produceSeconds: number;
  readonly readSeconds: number;
}

/** Rejects unless every record reads back, every segment is whole, and the partition keeps no more than the active segment. */
export async function fillAndReadBack({ megabytes, segmentBytes, isDev = false }: FillOptions): Promise<FillFigures> {
  const broker: StoringBroker = isDev ? await startDevBroker() : await startBroker({ archive: "" });
  try {
    const place: PartitionPlace = { url: broker.url, topic: "tiering", partition: 0 };
    await post(`${broker.url}/v1/topics`, { name: place.topic, partitions: 1, configs: { "segment.bytes": String(segmentBytes) } });
    const batchCount = Math.ceil((megabytes * 1e6) / (RECORDS_PER_BATCH * VALUE_BYTES));
    const produceStart = performance.now();
    const peakFileBytes = await fill(broker, place, batchCount);
    const produceSeconds = (performance.now() - produceStart) / 1000;
    const segments = await settled(place);
    const readStart = performance.now();
    const records = await readAll(place);
    if (records !== batchCount * RECORDS_PER_BATCH) throw new Error(`${records} of ${batchCount * RECORDS_PER_BATCH} records read back`);
    const readSeconds = (performance.now() - readStart) / 1000;
    const checkedBytes = await verifyAll(place);
    const localBytes = await checkFolder(broker, segments);
    if (localBytes > segmentBytes + OVERHEAD_BYTES) throw new Error(`the partition keeps ${localBytes} bytes`);
    return { records, segments: segments.length, localBytes, peakFileBytes, checkedBytes, produceSeconds, readSeconds };
  } finally {
    await broker.stop();
  }
}

export interface TieredCrashOptions {
  readonly rounds: number;
  readonly writers: number;
  readonly seed: number;
}

export interface TieredCrashFigures extends CrashFigures {
  readonly compacted: CompactedFigures;
  /** Of both topics, proved whole at the end. */
  readonly segments: number;
}

/** As crashRepeatedly, on one partition whose segments are sealed, archived and expired all the time, and one that is compacted. */
export async function crashWhileTiering(options: TieredCrashOptions): Promise<TieredCrashFigures> {
  let topic: CompactedTopic | undefined;
  let compacted: CompactedFigures | undefined;
  let segmentCount = 0;
  const figures = await crashRepeatedly({
    ...options,
    partitions: 1,
    archive: "",
    configs: { "segment.bytes": "100000", "retention.bytes": "2000000", "index.interval.bytes": "1000" },
    paddingBytes: 1000,
    async alongside(broker) {
      topic = await CompactedTopic.create(broker, options.seed);
      return topic;
    },
    async finish(broker, name) {
      const places = [name, COMPACTED_TOPIC].map((topic) => ({ url: broker.url, topic, partition: 0 }));
      await broker.kill9();
      await broker.restart(); // sweeps what earlier lives left behind
      const isCompact = (activeBaseOffset: number): Promise<boolean> => topic!.isDone(activeBaseOffset);
      const segments = [...(await settled(places[0]!)), ...(await settled(places[1]!, isCompact))];
      for (const place of places) await verifyAll(place);
      await topic!.check();
      compacted = await topic!.figures();
      await checkFolder(broker, segments);
      segmentCount = segments.length;
    },
  });
  return { ...figures, compacted: compacted!, segments: segmentCount };
}

/** @returns the largest size of the objects' files */
async function fill({ dataDir, layout = NPM_START_LAYOUT }: StoringBroker, place: PartitionPlace, batchCount: number): Promise<number> {
  const core = loadCore();
  let peakBytes = 0;
  for (let batch = 0; batch < batchCount; batch++) {
    const timestamp = Date.now();
    const numbers = Array.from({ length: RECORDS_PER_BATCH }, (_, index) => batch * RECORDS_PER_BATCH + index);
    const records = numbers.map((number) => ({ key: null, value: valueAt(number), timestamp }));
    await produceBatches(place, encodeBatch(core, records, { compression: "none" }));
    if (batch % 10 === 0) peakBytes = Math.max(peakBytes, objectFileBytes(dataDir, layout));
  }
  return peakBytes;
}

/** Bytes that tell the record's number, and that differ from record to record in every place. */
function valueAt(number: number): Uint8Array {
  const value = new Uint8Array(VALUE_BYTES);
  let state = number + 1;
  const words = new Uint32Array(value.buffer);
  for (let index = 0; index < words.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[index] = state;
  }
  return value;
}

/** Reads from the start to the end, and checks every record. @returns how many */
async function readAll(place: PartitionPlace): Promise<number> {
  const core = loadCore();
  let next = 0;
  for (let end = 1; next < end; ) {
    const { bytes, highWatermark, nextOffset } = await fetchRaw(place, next);
    end = highWatermark;
    for (const { position, sizeBytes } of batchHeaders(bytes)) {
      const batch = bytes.subarray(position, position + sizeBytes);
      for (const { offset, value } of decodeBatches(core, batch, { fromOffset: next, maxDecompressedBytes: 1 << 24, checkCrc: true })) {
        if (offset !== next) throw new Error(`offset ${offset} where ${next} comes next`);
        if (Buffer.compare(value!, valueAt(offset)) !== 0) throw new Error(`the value at offset ${offset} is another`);
        next++;
      }
    }
    if (nextOffset !== next) throw new Error(`a read ended at ${next} and says ${nextOffset}`);
  }
  return next;
}

/** The manifest, once every sealed segment is in the archive alone, and it stays as it is. */
async function settled(
  place: PartitionPlace,
  isDone: (activeBaseOffset: number) => Promise<boolean> = async () => true,
): Promise<SegmentAnswer[]> {
  for (;;) {
    const segments = await manifest(place);
    const isArchived = segments.every((segment, index) => segment.place === (index === segments.length - 1 ? "active" : "archived"));
    if (isArchived && (await isDone(segments.at(-1)?.baseOffset ?? 0)) && isSame(segments, await manifest(place))) return segments;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function isSame(one: readonly SegmentAnswer[], other: readonly SegmentAnswer[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

async function manifest(place: PartitionPlace): Promise<SegmentAnswer[]> {
  const segments: SegmentAnswer[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${segmentsUrl(place)}${query}`);
    if (!answer.ok) throw new Error(`segments were answered ${answer.status}: ${await answer.text()}`);
    const page = (await answer.json()) as { segments: SegmentAnswer[]; nextCursor: string | null };
    segments.push(...page.segments);
    cursor = page.nextCursor;
  }
  return segments;
}

/** Proves every segment whole. @returns bytes checked */
async function verifyAll(place: PartitionPlace): Promise<number> {
  let checkedBytes = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const answer = (await post(`${segmentsUrl(place)}/verify`, cursor === undefined ? {} : { cursor })) as VerifyAnswer;
    if (!answer.ok) throw new Error(`segments are damaged: ${JSON.stringify(answer.segments.filter(({ ok }) => !ok))}`);
    checkedBytes += answer.checkedBytes;
    cursor = answer.nextCursor;
  }
  return checkedBytes;
}

interface VerifyAnswer {
  readonly ok: boolean;
  readonly segments: readonly { readonly ok: boolean }[];
  readonly checkedBytes: number;
  readonly nextCursor: string | null;
}

/** Stops the broker, and checks that the archive has what the manifest says and no more. @returns the bytes that the partition uses */
async function checkFolder(broker: StoringBroker, segments: readonly SegmentAnswer[]): Promise<number> {
  await broker.kill9();
  const listed = segments.flatMap(({ key }) => (key === null ? [] : SEGMENT_FILES.map((file) => key.replace(/log$/, file))));
  const { dataDir, layout = NPM_START_LAYOUT } = broker;
  const stored = archivedKeys(dataDir, layout);
  const orphans = stored.filter((key) => !listed.includes(key));
  const missing = listed.filter((key) => !stored.includes(key));
  if (orphans.length > 0) throw new Error(`orphans in the archive: ${orphans}`);
  if (missing.length > 0) throw new Error(`the archive lacks ${missing}`);
  return partitionBytes(dataDir, layout);
}

function segmentsUrl({ url, topic, partition }: PartitionPlace): string {
  return `${url}/v1/topics/${topic}/partitions/${partition}/segments`;
}

async function post(url: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

export function describeTieredCrash(figures: TieredCrashFigures): string {
  const { acknowledgedRecords, records, liveKeys } = figures.compacted;
  return (
    `${describeFigures(figures)}; ${acknowledgedRecords} records acknowledged in the compacted topic, each once: ${records} are left, ` +
    `${liveKeys} keys with the newest value; ${figures.segments} segments proved whole, no orphan`
  );
}

export function describeFill(figures: FillFigures): string {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return (
    `${figures.records} records in ${figures.segments} segments, written in ${figures.produceSeconds.toFixed(1)} s, ` +
    `read back in ${figures.readSeconds.toFixed(1)} s; ${megabytes(figures.checkedBytes)} proved whole; the partition keeps ` +
    `${megabytes(figures.localBytes)}, its files were ${megabytes(figures.peakFileBytes)} at most`
  );
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      megabytes: { type: "string", default: "2048" },
      "segment-megabytes": { type: "string", default: "16" },
      dev: { type: "boolean", default: false },
      rounds: { type: "string", default: "50" },
      writers: { type: "string", default: "4" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  if (positionals[0] === "fill") {
    const segmentBytes = Number(values["segment-megabytes"]) * 2 ** 20;
    console.log(describeFill(await fillAndReadBack({ megabytes: Number(values.megabytes), segmentBytes, isDev: values.dev })));
  } else if (positionals[0] === "crash") {
    const [rounds, writers, seed] = [Number(values.rounds), Number(values.writers), Number(values.seed)];
    console.log(`seed ${seed}`);
    console.log(describeTieredCrash(await crashWhileTiering({ rounds, writers, seed })));
  } else throw new Error("say fill or crash");
}

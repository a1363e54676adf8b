// A partition of a given size, of batches that a lookup can tell apart: one after the other in offsets and in timestamps.

import type { SegmentAnswer } from "../../src/contract/segments.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { loadCore } from "../../test/support/core.ts";
import { load } from "./http-load.ts";
import { appendRequest } from "./setting.ts";

const RECORDS_PER_BATCH = 100;
const VALUE_BYTES = 1000;

const IN_FLIGHT = 8;
const POLL_MS = 200;

const core = loadCore();
const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES));

/** The n-th batch of a log, from 0: 1 KB a record, all of the millisecond `firstMs` + n. */
export function numberedBatch(n: number, firstMs: number, recordCount = RECORDS_PER_BATCH): Uint8Array {
  const records = Array.from({ length: recordCount }, () => ({ key: null, value, timestamp: firstMs + n }));
  return encodeBatch(core, records, { compression: "none" });
}

export interface FillingPartition {
  readonly port: number;
  readonly topic: string;
  /** Timestamp of its first batch (ms). */
  readonly firstMs: number;
  /** Batches that it was filled with. */
  batchCount: number;
}

/** Appends numbered batches to partition 0, one a request, until it has `batchCount`. @returns MB/s */
export async function fillTo(partition: FillingPartition, batchCount: number): Promise<number> {
  const { port, topic, firstMs } = partition;
  const first = partition.batchCount;
  const count = Math.max(0, batchCount - first);
  const { requestsPerSecond } = await load({
    port,
    inFlight: IN_FLIGHT,
    count,
    request: (n) => appendRequest(topic, numberedBatch(first + n, firstMs)),
  });
  partition.batchCount = first + count;
  return (requestsPerSecond * numberedBatch(0, firstMs).length) / 1e6;
}

/** The manifest of partition 0, once every sealed segment is in the archive. */
export async function settledSegments(url: string, topic: string): Promise<SegmentAnswer[]> {
  for (;;) {
    const segments = await listSegments(url, topic);
    if (segments.every(({ place }) => place !== "local")) return segments;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function listSegments(url: string, topic: string): Promise<SegmentAnswer[]> {
  const segments: SegmentAnswer[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${url}/v1/topics/${topic}/partitions/0/segments${query}`);
    if (!answer.ok) throw new Error(`segments were answered ${answer.status}: ${await answer.text()}`);
    const page = (await answer.json()) as { segments: SegmentAnswer[]; nextCursor: string | null };
    segments.push(...page.segments);
    cursor = page.nextCursor;
  }
  return segments;
}

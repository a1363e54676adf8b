// Record batches for tests, made by the core.

import type { Core } from "../../src/wasm/core.ts";
import { decodeBatches, type EncodeOptions, encodeBatch, type RecordInput } from "../../src/wasm/record-batches.ts";

/** A run of one batch with a record for each value; timestamps count up from `firstTimestamp` (ms). */
export function batchOf(
  core: Core,
  values: readonly string[],
  options: Partial<EncodeOptions> & { firstTimestamp?: number } = {},
): ArrayBuffer {
  const { firstTimestamp = 1_760_000_000_000, ...encodeOptions } = options;
  const records: RecordInput[] = values.map((value, index) => ({ key: null, value, timestamp: firstTimestamp + index }));
  return encodeBatch(core, records, { compression: "none", ...encodeOptions }).buffer;
}

export interface ReadRecord {
  readonly offset: number;
  readonly value: string | null;
}

/** The records of a run from an offset on, values as text. */
export function recordsIn(core: Core, run: ArrayBuffer, fromOffset = 0): ReadRecord[] {
  const records = decodeBatches(core, new Uint8Array(run), { fromOffset, maxDecompressedBytes: 1 << 24, checkCrc: true });
  return records.map(({ offset, value }) => ({ offset, value: value === null ? null : new TextDecoder().decode(value) }));
}

/** Several runs in one buffer. */
export function joinRuns(...runs: readonly ArrayBuffer[]): ArrayBuffer {
  const all = new Uint8Array(runs.reduce((sum, run) => sum + run.byteLength, 0));
  let position = 0;
  for (const run of runs) {
    all.set(new Uint8Array(run), position);
    position += run.byteLength;
  }
  return all.buffer;
}

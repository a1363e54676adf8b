// A page in runs, each of which is one batch of the target's: what is behind one that fails is not sent.

import type { NewRecord } from "../records/record.ts";

export interface RunLimits {
  /** Of a batch; a larger record is a run of its own. */
  readonly maxBytes: number;
  /** Between the first record's timestamp and any other's (ms). */
  readonly maxSpanMs?: number;
}

/** Most bytes that a batch's header takes, a record beside its data, and a header of a record. */
const BATCH_OVERHEAD = 61;
const RECORD_OVERHEAD = 36;
const HEADER_OVERHEAD = 10;

export function* runsOf(
  records: readonly NewRecord[],
  { maxBytes, maxSpanMs = Number.POSITIVE_INFINITY }: RunLimits,
): Generator<NewRecord[]> {
  let run: NewRecord[] = [];
  let bytes = BATCH_OVERHEAD;
  for (const record of records) {
    const size = sizeBound(record);
    const spanMs = Math.abs((record.timestamp ?? 0) - (run[0]?.timestamp ?? 0));
    if (run.length > 0 && (bytes + size > maxBytes || spanMs > maxSpanMs)) {
      yield run;
      run = [];
      bytes = BATCH_OVERHEAD;
    }
    run.push(record);
    bytes += size;
  }
  if (run.length > 0) yield run;
}

function sizeBound({ key, value, headers }: NewRecord): number {
  const headerBytes = headers.reduce(
    (sum, header) => sum + HEADER_OVERHEAD + Buffer.byteLength(header.key) + (header.value?.length ?? 0),
    0,
  );
  return RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes;
}

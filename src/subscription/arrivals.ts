// Records as they were read, to records as a track takes them: what is filtered out is left out, and what comes out of a dead-letter topic
// is as it was at its origin. Bytes are copied: a record that waits for hours must not keep the megabyte that it was read with.

import type { DecodedRecord } from "../record/codec.ts";
import { readDeadLetter } from "./dead-letter.ts";
import type { RecordFilter } from "./filter.ts";
import type { RecordOrigin } from "./lane.ts";
import { notBeforeMs } from "./not-before.ts";
import { contains, type OffsetRange } from "./offset-ranges.ts";
import type { Arrival, TrackSource } from "./track.ts";

/** A record without keys and values still takes memory. */
const RECORD_OVERHEAD_BYTES = 100;

/** Of a partition that is followed. */
export function arrivalOf(source: TrackSource, filter: RecordFilter | null, record: DecodedRecord): Arrival[] {
  if (filter !== null && !filter(record, source)) return [];
  return [arrival(record.offset, source, record, notBeforeMs(record))];
}

/** Of a dead-letter topic that is redriven. @param selection null: all */
export function redriven(subscription: string, selection: readonly OffsetRange[] | null, stored: DecodedRecord): Arrival[] {
  if (selection !== null && !contains(selection, stored.offset)) return [];
  const letter = readDeadLetter(subscription, stored);
  return letter === null ? [] : [arrival(stored.offset, letter.origin, letter.record, 0)];
}

function arrival(offset: number, origin: RecordOrigin, record: DecodedRecord, notBefore: number): Arrival {
  const headers = record.headers.length === 0 ? record.headers : record.headers.map(({ key, value }) => ({ key, value: copy(value) }));
  let sizeBytes = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { key, value } of headers) sizeBytes += key.length + (value?.length ?? 0);
  const copied = { offset: record.offset, timestamp: record.timestamp, key: copy(record.key), value: copy(record.value), headers };
  return { offset, origin, record: copied, sizeBytes, notBeforeMs: notBefore };
}

function copy(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : bytes.slice();
}

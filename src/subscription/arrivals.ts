// Records as they were read, to records as a track takes them: what is filtered out is left out, and what comes out of a dead-letter topic
// is as it was at its origin. Bytes are copied: a record that waits for hours must not keep the megabyte that it was read with.

import type { DecodedRecord } from "../record/codec.ts";
import { readDeadLetter } from "./dead-letter.ts";
import type { RecordFilter } from "./filter.ts";
import type { RecordOrigin } from "./lane.ts";
import { notBeforeMs } from "./not-before.ts";
import { contains, type OffsetRange } from "./offset-ranges.ts";
import { RecordCopies } from "./record-copies.ts";
import type { Arrival, TrackSource } from "./track.ts";

/** A record without keys and values still takes memory. */
const RECORD_OVERHEAD_BYTES = 100;

/** What one read gave, of a partition that is followed. */
export function arrivalsOf(source: TrackSource, filter: RecordFilter | null, records: readonly DecodedRecord[]): Arrival[] {
  const copies = new RecordCopies();
  const arrivals: Arrival[] = [];
  for (const record of records) {
    if (filter !== null && !filter(record, source)) continue;
    arrivals.push(arrival(copies, record.offset, source, record, notBeforeMs(record)));
  }
  return arrivals;
}

/** What one read gave, of a dead-letter topic that is redriven. @param selection null: all */
export function redriven(subscription: string, selection: readonly OffsetRange[] | null, records: readonly DecodedRecord[]): Arrival[] {
  const copies = new RecordCopies();
  return records.flatMap((stored) => {
    if (selection !== null && !contains(selection, stored.offset)) return [];
    const letter = readDeadLetter(subscription, stored);
    return letter === null ? [] : [arrival(copies, stored.offset, letter.origin, letter.record, 0)];
  });
}

function arrival(copies: RecordCopies, offset: number, origin: RecordOrigin, record: DecodedRecord, notBefore: number): Arrival {
  const key = copies.copy(record.key);
  const value = copies.copy(record.value);
  let sizeBytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  let { headers } = record;
  if (headers.length > 0) {
    headers = headers.map((header) => ({ key: header.key, value: copies.copy(header.value) }));
    for (const header of headers) sizeBytes += header.key.length + (header.value?.length ?? 0);
  }
  const copied = { offset: record.offset, timestamp: record.timestamp, key, value, headers };
  return { offset, origin, record: copied, sizeBytes, notBeforeMs: notBefore };
}

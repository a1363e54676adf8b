// Records as they were read, to records as a track takes them: what is filtered out is left out, and what comes out of a dead-letter topic
// is as it was at its origin. They stay views into what they were read with (fresh-reads.ts).

import type { DecodedRecord } from "../record/codec.ts";
import { contentBytes } from "../wasm/record-table.ts";
import { readDeadLetter } from "./dead-letter.ts";
import type { RecordFilter } from "./filter.ts";
import type { RecordOrigin } from "./lane.ts";
import { notBeforeMs } from "./not-before.ts";
import { contains, type OffsetRange } from "./offset-ranges.ts";
import type { Arrival, TrackSource } from "./track.ts";

/** A record without keys and values still takes memory. */
const RECORD_OVERHEAD_BYTES = 100;

/** What one read gave, of a partition that is followed. */
export function arrivalsOf(source: TrackSource, filter: RecordFilter | null, records: readonly DecodedRecord[]): Arrival[] {
  const arrivals: Arrival[] = [];
  for (const record of records) {
    if (filter !== null && !filter(record, source)) continue;
    arrivals.push(arrival(record.offset, source, record, notBeforeMs(record)));
  }
  return arrivals;
}

/** What one read gave, of a dead-letter topic that is redriven. @param selection null: all */
export function redriven(subscription: string, selection: readonly OffsetRange[] | null, records: readonly DecodedRecord[]): Arrival[] {
  return records.flatMap((stored) => {
    if (selection !== null && !contains(selection, stored.offset)) return [];
    const letter = readDeadLetter(subscription, stored);
    return letter === null ? [] : [arrival(stored.offset, letter.origin, letter.record, 0)];
  });
}

function arrival(offset: number, origin: RecordOrigin, record: DecodedRecord, notBefore: number): Arrival {
  return { offset, origin, record, sizeBytes: RECORD_OVERHEAD_BYTES + contentBytes(record), notBeforeMs: notBefore };
}

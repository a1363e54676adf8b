// Where a mirrored record comes from is in the record itself: a header `sluice-mirror` for each hop, the last one last, whose value is
//
//   CLUSTER-ID/TOPIC/PARTITION/OFFSET        of the record in the cluster that it was read from
//
// Three things follow. A record that has been in the target cluster is not sent there again, so that mirrors may go both ways, and in rings.
// A mirror that was killed finds in the target's log how far it was: nothing is copied twice, and no second store of offsets can disagree
// with the log. And a group's offset is translated by a search for the record that came from it.

import { decodeUtf8 } from "../records/json-record.ts";
import type { NewRecord, RecordHeader, StoredRecord } from "../records/record.ts";

export const HOP_HEADER = "sluice-mirror";

export interface Hop {
  readonly clusterId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

const encoder = new TextEncoder();

/** The record as it is written to the next cluster. */
export function withHop(record: StoredRecord, clusterId: string): NewRecord {
  const { topic, partition, offset, timestamp, key, value, headers } = record;
  const hop: RecordHeader = { key: HOP_HEADER, value: encoder.encode(`${clusterId}/${topic}/${partition}/${offset}`) };
  return { key, value, headers: [...headers, hop], ...(timestamp < 0 ? {} : { timestamp }) };
}

/** Whether the record was in a cluster before it came to the one that it is read from. */
export function hasBeenIn(record: Pick<StoredRecord, "headers">, clusterId: string): boolean {
  return record.headers.some((header) => parseHop(header)?.clusterId === clusterId);
}

/** Where the record was copied from last; null where it was not copied. */
export function lastHop({ headers }: Pick<StoredRecord, "headers">): Hop | null {
  return headers.reduce<Hop | null>((last, header) => parseHop(header) ?? last, null);
}

/** null for another header, and for one that somebody else has given the name. */
function parseHop({ key, value }: RecordHeader): Hop | null {
  if (key !== HOP_HEADER || value === null) return null;
  const [, clusterId, topic, partition, offset] = /^(.+)\/([^/]+)\/(\d{1,6})\/(\d{1,16})$/.exec(decodeUtf8(value) ?? "") ?? [];
  if (clusterId === undefined || topic === undefined) return null;
  return { clusterId, topic, partition: Number(partition), offset: Number(offset) };
}

// Which partition a record goes to: the one that it names, else its key's (as the Java client picks it), else one for the whole request.

import { partitionForKey } from "../common/murmur2.ts";
import type { ProduceRecord } from "./messages/produce.ts";

const encoder = new TextEncoder();

/** @param sticky the partition of records without partition and key */
export function choosePartition(record: ProduceRecord, partitionCount: number, sticky: number): number {
  if (record.partition !== undefined) return record.partition;
  if (record.key === null) return sticky;
  return partitionForKey(typeof record.key === "string" ? encoder.encode(record.key) : record.key, partitionCount);
}

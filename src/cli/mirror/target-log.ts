// What the target's log tells of a mirror: how far it is, and which record came from an offset of the source. Mirrored records stand in the
// order of the source's offsets, so that a search finds them, with other producers' records between them or not.

import type { TopicPartition } from "../../sdk/consumer/records.ts";
import type { StoredRecord } from "../records/record.ts";
import type { Cluster, LogRange } from "./cluster.ts";
import { type Hop, lastHop } from "./provenance.ts";

/** Of the source. */
export type Origin = Pick<Hop, "clusterId" | "topic" | "partition">;

/** Records that are looked through at a time for one that was mirrored. */
const LOOK_RECORDS = 1000;

/** How far from its end a log is looked through: beyond it a mirror's own note (mirror.ts) has to do. */
const LOOK_BACK_RECORDS = 100_000;

/** The source's offset of the newest mirrored record; null where there is none within reach. */
export async function newestMirrored(
  target: Cluster,
  place: TopicPartition,
  origin: Origin,
  { start, end }: LogRange,
): Promise<number | null> {
  const floor = Math.max(start, end - LOOK_BACK_RECORDS);
  for (let to = end; to > floor; ) {
    const from = Math.max(floor, to - LOOK_RECORDS);
    let newest: number | null = null;
    for await (const page of target.read([{ ...place, start: from, end: to }], NEVER)) {
      for (const record of page) newest = originOffset(record, origin) ?? newest;
    }
    if (newest !== null) return newest;
    to = from;
  }
  return null;
}

/** The target's offset of the first record that came from the source's offset or one after it; the end where there is none. */
export async function translateOffset(
  target: Cluster,
  place: TopicPartition,
  origin: Origin,
  sourceOffset: number,
  { start, end }: LogRange,
): Promise<number> {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await firstMirrored(target, place, origin, middle, high);
    if (found === null || found.sourceOffset >= sourceOffset) high = middle;
    else low = found.offset + 1;
  }
  return low;
}

/** The first mirrored record at or after `from`, before `to`. */
async function firstMirrored(target: Cluster, place: TopicPartition, origin: Origin, from: number, to: number) {
  for await (const page of target.read([{ ...place, start: from, end: to }], NEVER)) {
    for (const record of page) {
      const sourceOffset = originOffset(record, origin);
      if (sourceOffset !== null) return { offset: record.offset, sourceOffset };
    }
  }
  return null;
}

function originOffset(record: StoredRecord, { clusterId, topic, partition }: Origin): number | null {
  const hop = lastHop(record);
  return hop !== null && hop.clusterId === clusterId && hop.topic === topic && hop.partition === partition ? hop.offset : null;
}

const NEVER = new AbortController().signal;

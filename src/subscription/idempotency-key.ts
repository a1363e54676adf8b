// What names a call: topic/partition/offset of its record or, for several, topic/partition/offsets as ranges (orders/0/4-9,12). The same
// records have the same key in every call that carries them, and no other records have it: a batch that is put together anew after a
// failure or a restart has a key of its own, so that a receiver which drops what it knows never drops what it does not. Repeats of a
// record in another batch are recognised by the record's own topic, partition and offset.

import type { HeldRecord } from "./lane.ts";
import { formatRanges, rangesOf } from "./offset-ranges.ts";

/** Longer names, of many records that do not stand together, are given by their digest. */
const MAX_KEY_LENGTH = 255;

/** For people, and short enough for a header in ordinary cases. */
export function nameOf(records: readonly HeldRecord[]): string {
  const offsets = Map.groupBy(records, ({ origin }) => `${origin.topic}/${origin.partition}`);
  return [...offsets].map(([place, held]) => `${place}/${formatRanges(rangesOf(offsetsOf(held)))}`).join(";");
}

export async function idempotencyKey(records: readonly HeldRecord[]): Promise<string> {
  const name = nameOf(records);
  if (name.length <= MAX_KEY_LENGTH) return name;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name)));
  const { origin, record } = records[0]!;
  return `${origin.topic}/${origin.partition}/${record.offset}+${records.length - 1}:${hex(digest)}`;
}

function offsetsOf(held: readonly HeldRecord[]): number[] {
  return held.map(({ record }) => record.offset).sort((a, b) => a - b);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

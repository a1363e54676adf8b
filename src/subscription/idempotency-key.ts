// What names a call: topic/partition/offset of its record or, for several, topic/partition/offsets as ranges (orders/0/4-9,12), as they
// were planned (call-plan.ts). The same plan has the same key in every call, and no other plan has it, so that a receiver which drops what
// it knows never drops what it does not. Where the log loses records between two calls of a plan (compaction, retention, a new filter),
// the second has fewer records and still this key: who has taken the first must not take them again.

import type { Delivery } from "./delivery-machine.ts";
import { type HeldRecord, isSamePlace } from "./lane.ts";
import { countOf, formatRanges, type OffsetRange, rangesOf } from "./offset-ranges.ts";

/** Longer names, of many records that do not stand together, are given by their digest. */
const MAX_KEY_LENGTH = 255;

type Named = Pick<Delivery, "track" | "plan" | "records">;

/** For people, and short enough for a header in ordinary cases. */
export function nameOf(delivery: Named): string {
  const { plan } = delivery;
  plan.name ||= placesOf(delivery)
    .map(({ place, ranges }) => `${place}/${formatRanges(ranges)}`)
    .join(";");
  return plan.name;
}

export async function idempotencyKey(delivery: Named): Promise<string> {
  const name = nameOf(delivery);
  if (name.length <= MAX_KEY_LENGTH) return name;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name)));
  const places = placesOf(delivery);
  const others = places.reduce((sum, { ranges }) => sum + countOf(ranges), -1);
  return `${places[0]!.place}/${places[0]!.ranges[0]!.from}+${others}:${hex(digest)}`;
}

interface NamedPlace {
  readonly place: string;
  readonly ranges: readonly OffsetRange[];
}

/** What is redriven goes by its origin, which only its records tell; anything else by the plan. */
function placesOf({ track, plan, records }: Named): NamedPlace[] {
  const { topic, partition } = track.source;
  const isRedriven = records.some(({ origin }) => !isSamePlace(origin, track.source));
  if (!isRedriven) return [{ place: `${topic}/${partition}`, ranges: plan.offsets }];
  const offsets = Map.groupBy(records, ({ origin }) => `${origin.topic}/${origin.partition}`);
  return [...offsets].map(([place, held]) => ({ place, ranges: rangesOf(offsetsOf(held)) }));
}

function offsetsOf(held: readonly HeldRecord[]): number[] {
  return held.map(({ record }) => record.offset).sort((a, b) => a - b);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

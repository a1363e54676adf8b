// Judges what an endpoint saw of a subscription against what it was promised. Each check answers with what is wrong, so that a test can
// show all of it.

import type { DeliveryOrder } from "../../src/subscription/config.ts";
import type { SeenCall, SeenDeadLetter, SentRecord } from "./hook-world.ts";

const nameOf = ({ topic, partition, offset }: Pick<SentRecord, "topic" | "partition" | "offset">): string =>
  `${topic}/${partition}/${offset}`;

/** Where a dead letter comes from, by its headers. */
export function originOf({ record }: SeenDeadLetter): string {
  const header = (name: string) => record.headers.find(({ key }) => key === `sluice.deadletter.${name}`)?.value;
  return `${header("topic")}/${header("partition")}/${header("offset")}`;
}

/** When each record was done with: taken by the endpoint, or dead-lettered. */
function settledTimes(calls: readonly SeenCall[], deadLetters: readonly SeenDeadLetter[]): Map<string, number> {
  const times = new Map<string, number>();
  const note = (name: string, ms: number) => times.set(name, Math.min(times.get(name) ?? Number.POSITIVE_INFINITY, ms));
  for (const { records, acceptedMs } of calls) if (acceptedMs !== null) for (const record of records) note(nameOf(record), acceptedMs);
  for (const letter of deadLetters) note(originOf(letter), letter.atMs);
  return times;
}

/** Records that were neither taken nor dead-lettered. */
export function missing(expected: readonly SentRecord[], calls: readonly SeenCall[], deadLetters: readonly SeenDeadLetter[]): string[] {
  const settled = settledTimes(calls, deadLetters);
  return expected.map(nameOf).filter((name) => !settled.has(name));
}

/** Records that the endpoint took more than once. */
export function duplicates(calls: readonly SeenCall[]): string[] {
  const counts = new Map<string, number>();
  for (const { records, acceptedMs } of calls) {
    if (acceptedMs !== null) for (const record of records) counts.set(nameOf(record), (counts.get(nameOf(record)) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([name, count]) => `${name} ${count} times`);
}

function laneOf({ topic, partition, key, offset }: SentRecord, order: DeliveryOrder): string {
  const own = order === "none" || (order === "key" && key === null) ? `#${offset}` : "";
  return `${topic}/${partition}/${order === "key" ? key : ""}${own}`;
}

/** Records that were sent before one of their lane that comes before them was settled. */
export function disorder(
  expected: readonly SentRecord[],
  calls: readonly SeenCall[],
  deadLetters: readonly SeenDeadLetter[],
  order: DeliveryOrder,
): string[] {
  const settled = settledTimes(calls, deadLetters);
  const before = new Map<string, string>();
  const lastOf = new Map<string, string>();
  for (const record of expected.toSorted((a, b) => a.offset - b.offset)) {
    const lane = laneOf(record, order);
    const last = lastOf.get(lane);
    if (last !== undefined) before.set(nameOf(record), last);
    lastOf.set(lane, nameOf(record));
  }
  return calls.flatMap(({ records, startMs }) => {
    const inCall = new Set<string>();
    return records.flatMap((record) => {
      const previous = before.get(nameOf(record));
      inCall.add(nameOf(record));
      const isInOrder = previous === undefined || inCall.has(previous) || (settled.get(previous) ?? Number.POSITIVE_INFINITY) <= startMs;
      return isInOrder ? [] : [`${nameOf(record)} at ${startMs} before ${previous} (${settled.get(previous)})`];
    });
  });
}

/** Calls with one Idempotency-Key and different records, or the other way round. */
export function confusedKeys(calls: readonly SeenCall[]): string[] {
  const recordsOf = new Map<string, string>();
  const keyOf = new Map<string, string>();
  return calls.flatMap(({ idempotencyKey, records }) => {
    const names = records.map(nameOf).sort().join(" ");
    const [knownNames, knownKey] = [recordsOf.get(idempotencyKey), keyOf.get(names)];
    recordsOf.set(idempotencyKey, names);
    keyOf.set(names, idempotencyKey);
    const isSame = (knownNames ?? names) === names && (knownKey ?? idempotencyKey) === idempotencyKey;
    return isSame ? [] : [`${idempotencyKey}: ${names}, and ${knownNames ?? knownKey}`];
  });
}

/**
 * Records that came with another Idempotency-Key than in the call before, which the endpoint had not refused: it may have taken them, and
 * would take them twice. Calls in the order in which they came.
 */
export function changedKeys(calls: readonly SeenCall[]): string[] {
  const lastOf = new Map<string, SeenCall>();
  return calls.flatMap((call) => {
    const names = call.records.map(nameOf);
    const changed = names.filter((name) => {
      const before = lastOf.get(name);
      const isRefused = before?.refusedMs != null && before.refusedMs <= call.startMs;
      return before !== undefined && before.idempotencyKey !== call.idempotencyKey && !isRefused;
    });
    const problems = changed.map(
      (name) => `${name} in ${call.idempotencyKey} at ${call.startMs}, after ${lastOf.get(name)!.idempotencyKey}`,
    );
    for (const name of names) lastOf.set(name, call);
    return problems;
  });
}

// Which records of a dead-letter topic a redrive takes: looked for before anything is promised, so that the answer says how many there are.

import { type Failure, isFailure } from "../common/errors.ts";
import { MAX_REDRIVE_RECORDS } from "../common/limits/subscriptions.ts";
import { readDeadLetter } from "./dead-letter.ts";
import type { RedrivenPartition, RedriveSelection } from "./messages.ts";
import { contains, type OffsetRange, rangesOf } from "./offset-ranges.ts";
import type { TrackSource } from "./track.ts";
import { type DeliveryWorld, isOutOfRange } from "./world.ts";

export interface RedrivePlan extends RedrivenPartition {
  readonly source: TrackSource;
  /** null: all of them. */
  readonly selection: readonly OffsetRange[] | null;
}

/** A plan for each partition that has something. */
export async function planRedrive(
  world: DeliveryWorld,
  subscription: string,
  partitions: readonly TrackSource[],
  select: RedriveSelection,
): Promise<readonly RedrivePlan[] | Failure> {
  const plans: RedrivePlan[] = [];
  let left = MAX_REDRIVE_RECORDS;
  for (const source of partitions) {
    const wanted = wantedOf(source, select);
    if (wanted === null) continue;
    const plan = await planPartition(world, subscription, source, wanted, left);
    if (isFailure(plan)) return plan;
    left -= plan.toOffset - plan.fromOffset;
    if (plan.records > 0) plans.push(plan);
    if (left <= 0) break;
  }
  return plans;
}

interface Wanted extends OffsetRange {
  readonly selection: readonly OffsetRange[] | null;
}

function wantedOf({ partition }: TrackSource, select: RedriveSelection): Wanted | null {
  if (select === "all") return { from: 0, to: Number.POSITIVE_INFINITY, selection: null };
  if (select.partition !== partition) return null;
  if ("fromOffset" in select) return { from: select.fromOffset, to: select.toOffset, selection: null };
  const offsets = [...new Set(select.offsets)].sort((a, b) => a - b);
  return { from: offsets[0]!, to: offsets.at(-1)! + 1, selection: rangesOf(offsets) };
}

async function planPartition(
  world: DeliveryWorld,
  subscription: string,
  source: TrackSource,
  { from, to, selection }: Wanted,
  most: number,
): Promise<RedrivePlan | Failure> {
  let first = -1;
  let records = 0;
  let next = from;
  while (next < to && next - from < most) {
    const answer = await world.read(source, next, most);
    if (isOutOfRange(answer)) {
      if (answer.logStartOffset <= next) break; // beyond the end: there is nothing more
      next = answer.logStartOffset;
      continue;
    }
    if (isFailure(answer)) return answer;
    for (const record of answer.records) {
      if (record.offset >= to || (selection !== null && !contains(selection, record.offset))) continue;
      if (readDeadLetter(subscription, record) === null) continue;
      if (first < 0) first = record.offset;
      records += 1;
    }
    if (answer.nextOffset === next) break;
    next = answer.nextOffset;
  }
  const { partition } = source;
  return { source, partition, fromOffset: first < 0 ? from : first, toOffset: Math.max(from, Math.min(next, to)), records, selection };
}

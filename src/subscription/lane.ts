// A lane: records that must be delivered one call after the other, because they are of one partition or one key (config.ts, order). A
// lane has at most one delivery under way or waiting to be tried again; what comes later waits behind it. A record that nothing waits for
// has no lane.

import type { DecodedRecord } from "../record/codec.ts";
import type { CallPlan } from "./call-plan.ts";

/** Where a record was produced to: its own partition or, when it comes out of a dead-letter topic, the one that it had then. */
export interface RecordOrigin {
  readonly topic: string;
  readonly partition: number;
}

export function isSamePlace(one: RecordOrigin, other: RecordOrigin): boolean {
  return one === other || (one.topic === other.topic && one.partition === other.partition);
}

/** What is known of a record that failed. */
export interface RetryState {
  readonly attempts: number;
  /** ms since the epoch */
  readonly dueMs: number;
  readonly error: string;
}

/** A record that was read, until it is settled and forgotten. */
export interface HeldRecord {
  /** In the partition that is read. */
  readonly offset: number;
  readonly origin: RecordOrigin;
  /** As it goes out: its offset is the one at its origin. A view into what it was read with, or a copy (fresh-reads.ts). */
  record: DecodedRecord;
  /** Of key, value and headers. */
  readonly sizeBytes: number;
  /** null: nothing waits for it. */
  readonly lane: Lane | null;
  readonly arrivedMs: number;
  /** Not to be sent before (ms since the epoch): its `notBefore` header. */
  readonly readyMs: number;
  /** Delivered, or dead-lettered. */
  isSettled: boolean;
}

export interface Lane {
  readonly key: string;
  /** In no plan yet, in the order of their offsets. */
  queue: HeldRecord[];
  /** Plans with records of this lane: the first has its turn, or is under way; the others follow, and then the queue. */
  calls: CallPlan[];
  /** Records that a delivery of this lane may have: fewer after a failure, so that the one record that cannot be delivered is found. */
  limit: number;
  /** It stands in the ready queue (ready-queue.ts). */
  isReady: boolean;
}

/** What has its turn as one: a lane, or a record without one. */
export type Unit = Lane | HeldRecord;

export function isLane(unit: Unit): unit is Lane {
  return "queue" in unit;
}

/** Its next record. */
export function headOf(unit: Unit): HeldRecord {
  return isLane(unit) ? unit.queue[0]! : unit;
}

/** What some records stand in, each once. */
export function unitsOf(records: readonly HeldRecord[]): Set<Unit> {
  return new Set(records.map(unitOf));
}

export function unitOf(record: HeldRecord): Unit {
  return record.lane ?? record;
}

/** Something of it is under way, or is to be sent before what is in its queue. */
export function isBusy(lane: Lane): boolean {
  return lane.calls.length > 0;
}

/** A plan with records of this lane comes after those that it has. */
export function addCall(lane: Lane, plan: CallPlan): void {
  if (lane.calls.length === 0)
    lane.calls = [plan]; // a push would make room for many: most lanes never have two
  else lane.calls.push(plan);
}

export function newLane(key: string): Lane {
  return { key, queue: [], calls: [], limit: Number.POSITIVE_INFINITY, isReady: false };
}

/** Its last delivery failed: it goes alone, so that others do not suffer with it. */
export function isSuspect(lane: Lane): boolean {
  return lane.limit !== Number.POSITIVE_INFINITY;
}

/** The lanes of some records, each once. */
export function lanesOf(records: readonly HeldRecord[]): Lane[] {
  const lanes = new Set<Lane>();
  let last: Lane | null = null;
  for (const { lane } of records) {
    if (lane === null || lane === last) continue;
    lanes.add(lane);
    last = lane;
  }
  return [...lanes];
}

/** A delivery went well: the next may be twice as large. */
export function trust(lane: Lane, maxRecords: number): void {
  lane.limit = lane.limit * 2 >= maxRecords ? Number.POSITIVE_INFINITY : lane.limit * 2;
}

/** A delivery of `count` records failed. */
export function distrust(lane: Lane, count: number): void {
  lane.limit = Math.max(1, Math.ceil(count / 2));
}

/** Takes the next records of a lane, which has some. */
export function takeFrom(lane: Lane, nowMs: number, room: { readonly records: number; readonly bytes: number }): HeldRecord[] {
  const { queue } = lane;
  const most = Math.min(room.records, lane.limit, queue.length);
  let bytes = queue[0]!.sizeBytes;
  let count = 1;
  while (count < most) {
    const next = queue[count]!;
    if (next.readyMs > nowMs || bytes + next.sizeBytes > room.bytes) break;
    bytes += next.sizeBytes;
    count += 1;
  }
  if (count < queue.length) return queue.splice(0, count);
  lane.queue = [];
  return queue;
}

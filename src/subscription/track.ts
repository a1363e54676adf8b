// What a subscription has of one partition: records that were read and are not settled (delivered, dead-lettered, or filtered out), in
// lanes, and what is still to be read. Pure.
//
// Invariant: every offset from `committedOffset` on is pending, unread, or settled; every one below is settled. What is stored
// (`snapshot`) is enough to go on after a restart with no record lost, and none sent again but those that were under way.

import { MAX_PLANNED_CALLS } from "../common/limits/subscriptions.ts";
import type { DecodedRecord } from "../record/codec.ts";
import { type CallLimits, type CallPlan, isBefore, newPlan } from "./call-plan.ts";
import type { BatchLimits, DeliveryOrder } from "./config.ts";
import {
  addCall,
  type HeldRecord,
  headOf,
  isBusy,
  isLane,
  isSuspect,
  type Lane,
  lanesOf,
  newLane,
  type RecordOrigin,
  takeFrom,
} from "./lane.ts";
import { type OffsetRange, rangesBelow, rangesOf } from "./offset-ranges.ts";
import { ReadyQueue } from "./ready-queue.ts";
import { RestoredPlans } from "./restored-plans.ts";

/** The partition that a track reads. */
export interface TrackSource {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
}

export interface TrackProgress {
  /** Owed below `end`. */
  readonly owed: readonly OffsetRange[];
  /** Nothing from here on was touched. */
  readonly end: number;
}

export interface TrackOptions extends TrackProgress {
  /** Unique in a subscription. */
  readonly id: string;
  readonly source: TrackSource;
  readonly order: DeliveryOrder;
  /** Nothing from here on is to be read; Infinity for a partition that goes on. */
  readonly stopAt?: number;
  /** Of an earlier life. */
  readonly plans?: readonly CallPlan[];
}

/** A record as the track takes it. */
export interface Arrival {
  /** In the partition that is read. */
  readonly offset: number;
  readonly origin: RecordOrigin;
  readonly record: DecodedRecord;
  readonly sizeBytes: number;
  /** ms since the epoch; 0: at once */
  readonly notBeforeMs: number;
}

/** So many settled records in front are forgotten together: what is behind them is moved. */
const FORGET_AT_ONCE = 500;

/** Keys whose last delivery failed are remembered while nothing of them is held: this many. */
const MAX_REMEMBERED_LANES = 10_000;

export class Track {
  readonly id: string;
  readonly source: TrackSource;
  readonly #order: DeliveryOrder;
  readonly #restored: RestoredPlans;
  /** Nobody has taken them yet, some since their records are still to be read again. */
  readonly #plans: Set<CallPlan>;
  /** Plans that have their turn in all of their lanes. */
  readonly #due: CallPlan[] = [];
  /** To be read, the first first. */
  #unread: OffsetRange[];
  /** In the order of their offsets, some behind the first settled. */
  #pending: HeldRecord[] = [];
  /** The first of them that is not settled, and how many are not. */
  #pendingFrom = 0;
  #pendingRecords = 0;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new ReadyQueue();
  #pendingBytes = 0;
  /** Everything from here on is as it was when it was read. */
  #touchedEnd: number;
  readonly #stopAt: number;

  constructor({ id, source, order, owed, end, stopAt = Number.POSITIVE_INFINITY, plans = [] }: TrackOptions) {
    this.id = id;
    this.source = source;
    this.#order = order;
    this.#restored = new RestoredPlans(plans);
    this.#plans = new Set(plans);
    this.#unread = [...owed, ...(end < stopAt ? [{ from: end, to: stopAt }] : [])];
    this.#touchedEnd = end;
    this.#stopAt = stopAt;
  }

  get pendingRecords(): number {
    return this.#pendingRecords;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Records that wait for nothing but their turn; where records go one after the other, all that are held. */
  get backlogRecords(): number {
    if (this.#order === "partition") return this.#pendingRecords;
    let planned = 0;
    for (const { records } of this.#plans) planned += records.length;
    return planned + this.#ready.records;
  }

  /** Records that went out together in an earlier life are still to be read: they are to go out before all others. */
  get isRestoring(): boolean {
    return !this.#restored.isEmpty;
  }

  /** Decided, and not taken yet. */
  get plans(): ReadonlySet<CallPlan> {
    return this.#plans;
  }

  /** What is to be read next; null where everything was. */
  get nextRead(): OffsetRange | null {
    return this.#unread[0] ?? null;
  }

  /** Everything below is settled. */
  get committedOffset(): number {
    const pending = this.#pending[this.#pendingFrom]?.offset ?? Number.POSITIVE_INFINITY;
    const first = Math.min(pending, this.#unread[0]?.from ?? Number.POSITIVE_INFINITY);
    return first === Number.POSITIVE_INFINITY ? this.#touchedEnd : first;
  }

  /** All that it was to read is settled: only a track that stops somewhere comes to its end. */
  get isFinished(): boolean {
    return this.#unread.length === 0 && this.#pendingRecords === 0;
  }

  /** What is to be stored. @param caughtUpAt all below was read, and nobody will read it again unless it is owed; 0: what was not sent may be */
  snapshot(caughtUpAt = 0): TrackProgress {
    const [next] = this.#unread;
    const isUpToDate = this.#pendingRecords === 0 && next !== undefined && next.to === this.#stopAt;
    const end = Math.max(caughtUpAt, this.#touchedEnd, isUpToDate ? next.from : 0);
    const held: number[] = [];
    for (let index = this.#pendingFrom; index < this.#pending.length; index++) {
      const { offset, isSettled } = this.#pending[index]!;
      if (offset >= end) break;
      if (!isSettled) held.push(offset);
    }
    return { owed: [...rangesOf(held), ...rangesBelow(this.#unread, end)], end };
  }

  /**
   * Takes what was read from `nextRead.from` on: records of that range, all that are wanted below `nextOffset`, where reading goes on.
   * What is missing among them (filtered out, compacted, expired) is settled.
   * @returns them as they are held
   */
  accept(arrivals: readonly Arrival[], nextOffset: number, nowMs: number): readonly HeldRecord[] {
    const held = arrivals.map((arrival) => this.#hold(arrival, nowMs));
    const range = this.#unread[0]!;
    if (nextOffset >= range.to) {
      this.#unread.shift();
      this.#touchedEnd = Math.max(this.#touchedEnd, Math.min(nextOffset, range.to));
    } else this.#unread[0] = { from: nextOffset, to: range.to };
    for (const plan of this.#restored.completeBelow(this.#unread[0]?.from ?? Number.POSITIVE_INFINITY)) {
      if (plan.records.length === 0) this.#plans.delete(plan);
      else this.#giveTurn(plan);
    }
    return held;
  }

  /** When something may be sent: now or earlier where it may at once, null where nothing waits. */
  nextSendMs({ maxRecords, maxBytes, lingerMs }: BatchLimits, nowMs: number): number | null {
    if (this.#due.length > 0) return nowMs;
    const ready = this.#ready;
    ready.wake(nowMs);
    const { first, delayedUntilMs } = ready;
    if (first === undefined) return delayedUntilMs;
    const isAlone = isLane(first) && isSuspect(first);
    if (lingerMs === 0 || isAlone || ready.records >= maxRecords || ready.bytes >= maxBytes) return nowMs;
    return Math.min(headOf(first).arrivedMs + lingerMs, delayedUntilMs ?? Number.POSITIVE_INFINITY);
  }

  /** Takes the records of one call: what is planned, else what is ready. To be called when `nextSendMs` says so. null: there is nothing. */
  take(limits: CallLimits, nowMs: number): CallPlan | null {
    const planned = this.#due.shift();
    if (planned === undefined) return this.#planReady(limits, nowMs);
    this.#plans.delete(planned);
    return planned;
  }

  /** Takes a plan that failed in an earlier life and has its turn; null where there is none. */
  takeRetry(): CallPlan | null {
    const index = this.#due.findIndex(({ retry }) => retry !== null);
    const [plan = null] = index < 0 ? [] : this.#due.splice(index, 1);
    if (plan !== null) this.#plans.delete(plan);
    return plan;
  }

  /** Decides on further calls, as far as they are full: it costs nothing to make them durable together with one that goes out now. */
  planAhead(limits: CallLimits, nowMs: number): void {
    const ready = this.#ready;
    while (this.#plans.size < MAX_PLANNED_CALLS && (ready.records >= limits.maxRecords || ready.bytes >= limits.maxBytes)) {
      const plan = this.#planReady(limits, nowMs)!;
      this.#plans.add(plan);
      this.#due.push(plan);
    }
    for (const lane of this.#lanes.values()) if (isBusy(lane)) this.#planBehind(lane, limits, nowMs);
  }

  /** Records of a call that failed, of a lane that is busy with others of it, are to be the lane's next call. */
  planNext(lane: Lane, records: HeldRecord[]): void {
    const plan = newPlan(records, true);
    this.#plans.add(plan);
    lane.calls.splice(1, 0, plan);
  }

  /** What failed is to be tried as soon as it was read again. */
  hurry(nowMs: number): void {
    for (const plan of this.#plans) {
      if (plan.retry !== null) plan.retry = { ...plan.retry, dueMs: Math.min(plan.retry.dueMs, nowMs) };
    }
  }

  /** The records are delivered, or dead-lettered. Their lanes stay busy until they are freed. */
  settle(records: readonly HeldRecord[]): void {
    for (const record of records) {
      if (record.isSettled) continue;
      record.isSettled = true;
      this.#pendingRecords -= 1;
      this.#pendingBytes -= record.sizeBytes;
      this.touch(record.offset);
    }
    this.#forgetSettled();
  }

  /** The record is not as it was when it was read: it was sent. */
  touch(offset: number): void {
    this.#touchedEnd = Math.max(this.#touchedEnd, offset + 1);
  }

  /** The lane's delivery is over: the next may begin. */
  free(lane: Lane, nowMs: number): void {
    lane.calls.shift();
    const [next] = lane.calls;
    if (next !== undefined) this.#giveTurn(next);
    else if (lane.queue.length > 0) this.#ready.enter(lane, nowMs);
    else if (!isSuspect(lane) || this.#lanes.size > MAX_REMEMBERED_LANES) this.#lanes.delete(lane.key);
  }

  #hold({ offset, origin, record, sizeBytes, notBeforeMs }: Arrival, nowMs: number): HeldRecord {
    const lane = this.#laneOf(record);
    const held = { offset, origin, record, sizeBytes, lane, arrivedMs: nowMs, readyMs: notBeforeMs, isSettled: false };
    this.#pending.push(held);
    this.#pendingRecords += 1;
    this.#pendingBytes += sizeBytes;
    const plan = this.#restored.planOf(offset);
    if (plan !== undefined) {
      if (lane !== null) this.#claim(lane, plan);
      plan.records.push(held);
    } else if (lane === null) this.#ready.enter(held, nowMs);
    else this.#enqueue(held, lane, nowMs);
    return held;
  }

  #enqueue(held: HeldRecord, lane: Lane, nowMs: number): void {
    if (lane.queue.length === 0) lane.queue = [held];
    else lane.queue.push(held);
    if (lane.isReady) this.#ready.grown(held);
    else if (!isBusy(lane) && lane.queue.length === 1) this.#ready.enter(lane, nowMs);
  }

  #forgetSettled(): void {
    while (this.#pending[this.#pendingFrom]?.isSettled) this.#pendingFrom += 1;
    if (this.#pendingFrom < FORGET_AT_ONCE && this.#pendingRecords > 0) return;
    this.#pending = this.#pending.slice(this.#pendingFrom);
    this.#pendingFrom = 0;
  }

  /**
   * A plan of an earlier life has records of this lane: they go before what is in its queue. Plans are in one order in all lanes, so that
   * none waits for itself, even if the lanes are others than they were (another `order`).
   */
  #claim(lane: Lane, plan: CallPlan): void {
    if (lane.calls.includes(plan)) return;
    this.#ready.leave(lane);
    const index = lane.calls.findIndex((other) => !other.hasTurn && isBefore(plan, other));
    lane.calls.splice(index < 0 ? lane.calls.length : index, 0, plan);
  }

  /** The plan is due if it has its turn in all of its lanes. */
  #giveTurn(plan: CallPlan): void {
    if (!plan.isComplete || plan.records.some(({ lane }) => lane !== null && lane.calls[0] !== plan)) return;
    plan.hasTurn = true;
    this.#due.push(plan);
  }

  /** Plans a call of ready records, and makes their lanes busy. null: there are none. */
  #planReady(limits: CallLimits, nowMs: number): CallPlan | null {
    const records = this.#ready.take(limits, nowMs);
    if (records.length === 0) return null;
    const plan = newPlan(records);
    plan.hasTurn = true;
    for (const lane of lanesOf(records)) addCall(lane, plan);
    return plan;
  }

  /** Plans full calls of one lane's own records behind those that it has. */
  #planBehind(lane: Lane, { maxRecords, maxBytes }: CallLimits, nowMs: number): void {
    while (this.#plans.size < MAX_PLANNED_CALLS && !isSuspect(lane) && isHeadReady(lane, nowMs)) {
      const records = takeFrom(lane, nowMs, { records: maxRecords, bytes: maxBytes });
      if (records.length < maxRecords && !isHeadReady(lane, nowMs)) {
        lane.queue.unshift(...records);
        return;
      }
      const plan = newPlan(records);
      addCall(lane, plan);
      this.#plans.add(plan);
    }
  }

  #laneOf(record: DecodedRecord): Lane | null {
    const name = this.#laneName(record);
    if (name === null) return null;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = newLane(name);
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #laneName(record: DecodedRecord): string | null {
    if (this.#order !== "key") return this.#order === "partition" ? "" : null;
    const { key } = record;
    return key === null ? null : keyName(key);
  }
}

function isHeadReady({ queue }: Lane, nowMs: number): boolean {
  return queue.length > 0 && queue[0]!.readyMs <= nowMs;
}

const LATIN1 = new TextDecoder("latin1");

/** A text for each key, by its bytes. (The label means windows-1252, which tells all bytes apart as well.) */
function keyName(key: Uint8Array): string {
  return LATIN1.decode(key);
}

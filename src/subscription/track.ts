// What a subscription has of one partition: records that were read and are not settled (delivered, dead-lettered, or filtered out), in
// lanes, and what is still to be read. Pure.
//
// Invariant: every offset from `committedOffset` on is pending, unread, or settled; every one below is settled. What is stored
// (`snapshot`) is enough to go on after a restart with no record lost, and none sent again but those that were under way.

import type { DecodedRecord } from "../record/codec.ts";
import type { BatchLimits, DeliveryOrder } from "./config.ts";
import { type HeldRecord, isSuspect, type Lane, newLane, type RecordOrigin, type RetryState, takeFrom } from "./lane.ts";
import { type OffsetRange, rangesBelow, rangesOf } from "./offset-ranges.ts";

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
  readonly retries?: ReadonlyMap<number, RetryState>;
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

/** Keys whose last delivery failed are remembered while nothing of them is held: this many. */
const MAX_REMEMBERED_LANES = 10_000;

export class Track {
  readonly id: string;
  readonly source: TrackSource;
  readonly #order: DeliveryOrder;
  readonly #retries: Map<number, RetryState>;
  /** To be read, the first first. */
  #unread: OffsetRange[];
  /** In the order of their offsets. */
  readonly #pending = new Map<number, HeldRecord>();
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that may send now, the longest waiting first. */
  readonly #ready = new Set<Lane>();
  /** Lanes whose first record is not to be sent yet. */
  readonly #delayed = new Set<Lane>();
  #earliestDelayMs = Number.POSITIVE_INFINITY;
  /** Of ready lanes. */
  #readyRecords = 0;
  #readyBytes = 0;
  #pendingBytes = 0;
  /** Everything from here on is as it was when it was read. */
  #touchedEnd: number;
  readonly #stopAt: number;

  constructor({ id, source, order, owed, end, stopAt = Number.POSITIVE_INFINITY, retries }: TrackOptions) {
    this.id = id;
    this.source = source;
    this.#order = order;
    this.#retries = new Map(retries);
    this.#unread = [...owed, ...(end < stopAt ? [{ from: end, to: stopAt }] : [])];
    this.#touchedEnd = end;
    this.#stopAt = stopAt;
  }

  get pendingRecords(): number {
    return this.#pending.size;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Records that wait for nothing but their turn; where records go one after the other, all that are held. */
  get backlogRecords(): number {
    return this.#order === "partition" ? this.#pending.size : this.#readyRecords;
  }

  /** What is to be read next; null where everything was. */
  get nextRead(): OffsetRange | null {
    return this.#unread[0] ?? null;
  }

  /** Everything below is settled. */
  get committedOffset(): number {
    const pending = this.#pending.keys().next();
    const unread = this.#unread[0]?.from ?? Number.POSITIVE_INFINITY;
    const first = Math.min(pending.done ? Number.POSITIVE_INFINITY : pending.value, unread);
    return first === Number.POSITIVE_INFINITY ? this.#touchedEnd : first;
  }

  /** All that it was to read is settled: only a track that stops somewhere comes to its end. */
  get isFinished(): boolean {
    return this.#unread.length === 0 && this.#pending.size === 0;
  }

  /** What is to be stored. */
  snapshot(): TrackProgress {
    const [next] = this.#unread;
    const isUpToDate = this.#pending.size === 0 && next !== undefined && next.to === this.#stopAt;
    const end = isUpToDate ? Math.max(next.from, this.#touchedEnd) : this.#touchedEnd;
    const held: number[] = [];
    for (const offset of this.#pending.keys()) {
      if (offset >= end) break;
      held.push(offset);
    }
    return { owed: [...rangesOf(held), ...rangesBelow(this.#unread, end)], end };
  }

  /**
   * Takes what was read from `nextRead.from` on: records of that range, all that are wanted below `nextOffset`, where reading goes on.
   * What is missing among them (filtered out, compacted, expired) is settled.
   */
  accept(arrivals: readonly Arrival[], nextOffset: number, nowMs: number): void {
    for (const arrival of arrivals) this.#hold(arrival, nowMs);
    const range = this.#unread[0]!;
    if (nextOffset >= range.to) {
      this.#unread.shift();
      this.#touchedEnd = Math.max(this.#touchedEnd, Math.min(nextOffset, range.to));
    } else this.#unread[0] = { from: nextOffset, to: range.to };
  }

  /** When something may be sent: now or earlier where it may at once, null where nothing waits. */
  nextSendMs({ maxRecords, maxBytes, lingerMs }: BatchLimits, nowMs: number): number | null {
    this.#wakeDelayed(nowMs);
    const [first] = this.#ready;
    if (first === undefined) return this.#delayed.size === 0 ? null : this.#earliestDelayMs;
    if (lingerMs === 0 || isSuspect(first) || this.#readyRecords >= maxRecords || this.#readyBytes >= maxBytes) return nowMs;
    return Math.min(first.queue[0]!.arrivedMs + lingerMs, this.#earliestDelayMs);
  }

  /**
   * Takes the records of one call, and makes their lanes busy. To be called when `nextSendMs` says so.
   * @returns in the order of their offsets; none where no lane is ready
   */
  take({ maxRecords, maxBytes }: Pick<BatchLimits, "maxRecords" | "maxBytes">, nowMs: number): HeldRecord[] {
    const taken: HeldRecord[] = [];
    let bytes = 0;
    for (const lane of this.#ready) {
      const head = lane.queue[0]!;
      const isAlone = isSuspect(lane);
      if (taken.length > 0 && (isAlone || bytes + head.sizeBytes > maxBytes)) continue;
      this.#leaveReady(lane);
      const records = takeFrom(lane, nowMs, { records: maxRecords - taken.length, bytes: maxBytes - bytes });
      lane.isBusy = true;
      for (const record of records) {
        taken.push(record);
        bytes += record.sizeBytes;
      }
      if (isAlone || taken.length >= maxRecords || bytes >= maxBytes) break;
    }
    return taken.sort((a, b) => a.offset - b.offset);
  }

  /**
   * Takes a record that failed in an earlier life out of its lane, which becomes busy; null where there is none. They are the first of
   * their lanes, and to be taken before anything else of them.
   */
  takeRetry(): HeldRecord | null {
    for (const lanes of [this.#ready, this.#delayed]) {
      for (const lane of lanes) {
        if (lane.queue[0]!.retry === null) continue;
        if (lanes === this.#ready) this.#leaveReady(lane);
        else this.#delayed.delete(lane);
        lane.isBusy = true;
        return lane.queue.shift()!;
      }
    }
    return null;
  }

  /** What failed is to be tried as soon as it was read again. */
  hurry(nowMs: number): void {
    for (const [offset, retry] of this.#retries) this.#retries.set(offset, { ...retry, dueMs: Math.min(retry.dueMs, nowMs) });
  }

  /** Of records that were not read again yet. */
  get unreadRetries(): ReadonlyMap<number, RetryState> {
    return this.#retries;
  }

  /** The records are delivered, or dead-lettered. Their lanes stay busy until they are freed. */
  settle(records: readonly HeldRecord[]): void {
    for (const { offset, sizeBytes } of records) {
      if (!this.#pending.delete(offset)) continue;
      this.#pendingBytes -= sizeBytes;
      this.touch(offset);
    }
  }

  /** The record is not as it was when it was read: it was sent. */
  touch(offset: number): void {
    this.#touchedEnd = Math.max(this.#touchedEnd, offset + 1);
  }

  /** The lane's delivery is over: the next may begin. */
  free(lane: Lane, nowMs: number): void {
    lane.isBusy = false;
    if (lane.queue.length > 0) this.#enterReady(lane, nowMs);
    else if (lane.key !== null && (!isSuspect(lane) || this.#lanes.size > MAX_REMEMBERED_LANES)) this.#lanes.delete(lane.key);
  }

  /** Puts records of a busy lane back to its front. */
  putBack(lane: Lane, records: readonly HeldRecord[]): void {
    lane.queue.unshift(...records);
  }

  #hold({ offset, origin, record, sizeBytes, notBeforeMs }: Arrival, nowMs: number): void {
    const retry = this.#retries.get(offset) ?? null;
    this.#retries.delete(offset);
    const lane = this.#laneOf(record);
    const held = { offset, origin, record, sizeBytes, lane, arrivedMs: nowMs, readyMs: notBeforeMs, retry };
    this.#pending.set(offset, held);
    this.#pendingBytes += sizeBytes;
    lane.queue.push(held);
    if (this.#ready.has(lane)) {
      this.#readyRecords += 1;
      this.#readyBytes += sizeBytes;
    } else if (!lane.isBusy && lane.queue.length === 1) this.#enterReady(lane, nowMs);
  }

  #laneOf({ key }: DecodedRecord): Lane {
    if (this.#order === "none" || (this.#order === "key" && key === null)) return newLane(null);
    const name = this.#order === "partition" ? "" : keyName(key!);
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = newLane(name);
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #enterReady(lane: Lane, nowMs: number): void {
    const { readyMs } = lane.queue[0]!;
    if (readyMs > nowMs) {
      this.#delayed.add(lane);
      this.#earliestDelayMs = Math.min(this.#earliestDelayMs, readyMs);
      return;
    }
    this.#ready.add(lane);
    this.#count(lane, 1);
  }

  #leaveReady(lane: Lane): void {
    this.#ready.delete(lane);
    this.#count(lane, -1);
  }

  #count(lane: Lane, sign: 1 | -1): void {
    this.#readyRecords += sign * lane.queue.length;
    for (const { sizeBytes } of lane.queue) this.#readyBytes += sign * sizeBytes;
  }

  #wakeDelayed(nowMs: number): void {
    if (nowMs < this.#earliestDelayMs) return;
    this.#earliestDelayMs = Number.POSITIVE_INFINITY;
    for (const lane of this.#delayed) {
      const { readyMs } = lane.queue[0]!;
      if (readyMs > nowMs) this.#earliestDelayMs = Math.min(this.#earliestDelayMs, readyMs);
      else {
        this.#delayed.delete(lane);
        this.#enterReady(lane, nowMs);
      }
    }
  }
}

const LATIN1 = new TextDecoder("latin1");

/** A text for each key, by its bytes. (The label means windows-1252, which tells all bytes apart as well.) */
function keyName(key: Uint8Array): string {
  return LATIN1.decode(key);
}

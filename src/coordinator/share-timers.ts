// When the leases and the delays of a share partition's records end. A record's present one is its own `atMs`; a timer is a note of it, and
// one that the record has outlived is dropped when it comes up.

import { MinHeap } from "../common/heap.ts";
import { ACQUIRED, ARCHIVING, AVAILABLE } from "../storage/share-partition-store.ts";
import { SETTLED, type ShareRecord } from "./share-record.ts";

interface Timer {
  readonly atMs: number;
  readonly record: ShareRecord;
}

/** Timers that their records have outlived, before they are swept. */
const MAX_OLD_TIMERS = 1_000;

export class ShareTimers {
  /** Leases that end together, as those of one acquisition do, end in the order of their records: it is the first that was not settled. */
  readonly #timers = new MinHeap<Timer>(
    (one, other) => one.atMs < other.atMs || (one.atMs === other.atMs && one.record.offset < other.record.offset),
  );

  /** When the next lease or delay ends (ms since the epoch); null: none is under way. */
  nextAtMs(): number | null {
    for (let timer = this.#timers.peek(); timer !== undefined; timer = this.#timers.peek()) {
      if (isCurrent(timer)) return timer.atMs;
      this.#timers.pop();
    }
    return null;
  }

  /** Takes out the next record whose lease or delay is over; undefined: there is none. */
  takeDue(nowMs: number): ShareRecord | undefined {
    const atMs = this.nextAtMs();
    return atMs !== null && atMs <= nowMs ? this.#timers.pop()?.record : undefined;
  }

  /** A record that has a lease or a delay under way, or has not. */
  add(record: ShareRecord, nowMs: number): void {
    if (needsTimer(record, nowMs)) this.set(record);
  }

  /** The record's lease or delay, which ends at its `atMs`, is a new one. */
  set(record: ShareRecord): void {
    this.#timers.push({ atMs: record.atMs, record });
  }

  /** Begins anew with all records, where what was settled before its time has left too many timers behind. */
  sweep(records: ReadonlyMap<number, ShareRecord>, nowMs: number): void {
    if (this.#timers.size <= 2 * records.size + MAX_OLD_TIMERS) return;
    this.#timers.clear();
    for (const record of records.values()) this.add(record, nowMs);
  }

  clear(): void {
    this.#timers.clear();
  }
}

/** A lease, or a delay that is not over. */
function needsTimer({ state, atMs }: ShareRecord, nowMs: number): boolean {
  return state === ACQUIRED || (state === AVAILABLE && atMs > nowMs);
}

/** The record still waits for it. */
function isCurrent({ atMs, record }: Timer): boolean {
  return record.atMs === atMs && record.state !== SETTLED && record.state !== ARCHIVING;
}

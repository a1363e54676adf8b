// Which records may be delivered next, the lowest offset first. A lane is what has to stay in order: the records of a key, or of the
// partition; a record without a lane goes by itself. While a record of a lane is acquired or waits for its retry, no later one is handed
// out; an acquisition takes one record of a key, and of a partition as many as it wants in a row.
//
// Invariant: a record that may be delivered stands in the queue; one that stands there may have to wait all the same, and is looked at
// again when it comes up.

import { MinHeap } from "../common/heap.ts";
import type { ShareOrder } from "../common/share-settings.ts";
import { ACQUIRED, AVAILABLE } from "../storage/share-partition-store.ts";
import { SETTLED, type ShareRecord } from "./share-record.ts";

interface Lane {
  readonly id: number;
  /** In order. What is decided is dropped when it comes to the front. */
  readonly records: ShareRecord[];
  /** How many of them are acquired. */
  held: number;
}

export interface TakeLimits {
  readonly maxRecords: number;
  /** The first record comes even if it is larger. */
  readonly maxBytes: number;
}

/** Of the one lane of a partition: no hash. */
const WHOLE_PARTITION = 2 ** 40;

export class ShareLanes {
  readonly #order: ShareOrder;
  readonly #lanes = new Map<number, Lane>();
  readonly #ready = new MinHeap<ShareRecord>((one, other) => one.offset < other.offset);

  constructor(order: ShareOrder) {
    this.#order = order;
  }

  /** Records come in the order of their offsets. */
  add(record: ShareRecord, nowMs: number): void {
    const lane = this.#laneOf(record, true);
    lane?.records.push(record);
    if (lane !== undefined && record.state === ACQUIRED) lane.held += 1;
    this.offer(record, nowMs);
  }

  /** The record, or the first of its lane, may have become deliverable. */
  offer(record: ShareRecord, nowMs: number): void {
    const lane = this.#laneOf(record);
    const next = lane === undefined ? record : this.#front(lane);
    if (next === undefined || next.isQueued || !this.#mayBeTaken(next, lane, nowMs)) return;
    next.isQueued = true;
    this.#ready.push(next);
  }

  nextReadyOffset(nowMs: number): number | null {
    return this.#nextReady(nowMs)?.offset ?? null;
  }

  /** Those to be delivered now: the caller acquires them all, and says so by `taken`. */
  take(limits: TakeLimits, nowMs: number, taken: (record: ShareRecord) => void): number {
    let count = 0;
    let bytes = 0;
    const fits = (record: ShareRecord): boolean =>
      count < limits.maxRecords && (count === 0 || bytes + record.sizeBytes <= limits.maxBytes);
    const take = (record: ShareRecord, lane: Lane | undefined): void => {
      count += 1;
      bytes += record.sizeBytes;
      if (lane !== undefined) lane.held += 1;
      taken(record);
    };
    for (let next = this.#nextReady(nowMs); next !== undefined && fits(next); next = this.#nextReady(nowMs)) {
      const lane = this.#laneOf(next);
      this.#ready.pop();
      next.isQueued = false;
      take(next, lane);
      if (lane === undefined || this.#order !== "partition") continue;
      for (const record of lane.records.slice(1)) {
        if (isDecided(record)) continue;
        if (!isDue(record, nowMs) || !fits(record)) break;
        take(record, lane);
      }
    }
    return count;
  }

  /** An acquired record is not any more: it is available again, or decided. */
  letGo(record: ShareRecord, nowMs: number): void {
    const lane = this.#laneOf(record);
    if (lane !== undefined) lane.held -= 1;
    this.offer(record, nowMs);
  }

  /** Acquired later than `record` in its lane, by the same acquisition: their turn has not come if that one goes back. */
  acquiredBehind(record: ShareRecord, token: number): ShareRecord[] {
    const lane = this.#laneOf(record);
    if (lane === undefined) return [];
    return lane.records.filter(({ offset, state, token: other }) => offset > record.offset && state === ACQUIRED && other === token);
  }

  #nextReady(nowMs: number): ShareRecord | undefined {
    for (let next = this.#ready.peek(); next !== undefined; next = this.#ready.peek()) {
      const lane = this.#laneOf(next);
      const isFirst = lane === undefined || this.#front(lane) === next;
      if (isFirst && this.#mayBeTaken(next, lane, nowMs)) return next;
      this.#ready.pop();
      next.isQueued = false;
    }
    return undefined;
  }

  #mayBeTaken(record: ShareRecord, lane: Lane | undefined, nowMs: number): boolean {
    return isDue(record, nowMs) && (lane === undefined || lane.held === 0);
  }

  #laneOf(record: ShareRecord, isNew = false): Lane | undefined {
    const id = this.#order === "none" ? null : this.#order === "key" ? record.keyHash : WHOLE_PARTITION;
    if (id === null) return undefined;
    let lane = this.#lanes.get(id);
    if (lane === undefined && isNew) {
      lane = { id, records: [], held: 0 };
      this.#lanes.set(id, lane);
    }
    return lane;
  }

  /** The first record of a lane that is not decided; a lane without any is forgotten. */
  #front(lane: Lane): ShareRecord | undefined {
    const { records } = lane;
    while (records.length > 0 && isDecided(records[0]!)) records.shift();
    if (records.length === 0) this.#lanes.delete(lane.id);
    return records[0];
  }
}

function isDue({ state, atMs }: ShareRecord, nowMs: number): boolean {
  return state === AVAILABLE && atMs <= nowMs;
}

/** It will not be delivered again. */
function isDecided({ state }: ShareRecord): boolean {
  return state === SETTLED || (state !== AVAILABLE && state !== ACQUIRED);
}

// What a track may send now, the longest waiting first: lanes, by their first record, and records that have no lane. What may not go before
// a time (`notBefore`) waits beside it until then.

import type { CallLimits } from "./call-plan.ts";
import { type HeldRecord, headOf, isLane, isSuspect, type Lane, takeFrom, type Unit } from "./lane.ts";

/** So many places of what has gone are given up together: what is behind them is moved. */
const MIN_FREED = 1_000;

export class ReadyQueue {
  /** From `#from` on. A lane that has left stands there still, and is passed over. */
  #units: (Unit | undefined)[] = [];
  #from = 0;
  #records = 0;
  #bytes = 0;
  readonly #delayed = new Set<Unit>();
  #earliestDelayMs = Number.POSITIVE_INFINITY;

  /** Records that are ready, with those behind them in their lanes. */
  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The longest waiting; undefined: nothing is ready. */
  get first(): Unit | undefined {
    while (this.#from < this.#units.length && !isThere(this.#units[this.#from]!)) this.#forgetFirst();
    return this.#units[this.#from];
  }

  /** When the first of what is delayed is ready (ms since the epoch); null: nothing is. */
  get delayedUntilMs(): number | null {
    return this.#delayed.size === 0 ? null : this.#earliestDelayMs;
  }

  /** Its first record is the next of its lane. */
  enter(unit: Unit, nowMs: number): void {
    const { readyMs } = headOf(unit);
    if (readyMs > nowMs) {
      this.#delayed.add(unit);
      this.#earliestDelayMs = Math.min(this.#earliestDelayMs, readyMs);
      return;
    }
    this.#giveUpFreed();
    this.#units.push(unit);
    if (isLane(unit)) unit.isReady = true;
    this.#count(unit, 1);
  }

  /** A record has come to a lane that is ready. */
  grown({ sizeBytes }: HeldRecord): void {
    this.#records += 1;
    this.#bytes += sizeBytes;
  }

  leave(lane: Lane): void {
    this.#delayed.delete(lane);
    if (!lane.isReady) return;
    lane.isReady = false;
    this.#count(lane, -1);
  }

  /** What had to wait until now is ready. */
  wake(nowMs: number): void {
    if (nowMs < this.#earliestDelayMs) return;
    this.#earliestDelayMs = Number.POSITIVE_INFINITY;
    for (const unit of this.#delayed) {
      const { readyMs } = headOf(unit);
      if (readyMs > nowMs) this.#earliestDelayMs = Math.min(this.#earliestDelayMs, readyMs);
      else {
        this.#delayed.delete(unit);
        this.enter(unit, nowMs);
      }
    }
  }

  /** Takes records for one call, in the order of their offsets. Lanes that it takes from leave. */
  take({ maxRecords, maxBytes }: CallLimits, nowMs: number): HeldRecord[] {
    const taken: HeldRecord[] = [];
    const passed: Lane[] = [];
    let bytes = 0;
    for (let unit = this.first; unit !== undefined && taken.length < maxRecords && bytes < maxBytes; unit = this.first) {
      const isAlone = isLane(unit) && isSuspect(unit);
      if (taken.length > 0 && bytes + headOf(unit).sizeBytes > maxBytes) break;
      this.#forgetFirst();
      if (isAlone && taken.length > 0) {
        passed.push(unit as Lane);
        continue;
      }
      for (const record of this.#takeFrom(unit, nowMs, { records: maxRecords - taken.length, bytes: maxBytes - bytes })) {
        taken.push(record);
        bytes += record.sizeBytes;
      }
      if (isAlone) break;
    }
    for (let lane = passed.pop(); lane !== undefined; lane = passed.pop()) this.#units[--this.#from] = lane;
    return taken.sort((a, b) => a.offset - b.offset);
  }

  #takeFrom(unit: Unit, nowMs: number, room: { readonly records: number; readonly bytes: number }): readonly HeldRecord[] {
    if (isLane(unit)) {
      this.leave(unit);
      return takeFrom(unit, nowMs, room);
    }
    this.#count(unit, -1);
    return [unit];
  }

  #count(unit: Unit, sign: 1 | -1): void {
    if (!isLane(unit)) {
      this.#records += sign;
      this.#bytes += sign * unit.sizeBytes;
      return;
    }
    this.#records += sign * unit.queue.length;
    for (const { sizeBytes } of unit.queue) this.#bytes += sign * sizeBytes;
  }

  /** Nothing holds on to it here: it may keep a megabyte of a read in memory. */
  #forgetFirst(): void {
    this.#units[this.#from++] = undefined;
  }

  #giveUpFreed(): void {
    if (this.#from < MIN_FREED || this.#from * 2 < this.#units.length) return;
    this.#units = this.#units.slice(this.#from);
    this.#from = 0;
  }
}

function isThere(unit: Unit): boolean {
  return !isLane(unit) || unit.isReady;
}

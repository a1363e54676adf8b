// When a group object wakes (docs/decisions/0005-group-sessions.md). A group without members needs nothing but a rare alarm for its
// offsets. One with members has an alarm, which may ring too early but never too late: a heartbeat moves deadlines back and leaves the
// alarm where it is, so that heartbeats write nothing. While a rebalance is under way, clients wait for milliseconds, and a timer in
// memory is exact; the alarm stands behind it in case the memory is lost.

import type { Schedule } from "../coordinator/group-coordinator.ts";

/** How far behind a timer in memory the alarm stands: a rebalance that ends in time sets none. */
const ALARM_BEHIND_TIMER_MS = 30_000;

/** The platform puts an object out of memory after some 10 s in which nothing happened: the sessions are written before that. */
export const QUIET_BEFORE_SLEEP_MS = 5_000;

export interface GroupTimersOptions {
  readonly now: () => number;
  /** Sets the object's only alarm (ms since the epoch). */
  readonly setAlarm: (atMs: number) => void;
  readonly expire: () => void;
  readonly sleep: () => void;
}

export class GroupTimers {
  readonly #options: GroupTimersOptions;
  /** When the alarm rings; null: not at all. */
  #alarmAtMs: number | null;
  #timer: { readonly atMs: number; readonly id: ReturnType<typeof setTimeout> } | null = null;
  #lastHeardMs = 0;
  #isWatchingQuiet = false;
  #hasUnstoredSessions = false;

  constructor(alarmAtMs: number | null, options: GroupTimersOptions) {
    this.#alarmAtMs = alarmAtMs;
    this.#options = options;
  }

  /** Something happened in the group, and this is what it wants now. */
  update({ deadlineMs, isRebalancing, hasUnstoredSessions }: Schedule): void {
    const nowMs = this.#options.now();
    this.#setTimer(isRebalancing ? deadlineMs : null, nowMs);
    if (deadlineMs !== null) this.#ringBy(isRebalancing ? Math.max(deadlineMs, nowMs + ALARM_BEHIND_TIMER_MS) : deadlineMs);
    this.#lastHeardMs = nowMs;
    this.#hasUnstoredSessions = hasUnstoredSessions;
    if (hasUnstoredSessions) this.#watchQuiet(QUIET_BEFORE_SLEEP_MS);
  }

  /** To be called first when the alarm rings, and when the storage was wiped, with its alarm. */
  alarmIsGone(): void {
    this.#alarmAtMs = null;
  }

  #ringBy(atMs: number): void {
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    this.#options.setAlarm(atMs);
  }

  #setTimer(atMs: number | null, nowMs: number): void {
    if ((this.#timer?.atMs ?? null) === atMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer.id);
    this.#timer = null;
    if (atMs === null) return;
    const id = setTimeout(
      () => {
        this.#timer = null;
        this.#options.expire();
      },
      Math.max(0, atMs - nowMs),
    );
    this.#timer = { atMs, id };
  }

  /** One timer for any number of heartbeats: it looks when the last one was. */
  #watchQuiet(delayMs: number): void {
    if (this.#isWatchingQuiet) return;
    this.#isWatchingQuiet = true;
    setTimeout(() => {
      this.#isWatchingQuiet = false;
      if (!this.#hasUnstoredSessions) return;
      const remainingMs = this.#lastHeardMs + QUIET_BEFORE_SLEEP_MS - this.#options.now();
      if (remainingMs > 0) this.#watchQuiet(remainingMs);
      else this.#options.sleep();
    }, delayMs);
  }
}

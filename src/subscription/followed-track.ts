// A track with what its reading needs to know: whether its partition has more, and who will say so when it has not.
//
// A partition is asked to wake the subscription (world.ts, arm) as soon as everything was read; in its memory first, which costs nothing,
// and durably once the subscription is about to rest. What it forgets meanwhile is found by the watchdog (runner.ts).

import type { StoredTrack } from "../storage/subscription-store.ts";
import type { SubscriptionConfig } from "./config.ts";
import type { Delivery } from "./delivery-machine.ts";
import type { OffsetRange } from "./offset-ranges.ts";
import type { Track } from "./track.ts";
import { restoreTrack, storeTrack, toRange } from "./track-storage.ts";

/** Between tries to reach a partition that cannot be reached: doubled from the first to the last (ms). */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

export type Arming = "none" | "inMemory" | "durable";

export class FollowedTrack {
  readonly track: Track;
  /** Of a redrive: what is wanted of the dead-letter topic; null: all. */
  readonly selection: readonly OffsetRange[] | null;
  readonly isRedrive: boolean;
  armed: Arming;
  /** A read, or an arming, is under way. */
  isBusy = false;
  /** Read up to here, and there was no more; null where there is more, or nobody knows. */
  caughtUpAt: number | null;
  /** Calls of `wake`: one that comes during an arming must not be overlooked. */
  wakes = 0;
  isDirty = false;
  /** What the group knows; null: nothing of it. */
  committed: number | null;
  /** Not to be asked before (ms). */
  retryAtMs = 0;
  #failures = 0;
  #stored: StoredTrack;

  constructor(stored: StoredTrack, config: SubscriptionConfig) {
    this.track = restoreTrack(stored, config);
    this.selection = stored.selection?.map(toRange) ?? null;
    this.isRedrive = stored.stopAt !== null;
    this.armed = stored.isArmed ? "durable" : "none";
    this.caughtUpAt = stored.isArmed ? stored.end : null;
    this.committed = stored.committed;
    this.#stored = stored;
  }

  /** What is stored tells of calls that may not have been made. */
  get hasPlans(): boolean {
    return (this.#stored.planned?.length ?? 0) > 0;
  }

  /** There is something to read, now. */
  isReadable(nowMs: number): boolean {
    const { nextRead } = this.track;
    if (nextRead === null || this.isBusy || nowMs < this.retryAtMs) return false;
    const isFollowing = nextRead.to === Number.POSITIVE_INFINITY;
    return !isFollowing || (this.armed === "none" && this.caughtUpAt === null);
  }

  /** Everything was read, and nobody will say when there is more. */
  isToArm(nowMs: number): boolean {
    return !this.isRedrive && this.armed === "none" && this.caughtUpAt !== null && !this.isBusy && nowMs >= this.retryAtMs;
  }

  /** There may be more to read. @returns whether the partition's promise was durable, and is to be taken off the record */
  wake(): boolean {
    const wasDurable = this.armed === "durable";
    this.armed = "none";
    this.caughtUpAt = null;
    this.wakes += 1;
    return wasDurable;
  }

  reached(): void {
    this.#failures = 0;
    this.retryAtMs = 0;
  }

  unreachable(nowMs: number): void {
    this.retryAtMs = nowMs + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
  }

  /**
   * @param deliveries under way, or waiting, of all tracks
   * @param isSentOnly leaves out what is planned and was not sent: for a successor that may plan otherwise
   */
  store(deliveries: readonly Delivery[], isSentOnly = false): StoredTrack {
    const own = deliveries.filter(({ track }) => track === this.track);
    const isArmed = this.armed === "durable";
    const caughtUpAt = isArmed ? (this.caughtUpAt ?? 0) : 0;
    const changes = { isArmed, committed: this.committed, deliveries: own, caughtUpAt, isSentOnly };
    this.#stored = storeTrack(this.track, this.#stored, changes);
    this.isDirty = false;
    return this.#stored;
  }
}

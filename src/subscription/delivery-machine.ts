// Which records go out next, and what becomes of them: the state of all deliveries of a subscription. Pure: the clock is an argument,
// chance is injected, and calls are made elsewhere (runner.ts).
//
// A delivery is the records of one call. It succeeds or fails as a whole. One that the endpoint refuses with several records is cut in
// two, so that the one record that it cannot take is found in a few calls; the halves follow at once or, where the breaker says that it is
// the endpoint which fails, after a while. One record that fails is tried again, later and later, and holds its lane meanwhile; so are
// several of which nobody knows whether the endpoint took them, since no answer came: together, as the same call. After the last attempt
// they go to the dead-letter topic or, without one, the subscription is paused.

import { backoffMs } from "./backoff.ts";
import { Breaker } from "./breaker.ts";
import { type CallPlan, newPlan } from "./call-plan.ts";
import { type BatchLimits, callLimits, type SubscriptionConfig } from "./config.ts";
import { nameOf } from "./idempotency-key.ts";
import { distrust, type HeldRecord, isLane, type Lane, lanesOf, trust, unitOf, unitsOf } from "./lane.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Track } from "./track.ts";

export interface Delivery {
  readonly track: Track;
  readonly plan: CallPlan;
  /** In the order of their offsets. */
  readonly records: readonly HeldRecord[];
  /** Failed calls for these records, that could not be cut further. */
  attempts: number;
  /** How often it was cut out of one that failed. */
  readonly cuts: number;
  /** Not before (ms since the epoch). */
  dueMs: number;
  /** Why the last call failed; "" where none did. */
  error: string;
  /** There are no attempts left: it is to be dead-lettered, not sent. */
  isExhausted: boolean;
  isProbe: boolean;
}

/** How a call failed. */
export interface CallFailure {
  /** For people: `status 500`, `timed out after 15000 ms`. */
  readonly error: string;
  /** The endpoint asks to wait so long. */
  readonly retryAfterMs: number | null;
  /** The endpoint is not able to take anything now (429, 503): the records are not to blame. */
  readonly isThrottled: boolean;
  /** The endpoint wants nothing any more (410). */
  readonly isGone: boolean;
  /** No answer came: the endpoint may have taken it. */
  readonly isUnknown: boolean;
}

/** What `take` gives: a delivery, and what to do with it. */
export interface NextDelivery {
  readonly delivery: Delivery;
  readonly action: "send" | "deadLetter";
}

export interface MachineOptions {
  /** 0 to 1, 1 excluded */
  readonly random: () => number;
  readonly nowMs: number;
  /** Why nothing is sent; null: it is. */
  readonly pausedReason: string | null;
}

export class DeliveryMachine {
  readonly #config: SubscriptionConfig;
  readonly #limits: BatchLimits;
  readonly #random: () => number;
  readonly #breaker: Breaker;
  readonly #rate: RateLimit;
  readonly #tracks = new Map<string, Track>();
  /** Out of a track, and not under way: by the time when they are due. */
  readonly #waiting: Delivery[] = [];
  readonly #inFlight = new Set<Delivery>();
  /** The endpoint asked to be left alone until then. */
  #heldUntilMs = 0;
  #pausedReason: string | null;
  /** Track that has the first turn. */
  #turn = 0;

  constructor(config: SubscriptionConfig, { random, nowMs, pausedReason }: MachineOptions) {
    this.#config = config;
    this.#limits = callLimits(config);
    this.#random = random;
    this.#breaker = new Breaker(random);
    this.#rate = new RateLimit(config.maxCallsPerSecond, nowMs);
    this.#pausedReason = pausedReason;
  }

  get tracks(): Iterable<Track> {
    return this.#tracks.values();
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get pausedReason(): string | null {
    return this.#pausedReason;
  }

  /** Under way, or waiting to go out: what is out of a track. */
  get deliveries(): readonly Delivery[] {
    return [...this.#waiting, ...this.#inFlight];
  }

  /** Deliveries that failed and are to be tried again. */
  get parked(): readonly Delivery[] {
    return this.deliveries.filter(({ attempts }) => attempts > 0);
  }

  track(id: string): Track | undefined {
    return this.#tracks.get(id);
  }

  addTrack(track: Track): void {
    this.#tracks.set(track.id, track);
  }

  /** Takes up what failed in an earlier life, among the records that a track has read. */
  takeUpRetries(track: Track): void {
    for (let plan = track.takeRetry(); plan !== null; plan = track.takeRetry()) {
      this.#park({ ...newDelivery(track, plan), ...plan.retry! });
    }
  }

  /** Decides on what a track sends next, as far as it is full calls. */
  planAhead(track: Track, nowMs: number): void {
    track.planAhead(this.#limits, nowMs);
  }

  /** Forgets a partition that is gone, or was delivered to its end. Deliveries of it that are under way come to nothing. */
  removeTrack(id: string): void {
    this.#tracks.delete(id);
    for (const delivery of this.#waiting.filter(({ track }) => track.id === id)) this.#unpark(delivery);
  }

  pause(reason: string): void {
    this.#pausedReason = reason;
  }

  /** Goes on, with all attempts to come for what was given up. */
  resume(nowMs: number): void {
    this.#pausedReason = null;
    this.#heldUntilMs = 0;
    this.#breaker.succeeded();
    for (const track of this.#tracks.values()) track.hurry(nowMs);
    for (const delivery of this.#waiting.splice(0)) {
      if (delivery.attempts >= this.#config.retry.maxAttempts) delivery.attempts = 0;
      this.#park({ ...delivery, dueMs: Math.min(delivery.dueMs, nowMs), isExhausted: false });
    }
  }

  breakerState(nowMs: number) {
    return this.#breaker.state(nowMs);
  }

  /** The next call to make, or null: nothing now. What is taken counts as under way until it is settled. */
  take(nowMs: number): NextDelivery | null {
    if (this.#pausedReason !== null || this.#inFlight.size >= this.#config.maxInFlight) return null;
    const exhausted = this.#waiting.find(({ isExhausted, dueMs }) => isExhausted && dueMs <= nowMs);
    if (exhausted !== undefined) return { delivery: this.#begin(exhausted), action: "deadLetter" };
    if (this.#breaker.isProbing || this.#heldBackUntilMs(nowMs) > nowMs) return null;
    const delivery = this.#nextToSend(nowMs);
    if (delivery === null) return null;
    this.#rate.sent();
    delivery.isProbe = this.#breaker.sent(nowMs);
    delivery.plan.isSent = true;
    delivery.track.touch(delivery.records.at(-1)!.offset);
    return { delivery: this.#begin(delivery), action: "send" };
  }

  /** When `take` is to be asked again (ms since the epoch), if nothing else happens; null: not before something does. */
  nextDueMs(nowMs: number): number | null {
    if (this.#pausedReason !== null || this.#inFlight.size >= this.#config.maxInFlight) return null;
    let freshMs = this.#waiting.find((one) => !one.isExhausted && !isRetry(one))?.dueMs ?? Number.POSITIVE_INFINITY;
    for (const track of this.#tracks.values()) freshMs = Math.min(freshMs, track.nextSendMs(this.#limits, nowMs) ?? freshMs);
    const retryMs = this.#waiting.find(isRetry)?.dueMs ?? Number.POSITIVE_INFINITY;
    const wantedMs = Math.min(retryMs, Math.max(freshMs, this.#breaker.openUntilMs));
    const sendMs = this.#breaker.isProbing ? Number.POSITIVE_INFINITY : Math.max(wantedMs, this.#heldBackUntilMs(nowMs));
    const exhaustedMs = this.#waiting.find(({ isExhausted }) => isExhausted)?.dueMs ?? Number.POSITIVE_INFINITY;
    const dueMs = Math.min(exhaustedMs, sendMs);
    return dueMs === Number.POSITIVE_INFINITY ? null : dueMs;
  }

  /** The endpoint took it. */
  delivered(delivery: Delivery, nowMs: number): void {
    this.#inFlight.delete(delivery);
    this.#breaker.succeeded();
    const lanes = lanesOf(delivery.records);
    for (const lane of lanes) trust(lane, this.#limits.maxRecords);
    this.#settle(delivery, lanes, nowMs);
  }

  /** Its records are in the dead-letter topic. */
  deadLettered(delivery: Delivery, nowMs: number): void {
    this.#inFlight.delete(delivery);
    this.#settle(delivery, lanesOf(delivery.records), nowMs);
  }

  /** The dead-letter topic could not take it: to be tried again. */
  deadLetterFailed(delivery: Delivery, error: string, nowMs: number): void {
    this.#inFlight.delete(delivery);
    this.#park({ ...delivery, error, dueMs: nowMs + backoffMs(1, this.#config.retry, this.#random) });
  }

  /** The endpoint did not take it. */
  failed(delivery: Delivery, failure: CallFailure, nowMs: number): void {
    this.#inFlight.delete(delivery);
    if (!this.#owns(delivery)) return;
    const { attempts, cuts, isProbe } = delivery;
    this.#breaker.failed({ isProbe, isFirst: attempts === 0 && !(isProbe && cuts > 0) }, nowMs);
    if (failure.isGone) {
      this.#pausedReason = `the endpoint answered ${failure.error}: it wants no deliveries any more`;
      this.#park({ ...delivery, error: failure.error, isProbe: false });
      return;
    }
    if (failure.isThrottled && failure.retryAfterMs !== null) {
      this.#heldUntilMs = Math.max(this.#heldUntilMs, nowMs + failure.retryAfterMs);
    }
    if (delivery.records.length > 1 && !failure.isThrottled && !failure.isUnknown) this.#cut(delivery, failure, nowMs);
    else this.#tryAgain(delivery, failure, nowMs);
  }

  #begin(delivery: Delivery): Delivery {
    this.#unpark(delivery);
    this.#inFlight.add(delivery);
    return delivery;
  }

  /** The endpoint's own wish, and the rate limit. */
  #heldBackUntilMs(nowMs: number): number {
    return Math.max(this.#heldUntilMs, this.#rate.nextMs(nowMs));
  }

  /** What failed and is due, or fresh records; a probe is fresh where it can be, since what failed may fail for itself. */
  #nextToSend(nowMs: number): Delivery | null {
    const isDue = (one: Delivery): boolean => !one.isExhausted && one.dueMs <= nowMs;
    const due = this.#waiting.find(isDue);
    const state = this.#breaker.state(nowMs);
    if (state === "closed") return due ?? this.#fresh(nowMs);
    if (state === "halfOpen") return this.#fresh(nowMs) ?? due ?? null;
    return this.#waiting.find((one) => isDue(one) && isRetry(one)) ?? null;
  }

  #fresh(nowMs: number): Delivery | null {
    const tracks = [...this.#tracks.values()];
    for (let i = 0; i < tracks.length; i++) {
      const track = tracks[(this.#turn + i) % tracks.length]!;
      if ((track.nextSendMs(this.#limits, nowMs) ?? Number.POSITIVE_INFINITY) > nowMs) continue;
      const plan = track.take(this.#limits, nowMs);
      if (plan === null) continue;
      this.#turn = (this.#turn + i + 1) % tracks.length;
      return newDelivery(track, plan);
    }
    return null;
  }

  #settle({ track, records }: Delivery, lanes: readonly Lane[], nowMs: number): void {
    track.settle(records);
    for (const lane of lanes) track.free(lane, nowMs);
    this.takeUpRetries(track);
  }

  /** Two halves: of the lanes and the records without one, or of the only lane's records, of which the second half waits for the first. */
  #cut({ track, records, cuts: before }: Delivery, { error }: CallFailure, nowMs: number): void {
    const units = [...unitsOf(records)];
    const cuts = before + 1;
    const waitMs = this.#breaker.state(nowMs) === "closed" ? 0 : backoffMs(cuts, this.#config.retry, this.#random);
    const part = (some: HeldRecord[]): Delivery => ({ ...newDelivery(track, newPlan(some, true)), cuts, dueMs: nowMs + waitMs, error });
    const [lane] = units;
    if (units.length === 1 && isLane(lane!)) {
      distrust(lane, records.length);
      track.planNext(lane, records.slice(lane.limit));
      this.#park(part(records.slice(0, lane.limit)));
      return;
    }
    const first = new Set(units.slice(0, Math.ceil(units.length / 2)));
    this.#park(part(records.filter((record) => first.has(unitOf(record)))));
    this.#park(part(records.filter((record) => !first.has(unitOf(record)))));
  }

  #tryAgain(delivery: Delivery, { error, retryAfterMs, isThrottled }: CallFailure, nowMs: number): void {
    const { retry, deadLetterTopic } = this.#config;
    const attempts = delivery.attempts + 1;
    const { lane } = delivery.records[0]!;
    if (!isThrottled && delivery.records.length === 1 && lane !== null) distrust(lane, 1);
    const isExhausted = attempts >= retry.maxAttempts && deadLetterTopic !== null;
    const waitMs = isExhausted ? 0 : Math.max(backoffMs(attempts, retry, this.#random), retryAfterMs ?? 0);
    this.#park({ ...delivery, attempts, error, isExhausted, isProbe: false, dueMs: nowMs + waitMs });
    if (attempts >= retry.maxAttempts && deadLetterTopic === null) {
      this.#pausedReason = `${nameOf(delivery)} failed ${attempts} times (${error}), and there is no deadLetterTopic`;
    }
  }

  #park(delivery: Delivery): void {
    if (!this.#owns(delivery)) return;
    let index = this.#waiting.length;
    while (index > 0 && this.#waiting[index - 1]!.dueMs > delivery.dueMs) index--;
    this.#waiting.splice(index, 0, delivery);
  }

  #unpark(delivery: Delivery): void {
    const index = this.#waiting.indexOf(delivery);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #owns({ track }: Delivery): boolean {
    return this.#tracks.get(track.id) === track;
  }
}

/** It has failed before, and is to be sent again. */
function isRetry({ attempts, cuts, isExhausted }: Delivery): boolean {
  return attempts + cuts > 0 && !isExhausted;
}

function newDelivery(track: Track, plan: CallPlan): Delivery {
  const { records } = plan;
  return { track, plan, records, attempts: 0, cuts: 0, dueMs: 0, error: "", isExhausted: false, isProbe: false };
}

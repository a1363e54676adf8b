// Drives a subscription: reads its partitions, makes the calls that the machine wants, stores progress, commits offsets, and rests when
// there is nothing to do. Everything happens in `#pump`, which each thing that ends calls again.
//
// What is lost if it dies: nothing that is owed. Progress is stored PROGRESS_DELAY_MS after a delivery at the latest, so that only calls of
// that moment, and those under way, are made again: as the same calls, since each is stored before it is made. While it is at work an alarm stands at most WATCHDOG_MS ahead; while it rests there is
// none, and each partition has a durable note to wake it.

import { isFailure } from "../common/errors.ts";
import { MAX_HELD_BYTES, MAX_HELD_RECORDS } from "../common/limits/subscriptions.ts";
import type { StoredSubscription, StoredTrack, SubscriptionStore } from "../storage/subscription-store.ts";
import { arrivalsOf, redriven } from "./arrivals.ts";
import { attemptOf, deadLetterAttemptOf } from "./attempt-log.ts";
import { AttemptQueue } from "./attempt-queue.ts";
import { Caller } from "./caller.ts";
import { callLimits, type SubscriptionConfig } from "./config.ts";
import { deadLetterRecords } from "./dead-letter.ts";
import { type Delivery, DeliveryMachine, type NextDelivery } from "./delivery-machine.ts";
import { compileFilter, type RecordFilter } from "./filter.ts";
import { FollowedTrack } from "./followed-track.ts";
import { FreshReads } from "./fresh-reads.ts";
import { Progress } from "./progress.ts";
import type { Secrets } from "./secrets.ts";
import { type DeliveryWorld, type GroupOffsets, isOutOfRange, type PartitionRead } from "./world.ts";

export type Subscription = StoredSubscription<SubscriptionConfig, Secrets>;
export type Store = SubscriptionStore<SubscriptionConfig, Secrets>;

/** While anything is under way, an alarm rings so much later at the latest, and looks whether all is well (ms). */
const WATCHDOG_MS = 30_000;

/** What is due sooner is waited for in memory, what is due later by the alarm alone, so that the object may rest (ms). */
const MAX_TIMER_MS = 10_000;

/** After so long without anything to do, partitions are asked for durable wake-ups, and it rests (ms). */
const QUIET_MS = 2_000;

/** Records that wait for their turn: more are read below this many calls' worth. */
const CALLS_READ_AHEAD = 10;
const MIN_READ_AHEAD = 500;

export interface RunnerOptions {
  readonly world: DeliveryWorld;
  readonly store: Store;
  /** The subscription's stored row, as it is now. */
  readonly subscription: () => Subscription;
  readonly paused: (reason: string) => void;
  /** Somebody else has moved the group's offsets: they are to be followed. */
  readonly moved: (answer: GroupOffsets) => void;
  /** A partition is not there any more, or not yet known. */
  readonly topicsChanged: () => void;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #config: SubscriptionConfig;
  readonly #machine: DeliveryMachine;
  readonly #filter: RecordFilter | null;
  readonly #caller: Caller;
  readonly #attempts: AttemptQueue;
  readonly #progress: Progress;
  readonly #fresh = new FreshReads();
  readonly #tracks = new Map<string, FollowedTrack>();
  #isStopped = false;
  #alarmMs: number | null = null;
  #cancelTimer: (() => void) | null = null;
  /** When the timer rings (ms since the epoch); null: there is none. */
  #timerAtMs: number | null = null;
  #activeAtMs: number;
  #drained: (() => void) | null = null;

  constructor(options: RunnerOptions, stored: readonly StoredTrack[]) {
    this.#options = options;
    const { world, store, subscription } = options;
    const { name, config, pausedReason } = subscription();
    const nowMs = world.now();
    this.#config = config;
    this.#activeAtMs = nowMs;
    this.#machine = new DeliveryMachine(config, { random: () => world.random(), nowMs, pausedReason });
    this.#filter = filterOf(config);
    this.#caller = new Caller({
      name,
      config,
      secrets: () => subscription().secrets,
      call: world.call,
      json: world.json,
      now: () => world.now(),
      timer: world.timer,
    });
    this.#attempts = new AttemptQueue(world, () => this.#pump());
    this.#progress = new Progress({
      world,
      store,
      tracks: () => this.#tracks.values(),
      deliveries: () => this.#machine.deliveries,
      fence: () => subscription().fence,
      moved: (answer) => options.moved(answer),
      changed: () => this.#pump(),
    });
    for (const track of stored) this.#add(track);
  }

  get machine(): DeliveryMachine {
    return this.#machine;
  }

  get tracks(): Iterable<FollowedTrack> {
    return this.#tracks.values();
  }

  /** @param alarmMs when the object's alarm rings already */
  start(alarmMs: number | null): void {
    this.#alarmMs = alarmMs;
    this.#progress.begin();
    this.#pump();
  }

  /** Makes no further call, and resolves when those under way are over and what they changed is stored. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    if (this.#machine.inFlight > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    this.#progress.stop();
    this.#attempts.stop();
  }

  /** A partition has more. Durable when it returns. */
  wake(id: string): void {
    const followed = this.#tracks.get(id);
    if (followed === undefined) return;
    const { world, store } = this.#options;
    this.#activeAtMs = world.now();
    if (followed.wake()) store.putTracks([followed.store(this.#machine.deliveries)]);
    this.#pump();
  }

  /** The alarm rang. Partitions may have forgotten what they promised in memory. */
  alarm(): void {
    this.#alarmMs = null;
    for (const followed of this.#tracks.values()) if (followed.armed === "inMemory") followed.wake();
    this.#pump();
  }

  pause(reason: string): void {
    this.#machine.pause(reason);
    this.#pump();
  }

  resume(): void {
    const nowMs = this.#options.world.now();
    this.#machine.resume(nowMs);
    this.#activeAtMs = nowMs;
    for (const followed of this.#tracks.values()) followed.retryAtMs = 0;
    this.#pump();
  }

  /** Puts tracks in the place of those with the same id, or beside the others. They are stored already. */
  replaceTracks(stored: readonly StoredTrack[]): void {
    for (const track of stored) {
      this.#remove(track.id);
      this.#add(track);
    }
    this.#activeAtMs = this.#options.world.now();
    this.#progress.begin();
    this.#pump();
  }

  /** Forgets tracks. They are gone from the store already. */
  removeTracks(ids: readonly string[]): void {
    for (const id of ids) this.#remove(id);
    this.#pump();
  }

  #add(stored: StoredTrack): void {
    const followed = new FollowedTrack(stored, this.#config);
    this.#tracks.set(stored.id, followed);
    this.#machine.addTrack(followed.track);
  }

  #remove(id: string): void {
    this.#tracks.delete(id);
    this.#machine.removeTrack(id);
  }

  #pump(): void {
    if (this.#isStopped) {
      if (this.#machine.inFlight === 0) this.#drained?.();
      return;
    }
    const nowMs = this.#options.world.now();
    const taken: NextDelivery[] = [];
    for (let next = this.#machine.take(nowMs); next !== null; next = this.#machine.take(nowMs)) taken.push(next);
    this.#storePlans(taken, nowMs);
    for (const { delivery, action } of taken) void (action === "send" ? this.#send(delivery) : this.#deadLetter(delivery));
    if (this.#machine.pausedReason === null) {
      for (const followed of this.#tracks.values()) this.#follow(followed, nowMs);
    }
    this.#schedule(nowMs);
  }

  /** Reads what there is, or sees to it that somebody says when there is more. */
  #follow(followed: FollowedTrack, nowMs: number): void {
    if (followed.isReadable(nowMs)) {
      if (this.#hasRoomFor(followed)) void this.#read(followed);
    } else if (followed.isToArm(nowMs)) void this.#arm(followed, false);
    else if (this.#isToSecure(followed, nowMs)) void this.#arm(followed, true);
    if (followed.isRedrive && followed.track.isFinished) this.#endRedrive(followed);
  }

  /** The partition's promise is to outlast its memory: there is nothing to do any more. */
  #isToSecure({ armed, isBusy, retryAtMs }: FollowedTrack, nowMs: number): boolean {
    return armed === "inMemory" && !isBusy && nowMs >= retryAtMs && this.#isQuiet(nowMs);
  }

  #endRedrive({ track }: FollowedTrack): void {
    this.#remove(track.id);
    this.#options.store.removeTracks([track.id]);
  }

  // -------------------------------------------------------------------------------------------------------------- deliveries

  /** No call leaves before it is known that it may have been made: the platform holds it until the write is durable. */
  #storePlans(taken: readonly NextDelivery[], nowMs: number): void {
    const isNew = ({ delivery, action }: NextDelivery): boolean => action === "send" && !delivery.plan.isStored;
    const tracks = new Set(taken.filter(isNew).map(({ delivery }) => delivery.track));
    if (tracks.size === 0) return;
    for (const track of tracks) this.#machine.planAhead(track, nowMs);
    this.#progress.storePlans([...tracks].map(({ id }) => this.#tracks.get(id)!));
  }

  async #send(delivery: Delivery): Promise<void> {
    const { world, subscription } = this.#options;
    const startMs = world.now();
    const outcome = await this.#caller.call(delivery);
    const nowMs = world.now();
    this.#activeAtMs = nowMs;
    this.#attempts.add(attemptOf(subscription().name, delivery, outcome, nowMs - startMs));
    if (outcome.failure === null) this.#machine.delivered(delivery, nowMs);
    else this.#machine.failed(delivery, outcome.failure, nowMs);
    this.#settled(delivery);
  }

  async #deadLetter(delivery: Delivery): Promise<void> {
    const { world, subscription } = this.#options;
    const { name } = subscription();
    const topic = this.#config.deadLetterTopic!;
    const failed = await world.produceDeadLetters(topic, deadLetterRecords(name, delivery));
    const problem = failed === null ? null : `topic '${topic}' did not take it: ${failed.detail}`;
    this.#attempts.add(deadLetterAttemptOf(name, delivery, problem));
    if (problem === null) this.#machine.deadLettered(delivery, world.now());
    else this.#machine.deadLetterFailed(delivery, delivery.error, world.now());
    this.#settled(delivery);
  }

  #settled({ track }: Delivery): void {
    this.#fresh.release();
    const followed = this.#tracks.get(track.id);
    if (followed?.track === track) this.#progress.changed(followed);
    const { pausedReason } = this.#machine;
    if (pausedReason !== null && this.#options.subscription().pausedReason === null) this.#options.paused(pausedReason);
    this.#pump();
  }

  // ----------------------------------------------------------------------------------------------------------------- reading

  /** Back-pressure: what is held is bounded in all, and for each partition, so that one that stands still leaves room for others. */
  #hasRoomFor({ track }: FollowedTrack): boolean {
    const { maxInFlight } = this.#config;
    const readAhead = Math.max(MIN_READ_AHEAD, CALLS_READ_AHEAD * maxInFlight * callLimits(this.#config).maxRecords);
    const share = Math.max(1, Math.floor(MAX_HELD_RECORDS / this.#tracks.size));
    if (track.isRestoring) return true; // what was held before a crash has room after it, and nothing goes before all of it is here
    if (track.pendingRecords >= share || track.backlogRecords >= Math.min(readAhead, share)) return false;
    if (track.pendingRecords === 0) return true;
    return track.pendingBytes < MAX_HELD_BYTES / this.#tracks.size && this.#heldBytes() < MAX_HELD_BYTES;
  }

  #heldBytes(): number {
    let bytes = 0;
    for (const { track } of this.#tracks.values()) bytes += track.pendingBytes;
    return bytes;
  }

  async #read(followed: FollowedTrack): Promise<void> {
    const { world } = this.#options;
    const { track } = followed;
    const range = track.nextRead!;
    followed.isBusy = true;
    const wakes = followed.wakes;
    const share = Math.max(1, Math.floor(MAX_HELD_RECORDS / this.#tracks.size));
    const room = Math.max(share - track.pendingRecords, track.isRestoring ? MIN_READ_AHEAD : 1);
    const answer = await world.read(track.source, range.from, Math.min(room, range.to - range.from));
    followed.isBusy = false;
    if (this.#isStopped || this.#tracks.get(track.id) !== followed) return this.#pump();
    if (isOutOfRange(answer)) this.#skipExpired(followed, answer.logStartOffset);
    else if (!isFailure(answer)) this.#accept(followed, answer, wakes);
    else {
      followed.unreachable(world.now());
      if (answer.error === "UNKNOWN_TOPIC_OR_PARTITION") this.#options.topicsChanged();
    }
    this.#pump();
  }

  #accept(followed: FollowedTrack, { records, nextOffset, highWatermark }: PartitionRead, wakes: number): void {
    const { track } = followed;
    const range = track.nextRead!;
    const { name } = this.#options.subscription();
    const nowMs = this.#options.world.now();
    const wanted = range.to === Number.POSITIVE_INFINITY ? records : records.filter(({ offset }) => offset < range.to);
    const arrivals = followed.isRedrive ? redriven(name, followed.selection, wanted) : arrivalsOf(track.source, this.#filter, wanted);
    followed.reached();
    if (nextOffset > range.from) {
      this.#fresh.add(track.accept(arrivals, Math.min(nextOffset, range.to), nowMs));
      this.#machine.takeUpRetries(track);
      this.#progress.changed(followed);
      this.#activeAtMs = nowMs;
    }
    const isAtEnd = nextOffset >= highWatermark || nextOffset === range.from;
    if (isAtEnd && range.to === Number.POSITIVE_INFINITY && followed.wakes === wakes)
      followed.caughtUpAt = Math.max(nextOffset, highWatermark);
    else if (nextOffset === range.from) followed.unreachable(nowMs); // what is owed is below the end: its partition is behind itself
  }

  /** Retention took what was to be read: it is gone for everybody. One that is ahead of the log waits. */
  #skipExpired(followed: FollowedTrack, logStartOffset: number): void {
    const range = followed.track.nextRead!;
    const nowMs = this.#options.world.now();
    if (logStartOffset <= range.from) {
      followed.unreachable(nowMs);
      return;
    }
    followed.reached();
    followed.track.accept([], Math.min(logStartOffset, range.to), nowMs);
    this.#progress.changed(followed);
  }

  async #arm(followed: FollowedTrack, isDurable: boolean): Promise<void> {
    const { world, store } = this.#options;
    const { track } = followed;
    const wakes = followed.wakes;
    followed.isBusy = true;
    const highWatermark = await world.arm(track.source, followed.caughtUpAt ?? 0, isDurable);
    followed.isBusy = false;
    if (this.#isStopped || this.#tracks.get(track.id) !== followed) return this.#pump();
    if (typeof highWatermark !== "number") {
      followed.unreachable(world.now());
      if (highWatermark.error === "UNKNOWN_TOPIC_OR_PARTITION") this.#options.topicsChanged();
    } else if (highWatermark > (followed.caughtUpAt ?? 0) || followed.wakes !== wakes) followed.wake();
    else {
      followed.reached();
      followed.armed = isDurable ? "durable" : "inMemory";
      if (isDurable) store.putTracks([followed.store(this.#machine.deliveries)]);
    }
    this.#pump();
  }

  // ---------------------------------------------------------------------------------------------------------------- resting

  #isQuiet(nowMs: number): boolean {
    return this.#machine.inFlight === 0 && nowMs - this.#activeAtMs >= QUIET_MS;
  }

  /** Whether something is under way that nobody else would go on with. */
  #isAtWork(): boolean {
    if (this.#machine.inFlight > 0 || this.#progress.isPending || this.#attempts.isPending) return true;
    const isPaused = this.#machine.pausedReason !== null;
    for (const followed of this.#tracks.values()) {
      if (followed.isBusy) return true;
      const waitsForRoom = followed.track.pendingRecords > 0 && followed.caughtUpAt === null;
      if (!isPaused && !waitsForRoom && followed.armed !== "durable" && !followed.isRedrive && followed.retryAtMs === 0) return true;
    }
    return false;
  }

  /** When it is to be called again, if nothing else happens. */
  #dueMs(nowMs: number): number | null {
    if (this.#machine.pausedReason !== null) return null;
    let dueMs = this.#machine.nextDueMs(nowMs) ?? Number.POSITIVE_INFINITY;
    const quietMs = Math.max(nowMs, this.#activeAtMs + QUIET_MS);
    for (const followed of this.#tracks.values()) {
      if (followed.retryAtMs > nowMs) dueMs = Math.min(dueMs, followed.retryAtMs);
      else if (followed.armed === "inMemory" && !followed.isBusy && this.#machine.inFlight === 0) dueMs = Math.min(dueMs, quietMs);
    }
    return dueMs === Number.POSITIVE_INFINITY ? null : dueMs;
  }

  #schedule(nowMs: number): void {
    const dueMs = this.#dueMs(nowMs);
    this.#setTimer(dueMs !== null && dueMs - nowMs <= MAX_TIMER_MS ? Math.max(dueMs, nowMs + 1) : null, nowMs);
    this.#setAlarm(this.#isAtWork() ? Math.min(dueMs ?? Number.POSITIVE_INFINITY, nowMs + WATCHDOG_MS) : dueMs, nowMs);
  }

  #setTimer(atMs: number | null, nowMs: number): void {
    if (atMs === this.#timerAtMs) return;
    this.#cancelTimer?.();
    this.#timerAtMs = atMs;
    this.#cancelTimer = atMs === null ? null : this.#options.world.timer(atMs - nowMs, () => this.#timer());
  }

  #timer(): void {
    this.#timerAtMs = null;
    this.#pump();
  }

  /** An alarm is a row written: one that rings too early does no harm, and what a timer sees to needs none but the watchdog. */
  #setAlarm(atMs: number | null, nowMs: number): void {
    const wantedMs = atMs === null ? null : Math.max(atMs, nowMs + MAX_TIMER_MS);
    if (wantedMs === null ? this.#alarmMs === null : this.#alarmMs !== null && this.#alarmMs <= wantedMs) return;
    this.#alarmMs = wantedMs;
    this.#options.world.setAlarm(wantedMs);
  }
}

/** A stored filter was checked when it was put: one that does not compile any more lets nothing through unseen. */
function filterOf({ filter }: SubscriptionConfig): RecordFilter | null {
  if (filter === null) return null;
  const compiled = compileFilter(filter);
  if (isFailure(compiled)) throw new Error(compiled.detail);
  return compiled;
}

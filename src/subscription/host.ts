// A subscription: what it is asked to be, and the runner that makes it so. It outlives runners, of which there is one at a time: a new
// config gets a new one, once the calls of the one before are over.
//
// What changes a subscription goes one after the other (`#changes`), is checked in full before anything is written, and is durable before
// it is answered.

import { Sequence } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_SUBSCRIPTION_PARTITIONS } from "../common/limits/subscriptions.ts";
import type { StoredTrack } from "../storage/subscription-store.ts";
import { DELIVERIES_TOPIC } from "./attempt-log.ts";
import type { SubscriptionConfig } from "./config.ts";
import { checkEndpointUrl, type EndpointRules } from "./endpoint-url.ts";
import { compileFilter } from "./filter.ts";
import type {
  MovedOffsets,
  PutResult,
  PutSubscription,
  RedriveRequest,
  RedriveResult,
  RotatedSecret,
  RotateSecret,
  SubscriptionStatus,
} from "./messages.ts";
import { planRedrive } from "./redrive.ts";
import { Runner, type Store, type Subscription } from "./runner.ts";
import { checkSecret, makeSecret, rotate, type Secrets } from "./secrets.ts";
import { statusOf } from "./status.ts";
import type { TrackSource } from "./track.ts";
import { newStoredTrack, toStored, trackId } from "./track-storage.ts";
import type { DeliveryWorld, GroupOffsets, StartQuery } from "./world.ts";

const PAUSED_BY_REQUEST = "paused by request";

/** A secret that a PUT replaces counts for so long: receivers learn of the new one meanwhile. */
const REPLACED_SECRET_MS = 86_400_000;

/** What a subscription needs of the cluster and of its group, beside what its deliveries do. */
export interface Registry {
  /** Makes it known to the cluster, which tells it of changes to these topics; a repeat changes the topics. */
  register(name: string, topics: readonly string[]): Promise<Failure | null>;
  unregister(name: string): Promise<Failure | null>;
  /** Binds the group of that name to it. Fails while the group has members. */
  attach(name: string): Promise<GroupOffsets | Failure>;
  /** Lets the group go, with its offsets. */
  detach(name: string): Promise<Failure | null>;
  /** Makes a topic where there is none. */
  ensureTopic(name: string): Promise<Failure | null>;
}

export interface HostOptions {
  readonly world: DeliveryWorld;
  readonly registry: Registry;
  readonly store: Store;
  readonly rules: EndpointRules;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly randomId: () => string;
}

export class SubscriptionHost {
  readonly #options: HostOptions;
  readonly #changes = new Sequence();
  #subscription: Subscription | null;
  #runner: Runner | null = null;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#subscription = options.store.subscription();
  }

  /** Takes up what an instance before has left. @param alarmMs when the alarm is to ring; null: not at all */
  start(alarmMs: number | null): void {
    if (this.#subscription === null) return;
    this.#startRunner(alarmMs);
    if (this.#subscription.mustLookAtTopics) void this.#changes.run(() => this.#lookAtTopics());
  }

  put(request: PutSubscription): Promise<PutResult | Failure> {
    return this.#changes.run(() => this.#put(request));
  }

  status(): SubscriptionStatus | Failure {
    if (this.#subscription === null || this.#runner === null) return unknown();
    return statusOf(this.#subscription, this.#runner, this.#options.world.now());
  }

  delete(name: string): Promise<Failure | null> {
    return this.#changes.run(async () => {
      const existed = this.#subscription !== null;
      this.#subscription = null;
      void this.#runner?.stop();
      this.#runner = null;
      const { registry, store } = this.#options;
      // What is left if it ends here is deleted by the next try, which finds no subscription and unregisters its name all the same.
      const failed = existed ? await registry.detach(name) : null;
      if (failed !== null) {
        this.#subscription = store.subscription();
        this.#startRunner(null);
        return failed;
      }
      await store.clear();
      const unregistered = await registry.unregister(name);
      return unregistered ?? (existed ? null : unknown());
    });
  }

  pause(): Promise<SubscriptionStatus | Failure> {
    return this.#change(() => {
      this.#save({ pausedReason: this.#subscription!.pausedReason ?? PAUSED_BY_REQUEST });
      this.#runner!.pause(this.#subscription!.pausedReason!);
    });
  }

  resume(): Promise<SubscriptionStatus | Failure> {
    return this.#change(() => {
      this.#save({ pausedReason: null });
      this.#runner!.resume();
    });
  }

  rotateSecret({ secret, overlapMs }: RotateSecret): Promise<RotatedSecret | Failure> {
    return this.#changes.run(async () => {
      if (this.#subscription === null) return unknown();
      const bad = secret === undefined ? null : checkSecret(secret);
      if (bad !== null) return bad;
      const next = secret ?? makeSecret(this.#options.randomBytes);
      const untilMs = this.#options.world.now() + overlapMs;
      this.#save({ secrets: rotate(this.#subscription.secrets, next, untilMs) });
      return { secret: next, previousValidUntilMs: untilMs };
    });
  }

  redrive({ select, dryRun }: RedriveRequest): Promise<RedriveResult | Failure> {
    return this.#changes.run(async () => {
      const { world, store, randomId } = this.#options;
      if (this.#subscription === null) return unknown();
      const { name, config } = this.#subscription;
      const topic = config.deadLetterTopic;
      if (topic === null) return failure("INVALID_REQUEST", `subscription '${name}' has no deadLetterTopic: there is nothing to redrive`);
      const partitions = await world.partitions(topic);
      if (partitions === null) return unknownTopic(topic);
      const plans = await planRedrive(world, name, partitions, select);
      if (isFailure(plans)) return plans;
      const tracks = plans.map(({ source, fromOffset, toOffset, selection }): StoredTrack => {
        const id = `redrive/${trackId(source)}/${randomId()}`;
        const track = { ...newStoredTrack(source, fromOffset), id, stopAt: toOffset };
        return { ...track, selection: selection?.map(toStored) ?? null };
      });
      if (!dryRun && tracks.length > 0) {
        store.putTracks(tracks);
        this.#runner!.replaceTracks(tracks);
      }
      const told = plans.map(({ partition, fromOffset, toOffset, records }) => ({ partition, fromOffset, toOffset, records }));
      return { topic, records: told.reduce((sum, { records }) => sum + records, 0), partitions: told };
    });
  }

  /** A partition has more than it had when it was asked to say so. */
  wake(track: string): void {
    this.#runner?.wake(track);
  }

  /** Somebody else has committed offsets to the group: from there on everything is delivered again. Durable when it resolves. */
  offsetsMoved({ fence, offsets }: MovedOffsets): Promise<void> {
    return this.#changes.run(async () => this.#follow({ fence, offsets }));
  }

  /** Partitions were added to a topic, or it was made anew, or deleted. Durable when it returns. */
  topicsChanged(): void {
    if (this.#subscription === null) return;
    this.#save({ mustLookAtTopics: true });
    void this.#changes.run(() => this.#lookAtTopics());
  }

  alarm(): void {
    if (this.#subscription?.mustLookAtTopics) void this.#changes.run(() => this.#lookAtTopics());
    this.#runner?.alarm();
  }

  // ----------------------------------------------------------------------------------------------------------------- changes

  #change(change: () => void): Promise<SubscriptionStatus | Failure> {
    return this.#changes.run(async () => {
      if (this.#subscription === null) return unknown();
      change();
      return this.status();
    });
  }

  #save(changes: Partial<Subscription>): void {
    this.#subscription = { ...this.#subscription!, ...changes };
    this.#options.store.putSubscription(this.#subscription);
  }

  async #put(request: PutSubscription): Promise<PutResult | Failure> {
    const { registry, world } = this.#options;
    const { name, config } = request;
    const bad = checkConfig(config, this.#options.rules) ?? (request.secret === undefined ? null : checkSecret(request.secret));
    if (bad !== null) return bad;
    const sources = await this.#partitionsOf(config.topics);
    if (isFailure(sources)) return sources;
    const missing = await this.#ensureTopics(config);
    if (missing !== null) return missing;
    const group = await registry.attach(name);
    if (isFailure(group)) return group;
    const tracks = await this.#newTracks(sources, group, request.from);
    if (isFailure(tracks)) return tracks;
    const refused = await registry.register(name, config.topics);
    if (refused !== null) return refused;

    const isNew = this.#subscription === null;
    const { secrets, made } = this.#secretsFor(request.secret);
    const before = this.#subscription?.pausedReason ?? null;
    const pausedReason = request.paused === undefined ? before : request.paused ? (before ?? PAUSED_BY_REQUEST) : null;
    const createdAtMs = this.#subscription?.createdAtMs ?? world.now();
    const stored = { name, config, secrets, pausedReason, createdAtMs, fence: group.fence, mustLookAtTopics: false };
    await this.#restart(() => {
      this.#subscription = stored;
      this.#options.store.putSubscription(stored);
      this.#putTracks(tracks, sources);
    });
    return { status: this.status() as SubscriptionStatus, isNew, secret: made };
  }

  #secretsFor(given: string | undefined): { readonly secrets: Secrets; readonly made: string | null } {
    const present = this.#subscription?.secrets;
    if (present !== undefined) {
      const untilMs = this.#options.world.now() + REPLACED_SECRET_MS;
      const isSame = given === undefined || given === present.current;
      return { secrets: isSame ? present : rotate(present, given, untilMs), made: null };
    }
    const made = given === undefined ? makeSecret(this.#options.randomBytes) : null;
    return { secrets: { current: given ?? made!, previous: null }, made };
  }

  async #ensureTopics({ deadLetterTopic }: SubscriptionConfig): Promise<Failure | null> {
    const { registry } = this.#options;
    const missing = await registry.ensureTopic(DELIVERIES_TOPIC);
    return missing ?? (deadLetterTopic === null ? null : registry.ensureTopic(deadLetterTopic));
  }

  async #partitionsOf(topics: readonly string[]): Promise<readonly TrackSource[] | Failure> {
    const sources: TrackSource[] = [];
    for (const topic of topics) {
      const partitions = await this.#options.world.partitions(topic);
      if (partitions === null) return unknownTopic(topic);
      sources.push(...partitions);
    }
    if (sources.length <= MAX_SUBSCRIPTION_PARTITIONS) return sources;
    const detail = `the topics have ${sources.length} partitions in all, and a subscription follows ${MAX_SUBSCRIPTION_PARTITIONS} at most`;
    return failure("INVALID_REQUEST", detail);
  }

  /** Tracks for partitions that are not followed yet: from the group's offset, else from where the request says. */
  async #newTracks(
    sources: readonly TrackSource[],
    { offsets }: GroupOffsets,
    from: StartQuery,
  ): Promise<readonly StoredTrack[] | Failure> {
    const followed = new Set(this.#subscription === null ? [] : this.#options.store.tracks().map(({ id }) => id));
    const committed = new Map(offsets.map((offset) => [trackId(offset), offset.offset]));
    const tracks: StoredTrack[] = [];
    for (const source of sources.filter((one) => !followed.has(trackId(one)))) {
      const offset = committed.get(trackId(source)) ?? -1;
      const start = offset >= 0 ? offset : await this.#options.world.startOffset(source, from);
      if (typeof start !== "number") return start;
      tracks.push(newStoredTrack(source, start));
    }
    return tracks;
  }

  /** Adds tracks, and forgets those whose partition is not among the sources any more. @returns ids of those */
  #putTracks(tracks: readonly StoredTrack[], sources: readonly TrackSource[]): string[] {
    const { store } = this.#options;
    const wanted = new Set(sources.map(trackId));
    const gone = store.tracks().filter(({ id, stopAt }) => stopAt === null && !wanted.has(id));
    store.removeTracks(gone.map(({ id }) => id));
    store.putTracks(tracks);
    return gone.map(({ id }) => id);
  }

  // ------------------------------------------------------------------------------------------------------------------ runner

  /** Changes what is stored between two runners: the calls of the one before are over, and what they did is stored. */
  async #restart(change: () => void): Promise<void> {
    await this.#runner?.stop();
    change();
    this.#startRunner(null);
  }

  #startRunner(alarmMs: number | null): void {
    const { world, store } = this.#options;
    this.#runner = new Runner(
      {
        world,
        store,
        subscription: () => this.#subscription!,
        paused: (pausedReason) => this.#save({ pausedReason }),
        moved: (answer) => void this.#changes.run(async () => this.#followIfMoved(answer)),
        topicsChanged: () => this.topicsChanged(),
      },
      store.tracks(),
    );
    this.#runner.start(alarmMs);
  }

  #follow({ fence, offsets }: MovedOffsets): void {
    if (this.#subscription === null || this.#runner === null) return;
    const ids = new Set([...this.#runner.tracks].map(({ track }) => track.id));
    const moved = offsets.filter((offset) => offset.offset >= 0 && ids.has(trackId(offset)));
    const tracks = moved.map(({ topicId, topic, partition, offset }) => newStoredTrack({ topicId, topic, partition }, offset));
    this.#save({ fence });
    this.#options.store.putTracks(tracks);
    this.#runner.replaceTracks(tracks);
  }

  /** Our commit was refused: offsets that are not what we committed last were moved, and nobody could tell us so. */
  #followIfMoved({ fence, offsets }: GroupOffsets): void {
    if (this.#subscription === null || this.#runner === null || fence <= this.#subscription.fence) return;
    const committed = new Map([...this.#runner.tracks].map(({ track, committed: last }) => [track.id, last]));
    const moved = offsets.filter((offset) => {
      const last = committed.get(trackId(offset));
      return last !== undefined && last !== null && last !== offset.offset;
    });
    this.#follow({ fence, offsets: moved });
  }

  async #lookAtTopics(): Promise<void> {
    if (this.#subscription === null || this.#runner === null || !this.#subscription.mustLookAtTopics) return;
    const { world } = this.#options;
    const sources: TrackSource[] = [];
    for (const topic of this.#subscription.config.topics) sources.push(...((await world.partitions(topic)) ?? []));
    const tracks = await this.#newTracks(sources.slice(0, MAX_SUBSCRIPTION_PARTITIONS), { fence: 0, offsets: [] }, "earliest");
    if (isFailure(tracks)) return; // the mark stays: the alarm, or the next change, looks again
    this.#save({ mustLookAtTopics: false });
    this.#runner.removeTracks(this.#putTracks(tracks, sources));
    this.#runner.replaceTracks(tracks);
  }
}

/** Why a config cannot be used, or null. What zod can tell it has told. */
function checkConfig(config: SubscriptionConfig, rules: EndpointRules): Failure | null {
  const { topics, url, filter, deadLetterTopic } = config;
  if (topics.includes(DELIVERIES_TOPIC)) {
    return failure("INVALID_REQUEST", `topic '${DELIVERIES_TOPIC}' would grow with each delivery of itself`);
  }
  if (deadLetterTopic !== null && (topics.includes(deadLetterTopic) || deadLetterTopic === DELIVERIES_TOPIC)) {
    return failure("INVALID_REQUEST", `deadLetterTopic '${deadLetterTopic}' must be a topic of its own: not one that is delivered`);
  }
  const badUrl = checkEndpointUrl(url, rules);
  if (badUrl !== null || filter === null) return badUrl;
  const compiled = compileFilter(filter);
  return isFailure(compiled) ? compiled : null;
}

function unknown(): Failure {
  return failure("RESOURCE_NOT_FOUND", "there is no such subscription");
}

function unknownTopic(topic: string): Failure {
  return failure("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic '${topic}': create it first`);
}

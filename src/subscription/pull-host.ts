// A subscription that is pulled from: a name, topics and settings, held by the share group of its name, which does all the work. Here it is
// written down that it exists, and what it was told.
//
// Changes go one after the other. What is asked for is checked in full first, then written down, and then made so: an infrastructure that
// fails in between leaves a subscription that the same request, sent again, completes, and that can be seen and deleted meanwhile.

import { Sequence } from "../common/concurrency.ts";
import { type Failure, failure } from "../common/errors.ts";
import { MAX_PARTITIONS_PER_PULL } from "../common/limits/share-groups.ts";
import type { ShareSettings } from "../common/share-settings.ts";
import type { ShareStart } from "../common/share-start.ts";
import {
  checkPullConfig,
  type PullConfig,
  type PullSubscriptionStatus,
  type PutPullResult,
  type PutPullSubscription,
  type StoredPullSubscription,
  shareSettingsOf,
} from "./pull-config.ts";

export interface PullStore {
  /** null: there is none. */
  get(): StoredPullSubscription | null;
  put(subscription: StoredPullSubscription): void;
  clear(): Promise<void>;
}

/** What it needs of the cluster, and of the share group of its name. */
export interface PullWorld {
  /** ms since the epoch */
  now(): number;
  /** Those of a topic, as places to read; null: there is no such topic. */
  partitions(topic: string): Promise<readonly unknown[] | null>;
  /** Makes a topic where there is none. */
  ensureTopic(name: string): Promise<Failure | null>;
  /** Makes it known to the cluster. */
  register(name: string, topics: readonly string[]): Promise<Failure | null>;
  unregister(name: string): Promise<Failure | null>;
  /** Gives the share group, made where it is not there, these settings. It is nobody else's to change from then on. */
  attachShareGroup(name: string, settings: Partial<ShareSettings>, topics: readonly string[]): Promise<Failure | null>;
  /** Every partition of the topics that the share group has not seen has its start offset from then on. */
  beginTopics(name: string, topics: readonly string[]): Promise<Failure | null>;
  /** Deletes the share group and all that it knows; one that is not there is no failure. */
  detachShareGroup(name: string): Promise<Failure | null>;
}

export class PullHost {
  readonly #world: PullWorld;
  readonly #store: PullStore;
  readonly #changes = new Sequence();
  #subscription: StoredPullSubscription | null;

  constructor(world: PullWorld, store: PullStore) {
    this.#world = world;
    this.#store = store;
    this.#subscription = store.get();
  }

  get exists(): boolean {
    return this.#subscription !== null;
  }

  status(): PullSubscriptionStatus | Failure {
    return this.#subscription === null ? unknown() : { isPulled: true, ...this.#subscription };
  }

  put(request: PutPullSubscription): Promise<PutPullResult | Failure> {
    return this.#changes.run(async () => {
      const { name, config, from } = request;
      const refused = checkPullConfig(config) ?? (await this.#checkTopics(config));
      if (refused !== null) return refused;
      const missing = config.deadLetterTopic === null ? null : await this.#world.ensureTopic(config.deadLetterTopic);
      const unlisted = missing ?? (await this.#world.register(name, config.topics));
      if (unlisted !== null) return unlisted;
      const isNew = this.#subscription === null;
      const paused = request.paused ?? this.#subscription?.paused ?? false;
      const subscription = { name, config, paused, createdAtMs: this.#subscription?.createdAtMs ?? this.#world.now() };
      this.#save(subscription);
      const failed = await this.#apply(subscription, from);
      return failed ?? { status: { isPulled: true, ...subscription }, isNew };
    });
  }

  /** Nothing is handed out once it is answered; what is leased may still be settled. */
  setPaused(paused: boolean): Promise<PullSubscriptionStatus | Failure> {
    return this.#changes.run(async () => {
      if (this.#subscription === null) return unknown();
      const subscription = { ...this.#subscription, paused };
      this.#save(subscription);
      const { name, config } = subscription;
      const failed = await this.#world.attachShareGroup(name, shareSettingsOf(subscription), config.topics);
      return failed ?? this.status();
    });
  }

  delete(name: string): Promise<Failure | null> {
    return this.#changes.run(async () => {
      if (this.#subscription === null) return unknown();
      const failed = (await this.#world.detachShareGroup(name)) ?? (await this.#world.unregister(name));
      if (failed !== null) return failed; // it is still written down, for the next try
      this.#subscription = null;
      await this.#store.clear();
      return null;
    });
  }

  #save(subscription: StoredPullSubscription): void {
    this.#subscription = subscription;
    this.#store.put(subscription);
  }

  /** Partitions that are added later are new as a whole: nothing of them is passed over, wherever the others began. */
  async #apply(subscription: StoredPullSubscription, from: ShareStart): Promise<Failure | null> {
    const { name, config } = subscription;
    const settings = shareSettingsOf(subscription);
    const attached = await this.#world.attachShareGroup(name, { ...settings, autoOffsetReset: from }, config.topics);
    const begun = attached ?? (await this.#world.beginTopics(name, config.topics));
    return begun ?? this.#world.attachShareGroup(name, { autoOffsetReset: "earliest" }, config.topics);
  }

  async #checkTopics({ topics }: PullConfig): Promise<Failure | null> {
    let count = 0;
    for (const topic of topics) {
      const partitions = await this.#world.partitions(topic);
      if (partitions === null) return failure("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic '${topic}': create it first`);
      count += partitions.length;
    }
    if (count <= MAX_PARTITIONS_PER_PULL) return null;
    return failure("INVALID_REQUEST", `the topics have ${count} partitions in all, and a pull takes ${MAX_PARTITIONS_PER_PULL} at most`);
  }
}

function unknown(): Failure {
  return failure("RESOURCE_NOT_FOUND", "there is no such subscription");
}

// Of which kind a group is, and what is stored of it.
//
// A group is of the classic kind (classic-group.ts), where members divide their work by themselves, or of the consumer kind
// (consumer-group.ts), where the coordinator does. A new group takes the kind of who comes first; it changes without losing its place when a
// member of the other protocol comes or the last one goes (consumer-convert.ts). Only the store of its kind holds anything.

import type { ConsumerStore } from "../storage/consumer-store.ts";
import type { GroupStore, StoredClassicGroup } from "../storage/group-store.ts";
import { ClassicGroup } from "./classic-group.ts";
import type { ClassicGroupOptions } from "./classic-state.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import type { ConsumerGroupOptions } from "./consumer-state.ts";
import { CONSUMER_PROTOCOL_TYPE } from "./consumer-subscription.ts";
import type { TopicImage } from "./topic-image.ts";

export interface MemberStores {
  readonly members: GroupStore;
  readonly consumers: ConsumerStore;
}

export interface GroupKindOptions {
  /** ms since the epoch */
  readonly now: () => number;
  readonly classic: ClassicGroupOptions;
  readonly consumer: ConsumerGroupOptions;
  /** What outlives a restart has changed, and is stored. */
  readonly changed: () => void;
  /** What is in memory could not be stored: begin anew from the storage. */
  readonly broken: (error: unknown) => void;
}

export type Kind =
  | { readonly classic: ClassicGroup; readonly consumer?: never }
  | { readonly consumer: ConsumerGroup; readonly classic?: never };

export class GroupKind {
  readonly #stores: MemberStores;
  readonly #options: GroupKindOptions;
  #kind: Kind;

  /** @param sessions when they end (ms since the epoch), by member, as they were stored */
  constructor(stores: MemberStores, options: GroupKindOptions, sessions?: ReadonlyMap<string, number>) {
    this.#stores = stores;
    this.#options = options;
    this.#kind = this.#load(sessions);
  }

  get kind(): Kind {
    return this.#kind;
  }

  /** Begins anew from the storage. */
  reload(): void {
    this.#kind = this.#load();
  }

  /** Nothing of the group stays stored. */
  clear(): void {
    this.#stores.members.clear();
    this.#stores.consumers.clear();
  }

  /** Stores a classic group that is new, or the present one once more. */
  storeClassic(): void {
    const { classic } = this.#kind;
    this.#storing(() => {
      if (classic !== undefined) this.#stores.members.putClassicGroup(classic.snapshot());
    });
  }

  /** Stores what has changed of a consumer group. */
  storeConsumer(): void {
    const write = this.#kind.consumer?.takeChanges() ?? null;
    if (write !== null) this.#storing(() => this.#stores.consumers.write(write));
  }

  /** The group's members, if it has any, become members of a consumer group. @param members those of the dissolved classic group */
  upgrade(members: StoredClassicGroup, topics: TopicImage, nowMs: number): ConsumerGroup {
    const consumer = ConsumerGroup.upgrade(members, topics, this.#options.consumer, nowMs);
    this.#kind = { consumer };
    this.#storing(() => this.#stores.members.clear());
    return consumer;
  }

  /** A consumer group without members: whoever comes first says what kind it is. */
  becomeClassic({ groupEpoch, emptySinceMs }: ConsumerGroup): void {
    this.goOnAsClassic({
      generationId: groupEpoch,
      protocolType: CONSUMER_PROTOCOL_TYPE,
      protocolName: null,
      leaderId: null,
      sinceMs: emptySinceMs ?? this.#options.now(),
      members: [],
    });
  }

  /** The members go on by the classic protocol. */
  goOnAsClassic(stored: StoredClassicGroup): ClassicGroup {
    const classic = ClassicGroup.restore(stored, this.#options.classic, this.#options.now());
    this.#kind = { classic };
    this.#storing(() => {
      this.#stores.members.putClassicGroup(stored);
      this.#stores.consumers.clear();
    });
    return classic;
  }

  #load(sessions?: ReadonlyMap<string, number>): Kind {
    const nowMs = this.#options.now();
    const consumer = this.#stores.consumers.load();
    if (consumer !== null) return { consumer: ConsumerGroup.restore(consumer, this.#options.consumer, nowMs, sessions) };
    const classic = this.#stores.members.classicGroup();
    if (classic === null) return { classic: ClassicGroup.empty(this.#options.classic, nowMs) };
    return { classic: ClassicGroup.restore(classic, this.#options.classic, nowMs, sessions) };
  }

  #storing(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#options.broken(error);
      throw error;
    }
    this.#options.changed();
  }
}

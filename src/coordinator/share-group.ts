// The coordinator of a share group: its settings, which share partitions it has, and its members by Kafka's protocol (share-members.ts). It
// hands out no records: those are the share partitions' (share-partition-coordinator.ts), which ask here once, when they begin, whether
// their group is there.
//
// Invariants: a share partition is written down here before it begins, so that none is left behind when the group goes. One that belongs
// to an earlier life of the group, by its UUID, cannot begin any more.

import { forEachConcurrently, Sequence } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { GroupConfig } from "../common/group-configs.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { DEFAULT_SHARE_SETTINGS, type ShareSettings } from "../common/share-settings.ts";
import type { ShareGrave, ShareGroupStore, StoredShareGroup } from "../storage/share-group-store.ts";
import { JOIN_EPOCH } from "./consumer-messages.ts";
import { GroupTopics, type TopicSource } from "./group-topics.ts";
import { checkShareHeartbeat, isLeavingShareGroup } from "./share-heartbeat.ts";
import { ShareMembers, unknownShareMember } from "./share-members.ts";
import type {
  ShareGroupMembers,
  ShareGroupView,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  SharePartitionAddress,
  ShareTopic,
} from "./share-messages.ts";
import { TopicImage } from "./topic-image.ts";

export interface ShareGroupOptions {
  readonly randomUuid: () => string;
  /** Makes the group show up in lists; a repeat changes nothing. INCONSISTENT_GROUP_PROTOCOL: the name is a consumer group's. */
  readonly register: (groupId: string) => Promise<Failure | null>;
  readonly unregister: (groupId: string) => Promise<void>;
  /** Gives a share partition its start offset, if it has none. */
  readonly openPartition: (address: SharePartitionAddress) => Promise<null | Failure>;
  /** May be called again. */
  readonly destroyPartition: (groupUuid: string, topicId: string, partition: number) => Promise<void>;
  /** The share partition begins anew when it is next asked for. */
  readonly forgetPartition: (groupUuid: string, topicId: string, partition: number) => Promise<void>;
  /** Calls `ring` soon, should this invocation end before its work does. */
  readonly ringLater: () => void;
  readonly now: () => number;
  readonly config: GroupConfig;
  /** The cluster's topics, for the members' subscriptions. */
  readonly topics: TopicSource;
}

export class ShareGroupCoordinator {
  readonly #store: ShareGroupStore;
  readonly #options: ShareGroupOptions;
  #group: StoredShareGroup | null;
  #isBurying = false;
  /** What makes the group, and what takes it off the lists: never at the same time, or a group could be there that is in none. */
  readonly #lifecycle = new Sequence();
  readonly #members: ShareMembers;
  readonly #topics: GroupTopics;

  constructor(store: ShareGroupStore, options: ShareGroupOptions) {
    this.#store = store;
    this.#options = options;
    this.#group = store.group();
    this.#members = new ShareMembers(options.config);
    this.#topics = new GroupTopics(options.topics, options.now, TopicImage.EMPTY);
  }

  /** null: there is no such group. */
  view(): ShareGroupView | null {
    const group = this.#group;
    if (group === null || group.groupUuid === null) return null;
    const { groupId, groupUuid, settings, settingsVersion, subscription, topics } = group;
    return { groupId, groupUuid, settings, settingsVersion, subscribedTopics: subscription?.topics ?? null, topics };
  }

  /** The group, which is made where it is not there: with these settings, and the default for others. */
  async ensure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure> {
    return this.view() ?? this.#lifecycle.run(() => this.#make(groupId, settings));
  }

  /** Changes settings of the group, which is made where it is not there. That of a subscription is the subscription's to change. */
  async configure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure> {
    const made = await this.ensure(groupId, settings);
    return isFailure(made) ? made : (this.#refuseToOthers(groupId) ?? this.#configure(settings));
  }

  /** Gives the group, which is made where it is not there, to the pull subscription of its name. `topics` is what that pulls. */
  async attach(groupId: string, settings: Partial<ShareSettings>, topics: readonly string[]): Promise<ShareGroupView | Failure> {
    const made = await this.ensure(groupId, settings);
    if (isFailure(made)) return made;
    this.#put({ ...this.#group!, subscription: { topics } });
    return this.#configure(settings);
  }

  /** Deletes the group with its subscription. */
  detach(groupId: string): Promise<null | Failure> {
    return this.#delete(groupId);
  }

  /** A member joins, which makes the group where it is not there, stays, or leaves. */
  async heartbeat(request: ShareHeartbeat): Promise<ShareHeartbeatAnswer> {
    const refused = checkShareHeartbeat(request);
    if (refused !== null) return refused;
    if (isLeavingShareGroup(request)) return this.#members.leave(request, this.#options.now());
    const made = request.memberEpoch === JOIN_EPOCH ? await this.ensure(request.groupId, {}) : null;
    if (made !== null && isFailure(made)) return made;
    const unreached = await this.#topics.refresh(() => this.#members.interest(request));
    if (unreached !== null) return unreached;
    const group = this.view(); // as it is now: it may have been deleted, or configured, meanwhile
    if (group === null) return unknownShareMember(request.memberId);
    const failed = refuseOwnDeadLetters(group, request.subscribedTopicNames ?? []);
    return failed ?? this.#members.heartbeat(request, this.#topics.image, this.#options.now());
  }

  /** null: there is no such group. */
  members(): ShareGroupMembers | null {
    return this.view() === null ? null : this.#members.describe(this.#options.now());
  }

  /** The group begins to consume a topic, or more partitions of it: each has its start offset once this is answered. */
  async subscribe(groupUuid: string, wanted: ShareTopic): Promise<null | Failure> {
    const refused = this.confirm(groupUuid);
    if (refused !== null) return refused;
    const known = this.#group!.topics.find(({ topicId }) => topicId === wanted.topicId)?.partitionCount ?? 0;
    if (known >= wanted.partitionCount) return null;
    this.#begin(wanted);
    let failed: Failure | null = null;
    const added = Array.from({ length: wanted.partitionCount - known }, (_, index) => known + index);
    await forEachConcurrently(added, MAX_CONCURRENT_CALLS, async (partition) => {
      failed = (await this.#options.openPartition(this.#addressOf(wanted, partition))) ?? failed;
    });
    if (failed !== null) return failed;
    const gone = this.confirm(groupUuid); // it may have been deleted meanwhile
    if (gone !== null) return gone;
    this.#put({ ...this.#group!, topics: [...this.#group!.topics.filter(({ topicId }) => topicId !== wanted.topicId), wanted] });
    return null;
  }

  /** null: the group is there, and this is its UUID. */
  confirm(groupUuid: string): null | Failure {
    if (this.#group !== null && this.#group.groupUuid === groupUuid) return null;
    return failure("GROUP_ID_NOT_FOUND", "the share group was deleted: what is asked about belongs to it");
  }

  /** Frees the id at once; its share partitions go one after the other. NON_EMPTY_GROUP while it has members. */
  async delete(groupId: string): Promise<null | Failure> {
    return this.#refuseToOthers(groupId) ?? this.#refuseWithMembers(groupId) ?? this.#delete(groupId);
  }

  /**
   * Kafka's DeleteShareGroupOffsets. Each share partition forgets before the group does: what a crash in between leaves is a topic that the
   * group is said to consume, and that it begins anew with.
   */
  async deleteOffsets(groupId: string, topicIds: readonly string[]): Promise<readonly (null | Failure)[] | Failure> {
    const refused = this.#refuseToOthers(groupId) ?? this.#refuseWithMembers(groupId);
    if (refused !== null) return refused;
    const group = this.view();
    if (group === null) return failure("GROUP_ID_NOT_FOUND", `there is no share group '${groupId}'`);
    const outcomes: (null | Failure)[] = [];
    for (const topicId of topicIds) outcomes.push(await this.#forgetTopic(group.groupUuid, topicId));
    return outcomes;
  }

  async #forgetTopic(groupUuid: string, topicId: string): Promise<null | Failure> {
    const topic = this.#group?.topics.find((one) => one.topicId === topicId);
    if (topic === undefined) return failure("UNKNOWN_TOPIC_OR_PARTITION", "There is no offset information to delete.");
    try {
      const partitions = Array.from({ length: topic.partitionCount }, (_, partition) => partition);
      await forEachConcurrently(partitions, MAX_CONCURRENT_CALLS, (partition) =>
        this.#options.forgetPartition(groupUuid, topicId, partition),
      );
    } catch (error) {
      return failure("COORDINATOR_NOT_AVAILABLE", `a share partition of topic '${topic.topic}' cannot be reached now: ${error}`);
    }
    const gone = this.confirm(groupUuid); // it may have been deleted meanwhile, and its topics with it
    if (gone === null) this.#put({ ...this.#group!, topics: this.#group!.topics.filter((one) => one.topicId !== topicId) });
    return gone;
  }

  #refuseToOthers(groupId: string): null | Failure {
    if ((this.view()?.subscribedTopics ?? null) === null) return null;
    return failure(
      "NON_EMPTY_GROUP",
      `share group '${groupId}' is that of the subscription '${groupId}': change or delete the subscription`,
    );
  }

  #refuseWithMembers(groupId: string): null | Failure {
    const count = this.view() === null ? 0 : this.#members.count(this.#options.now());
    return count === 0 ? null : failure("NON_EMPTY_GROUP", `share group '${groupId}' has ${count} members`);
  }

  async #configure(settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure> {
    const group = this.#group!;
    const changed = { ...group.settings, ...settings };
    if (JSON.stringify(changed) !== JSON.stringify(group.settings)) {
      this.#put({ ...group, settings: changed, settingsVersion: group.settingsVersion + 1 });
    }
    const failed = settings.paused === undefined ? null : await this.#tellPartitions();
    return failed ?? this.view()!;
  }

  /** A pull that waits knows older settings: so that none gets records of a paused group, its share partitions are told. */
  async #tellPartitions(): Promise<null | Failure> {
    let failed: null | Failure = null;
    const places = this.#group!.topics.flatMap((topic) =>
      Array.from({ length: topic.partitionCount }, (_, partition) => this.#addressOf(topic, partition)),
    );
    await forEachConcurrently(places, MAX_CONCURRENT_CALLS, async (address) => {
      failed = (await this.#options.openPartition(address)) ?? failed;
    });
    return failed;
  }

  async #delete(groupId: string): Promise<null | Failure> {
    const group = this.#group;
    if (group === null || group.groupUuid === null) return failure("GROUP_ID_NOT_FOUND", `there is no share group '${groupId}'`);
    this.#put({ ...group, groupUuid: null, subscription: null, topics: [], begun: {}, graves: [...group.graves, ...gravesOf(group)] });
    this.#options.ringLater();
    await this.#lifecycle.run(() => this.#options.unregister(groupId));
    await this.ring();
    return null;
  }

  /** Destroys what nobody uses any more. One that cannot be reached keeps its grave, for the next time. */
  async ring(): Promise<void> {
    if (this.#group === null || this.#isBurying) return;
    this.#isBurying = true;
    try {
      for (const grave of this.#group.graves) await this.#bury(grave);
    } finally {
      this.#isBurying = false;
    }
    const left = this.#group as StoredShareGroup;
    if (left.graves.length > 0) return this.#options.ringLater();
    if (left.groupUuid !== null) return;
    this.#group = null;
    await this.#store.clear();
  }

  async #bury(grave: ShareGrave): Promise<void> {
    let isBuried = true;
    const partitions = Array.from({ length: grave.partitionCount }, (_, partition) => partition);
    await forEachConcurrently(partitions, MAX_CONCURRENT_CALLS, async (partition) => {
      try {
        await this.#options.destroyPartition(grave.groupUuid, grave.topicId, partition);
      } catch (error) {
        isBuried = false;
        console.warn(
          JSON.stringify({ message: "a share partition could not be destroyed yet", ...grave, partition, error: String(error) }),
        );
      }
    });
    if (isBuried) this.#put({ ...this.#group!, graves: this.#group!.graves.filter((other) => other !== grave) });
  }

  async #make(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure> {
    const known = this.view();
    if (known !== null) return known;
    const refused = await this.#options.register(groupId); // before it is there: what is in no list could not be found to be deleted
    return refused ?? this.#create(groupId, settings);
  }

  #create(groupId: string, settings: Partial<ShareSettings>): ShareGroupView {
    const graves = this.#group?.graves ?? [];
    const created = { ...DEFAULT_SHARE_SETTINGS, ...settings };
    const groupUuid = this.#options.randomUuid();
    this.#put({ groupId, groupUuid, settings: created, settingsVersion: 1, subscription: null, topics: [], begun: {}, graves });
    return this.view()!;
  }

  /** Writes down what may exist from now on. A topic that was made again under its name leaves a grave. */
  #begin({ topicId, topic, partitionCount }: ShareTopic): void {
    const group = this.#group!;
    const replaced = group.topics.filter((other) => other.topic === topic && other.topicId !== topicId);
    const begun = { ...group.begun, [topicId]: Math.max(partitionCount, group.begun[topicId] ?? 0) };
    const graves = replaced.map((other) => graveOf(group, other.topicId));
    for (const other of replaced) delete begun[other.topicId];
    const topics = group.topics.filter((other) => !replaced.includes(other));
    this.#put({ ...group, topics, begun, graves: [...group.graves, ...graves] });
    if (graves.length > 0) this.#options.ringLater();
  }

  #addressOf({ topicId, topic, topicVersion }: ShareTopic, partition: number): SharePartitionAddress {
    const { groupId, groupUuid, settings, settingsVersion } = this.#group!;
    return { groupId, groupUuid: groupUuid ?? "", topicId, topic, topicVersion, partition, settings, settingsVersion };
  }

  #put(group: StoredShareGroup): void {
    this.#store.put(group);
    this.#group = group;
  }
}

/** What a group gives up would come back to it, without end. */
export function refuseOwnDeadLetters({ groupId, settings }: ShareGroupView, topics: readonly string[]): Failure | null {
  const { deadLetterTopic } = settings;
  if (deadLetterTopic === null || !topics.includes(deadLetterTopic)) return null;
  return failure("INVALID_REQUEST", `'${deadLetterTopic}' is the dead-letter topic of share group '${groupId}': it cannot consume it too`);
}

function gravesOf(group: StoredShareGroup): ShareGrave[] {
  return Object.keys(group.begun).map((topicId) => graveOf(group, topicId));
}

function graveOf({ groupUuid, begun }: StoredShareGroup, topicId: string): ShareGrave {
  return { groupUuid: groupUuid ?? "", topicId, partitionCount: begun[topicId] ?? 0 };
}

// The members of a share group that speak Kafka's protocol (KIP-932, ShareGroupHeartbeat): who is there, what each subscribes to, and which
// partitions it is to read. It follows GroupMetadataManager.shareGroupHeartbeat. Pure: it is told the time.
//
// In memory alone: an assignment says who looks where, and takes and gives no right. A member of before a restart is unknown, joins again
// with its next heartbeat, and goes on with the records that it holds, which the share partitions have stored.

import { type Failure, failure } from "../common/errors.ts";
import type { GroupConfig } from "../common/group-configs.ts";
import { MAX_GROUP_METADATA_BYTES } from "../common/limits/groups.ts";
import { NO_PARTITIONS, type Partitions } from "./assignors/assignor.ts";
import { assignSimple } from "./assignors/simple-assignor.ts";
import { namedPartitions } from "./consumer-describe.ts";
import { JOIN_EPOCH } from "./consumer-messages.ts";
import { GroupInterest, isSameSubscription, NO_SUBSCRIPTION, type Subscription, sizeOf, toSubscription } from "./group-interest.ts";
import type { ShareGroupMembers, ShareHeartbeat, ShareHeartbeatAnswer } from "./share-messages.ts";
import { type Interest, TopicImage } from "./topic-image.ts";

type ShareMembersConfig = Pick<GroupConfig, "shareSessionTimeoutMs" | "shareHeartbeatIntervalMs" | "shareMaxSize">;

interface ShareMember {
  readonly memberId: string;
  rackId: string | null;
  clientId: string;
  clientHost: string;
  subscription: Subscription;
  epoch: number;
  previousEpoch: number;
  /** What it is to read. */
  target: Partitions;
  /** What it was told; null: nothing yet. */
  told: Partitions | null;
  /** Out of the group from then on, unless it is heard before (ms since the epoch). */
  deadlineMs: number;
}

const ASSIGNOR_NAME = "simple";

export class ShareMembers {
  readonly #config: ShareMembersConfig;
  /** In the order in which they came. */
  readonly #members = new Map<string, ShareMember>();
  readonly #interest = new GroupInterest();
  #topics = TopicImage.EMPTY;
  /** Rises whenever the assignment is made anew. */
  #epoch = 0;

  constructor(config: ShareMembersConfig) {
    this.#config = config;
  }

  /** How many there are. */
  count(nowMs: number): number {
    this.#expire(nowMs);
    return this.#members.size;
  }

  /** Topics that have to be known before the heartbeat is served. */
  interest({ subscribedTopicNames }: ShareHeartbeat): Interest {
    return this.#interest.snapshot(toSubscription(subscribedTopicNames ?? [], null));
  }

  /**
   * @param request one that `checkShareHeartbeat` lets pass, of a member that does not leave
   * @param topics that cover `interest`
   */
  heartbeat(request: ShareHeartbeat, topics: TopicImage, nowMs: number): ShareHeartbeatAnswer {
    this.#expire(nowMs);
    const known = this.#members.get(request.memberId);
    const refused = this.#refuse(request, known);
    if (refused !== null) return refused;
    const member = known ?? newMember(request.memberId);
    const isOther = this.#update(member, request);
    const isOld = topics.differs(this.#topics, this.#interest.snapshot());
    this.#topics = topics;
    member.deadlineMs = nowMs + this.#config.shareSessionTimeoutMs;
    if (isOther || isOld) this.#assign();
    return this.#answer(member, request);
  }

  leave({ memberId, memberEpoch }: ShareHeartbeat, nowMs: number): ShareHeartbeatAnswer {
    this.#expire(nowMs);
    const member = this.#members.get(memberId);
    if (member === undefined) return unknownShareMember(memberId);
    this.#remove(member);
    this.#assign();
    return { memberId, memberEpoch, heartbeatIntervalMs: 0, assignment: null };
  }

  describe(nowMs: number): ShareGroupMembers {
    this.#expire(nowMs);
    const members = [...this.#members.values()].map(({ memberId, rackId, clientId, clientHost, subscription, epoch, told }) => ({
      ...{ memberId, rackId, clientId, clientHost, memberEpoch: epoch, subscribedTopicNames: subscription.names },
      assignment: namedPartitions(told ?? NO_PARTITIONS, this.#topics),
    }));
    const state = members.length === 0 ? "Empty" : "Stable";
    return { state, groupEpoch: this.#epoch, assignmentEpoch: this.#epoch, assignorName: ASSIGNOR_NAME, members };
  }

  #refuse({ memberId, memberEpoch, subscribedTopicNames }: ShareHeartbeat, known: ShareMember | undefined): Failure | null {
    if (known === undefined && memberEpoch !== JOIN_EPOCH) return unknownShareMember(memberId);
    if (known === undefined && this.#members.size >= this.#config.shareMaxSize) {
      return failure("GROUP_MAX_SIZE_REACHED", `The share group has ${this.#members.size} members, and may not have more.`);
    }
    if (known !== undefined && memberEpoch !== JOIN_EPOCH && memberEpoch !== known.epoch && memberEpoch !== known.previousEpoch) {
      return failure("FENCED_MEMBER_EPOCH", `The member is in epoch ${known.epoch}, and the request in ${memberEpoch}: join again.`);
    }
    if (subscribedTopicNames === null) return null;
    const before = known?.subscription ?? NO_SUBSCRIPTION;
    const bytes = this.#interest.bytes - sizeOf(before) + sizeOf(toSubscription(subscribedTopicNames, null));
    if (bytes <= MAX_GROUP_METADATA_BYTES) return null;
    return failure("GROUP_MAX_SIZE_REACHED", `The subscriptions of the group's members may have ${MAX_GROUP_METADATA_BYTES} bytes in all.`);
  }

  /** Takes what the request says of the member; true: it is new, or subscribes to something else than before. */
  #update(member: ShareMember, { rackId, clientId, clientHost, subscribedTopicNames, memberEpoch }: ShareHeartbeat): boolean {
    const isNew = !this.#members.has(member.memberId);
    const subscription = subscribedTopicNames === null ? member.subscription : toSubscription(subscribedTopicNames, null);
    Object.assign(member, { rackId: rackId ?? member.rackId, clientId, clientHost });
    if (memberEpoch === JOIN_EPOCH) member.told = null; // it gave up what it had
    if (!isNew && isSameSubscription(member.subscription, subscription)) return false;
    if (!isNew) this.#interest.remove(member.subscription);
    this.#interest.add(subscription);
    member.subscription = subscription;
    this.#members.set(member.memberId, member);
    return true;
  }

  #answer(member: ShareMember, { memberEpoch, subscribedTopicNames }: ShareHeartbeat): ShareHeartbeatAnswer {
    const isNews = member.told !== member.target;
    if (member.epoch !== this.#epoch) member.previousEpoch = member.epoch;
    member.epoch = this.#epoch;
    member.told = member.target;
    // A member that has lost an answer says everything again, and is told everything.
    const isFull = memberEpoch === JOIN_EPOCH || subscribedTopicNames !== null;
    return {
      memberId: member.memberId,
      memberEpoch: member.epoch,
      heartbeatIntervalMs: this.#config.shareHeartbeatIntervalMs,
      assignment: isNews || isFull ? namedPartitions(member.target, this.#topics) : null,
    };
  }

  #assign(): void {
    this.#epoch += 1;
    const members = [...this.#members.values()];
    const assigned = assignSimple({
      members: members.map(({ memberId, subscription, target }) => {
        const topicIds = subscription.names.flatMap((name) => this.#topics.named(name)?.topicId ?? []);
        return { memberId, instanceId: null, topicIds, target };
      }),
      partitionCount: (topicId) => this.#topics.withId(topicId)?.partitionCount ?? 0,
    });
    for (const member of members) member.target = assigned.get(member.memberId)!;
  }

  #expire(nowMs: number): void {
    const late = [...this.#members.values()].filter(({ deadlineMs }) => deadlineMs <= nowMs);
    for (const member of late) this.#remove(member);
    if (late.length > 0) this.#assign();
  }

  #remove(member: ShareMember): void {
    this.#members.delete(member.memberId);
    this.#interest.remove(member.subscription);
  }
}

function newMember(memberId: string): ShareMember {
  const nobody = { rackId: null, clientId: "", clientHost: "", subscription: NO_SUBSCRIPTION };
  return { memberId, ...nobody, epoch: JOIN_EPOCH, previousEpoch: JOIN_EPOCH, target: NO_PARTITIONS, told: null, deadlineMs: 0 };
}

export function unknownShareMember(memberId: string): Failure {
  return failure("UNKNOWN_MEMBER_ID", `The share group has no member '${memberId.slice(0, 300)}': join again.`);
}

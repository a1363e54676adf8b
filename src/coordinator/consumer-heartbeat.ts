// ConsumerGroupHeartbeat: how a member joins, says what it wants and what it has, and is led to what it is to have. It follows
// consumerGroupHeartbeat and the methods under it of org.apache.kafka.coordinator.group.GroupMetadataManager.
//
// A request that says nothing new changes nothing, and costs the same in a group of any size. Where we differ: a member that joins again
// under its own id (epoch 0, owning nothing) is let in, where Kafka fences it until its session ends.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_GROUP_METADATA_BYTES, MAX_MEMBER_ID_LENGTH } from "../common/limits/groups.ts";
import { NO_PARTITIONS } from "./assignors/assignor.ts";
import {
  type ConsumerHeartbeat,
  type ConsumerHeartbeatAnswer,
  JOIN_EPOCH,
  LEAVE_EPOCH,
  STATIC_LEAVE_EPOCH,
  type TopicPartitions,
} from "./consumer-messages.ts";
import { reconcile } from "./consumer-reconcile.ts";
import {
  addMember,
  bumpEpoch,
  type ConsumerMember,
  type ConsumerState,
  type ConsumerStep,
  findMember,
  NOTHING_OWNED,
  removeMember,
  resetSession,
  toTopicPartitions,
} from "./consumer-state.ts";
import { checkAssignor, updateTarget } from "./consumer-target.ts";
import { isSameSubscription, NO_SUBSCRIPTION, type Subscription, sizeOf, toSubscription } from "./group-interest.ts";
import { checkPattern } from "./topic-image.ts";

/** What can be said of a request without its group, or null. */
export function checkHeartbeat(request: ConsumerHeartbeat): Failure | null {
  return checkIdentity(request) ?? checkEpoch(request) ?? checkAssignor(request.serverAssignor) ?? checkSubscription(request);
}

function checkIdentity({ memberId, instanceId, rackId }: ConsumerHeartbeat): Failure | null {
  if (instanceId?.trim() === "") return invalid("The instance id is empty.");
  if (rackId?.trim() === "") return invalid("The rack id is empty.");
  const isLong = [memberId, instanceId ?? "", rackId ?? ""].some((text) => text.length > MAX_MEMBER_ID_LENGTH);
  if (isLong) return invalid(`A member id, an instance id and a rack id have at most ${MAX_MEMBER_ID_LENGTH} characters.`);
  return memberId.isWellFormed() && (instanceId ?? "").isWellFormed() ? null : invalid("The member's ids are not well-formed Unicode.");
}

function checkEpoch({ memberEpoch, memberId, instanceId, ...request }: ConsumerHeartbeat): Failure | null {
  if (memberEpoch < STATIC_LEAVE_EPOCH) return invalid(`${memberEpoch} is no member epoch.`);
  if (memberEpoch !== JOIN_EPOCH) {
    if (memberId === "") return invalid("The member id is empty.");
    return memberEpoch === STATIC_LEAVE_EPOCH && instanceId === null ? invalid("A static member's leave has its instance id.") : null;
  }
  if (request.rebalanceTimeoutMs < 0) return invalid("A member that joins says its rebalance timeout.");
  if (request.topicPartitions === null || request.topicPartitions.length > 0) return invalid("A member that joins has no partitions.");
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
    return invalid("A member that joins says what it subscribes to: topic names, or a regular expression.");
  }
  return null;
}

function checkSubscription({ subscribedTopicRegex }: ConsumerHeartbeat): Failure | null {
  return subscribedTopicRegex === null || subscribedTopicRegex === "" ? null : checkPattern(subscribedTopicRegex);
}

function invalid(detail: string): Failure {
  return failure("INVALID_REQUEST", detail);
}

/**
 * @param request one that `checkHeartbeat` lets pass, of a member that does not leave
 * The group's topics must cover what it subscribes to.
 */
export function heartbeat(step: ConsumerStep, request: ConsumerHeartbeat): ConsumerHeartbeatAnswer {
  const former = formerSelf(step.group, request);
  const refused = checkRoom(step, request, former);
  if (refused !== null) return refused;
  const member = request.memberEpoch === JOIN_EPOCH ? joinMember(step, request) : knownMember(step, request);
  if (isFailure(member)) return member;

  const isNewlySubscribed = updateMember(step, member, request);
  if (isNewlySubscribed || former === undefined) bumpEpoch(step);
  updateTarget(step);
  const before = member.assigned;
  reconcile(step, member, request.topicPartitions);
  if (request.isUnheard !== true) resetSession(step, member);
  return {
    memberId: member.memberId,
    memberEpoch: member.epoch,
    heartbeatIntervalMs: step.options.config().consumerHeartbeatIntervalMs,
    assignment: isFullRequest(request) || member.assigned !== before ? toTopicPartitions(member.assigned) : null,
  };
}

/** A member that has lost an answer says everything again, and is told everything. */
function isFullRequest({ memberEpoch, rebalanceTimeoutMs, topicPartitions, ...request }: ConsumerHeartbeat): boolean {
  const isSubscribing = request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null;
  return memberEpoch === JOIN_EPOCH || (rebalanceTimeoutMs >= 0 && isSubscribing && topicPartitions !== null);
}

/** The member whose place the request is for. */
export function formerSelf(
  { members, staticMembers }: ConsumerState,
  { memberId, instanceId }: { readonly memberId: string; readonly instanceId: string | null },
): ConsumerMember | undefined {
  return members.get(memberId) ?? members.get(staticMembers.get(instanceId ?? "") ?? "");
}

function checkRoom({ group, options }: ConsumerStep, request: ConsumerHeartbeat, former: ConsumerMember | undefined): Failure | null {
  if (former === undefined && request.memberEpoch === JOIN_EPOCH && group.members.size >= options.config().consumerMaxSize) {
    return failure("GROUP_MAX_SIZE_REACHED", `The group has ${group.members.size} members, and may not have more.`);
  }
  return checkSubscriptionRoom(group, former, subscriptionAfter(former?.subscription ?? NO_SUBSCRIPTION, request));
}

/** Subscriptions are kept in memory: they have a bound, as the metadata of classic members have. */
export function checkSubscriptionRoom(
  group: ConsumerState,
  former: ConsumerMember | undefined,
  subscription: Subscription,
): Failure | null {
  if (subscription === former?.subscription) return null;
  const bytes = group.interest.bytes - sizeOf(former?.subscription ?? NO_SUBSCRIPTION) + sizeOf(subscription);
  if (bytes <= MAX_GROUP_METADATA_BYTES) return null;
  return failure("GROUP_MAX_SIZE_REACHED", `The subscriptions of the group's members may have ${MAX_GROUP_METADATA_BYTES} bytes in all.`);
}

function knownMember({ group }: ConsumerStep, request: ConsumerHeartbeat): ConsumerMember | Failure {
  const member = findMember(group, request.memberId, request.instanceId);
  return isFailure(member) ? member : (checkMemberEpoch(member, request) ?? member);
}

function checkMemberEpoch(member: ConsumerMember, { memberEpoch, topicPartitions }: ConsumerHeartbeat): Failure | null {
  if (memberEpoch === member.epoch) return null;
  // The answer that told it the epoch that it has now may have been lost.
  if (memberEpoch === member.previousEpoch && memberEpoch < member.epoch && ownsNothingElse(topicPartitions, member)) return null;
  const detail = `The member is in epoch ${member.epoch}, and the request in ${memberEpoch}: give up all partitions and join again.`;
  return failure("FENCED_MEMBER_EPOCH", detail);
}

function ownsNothingElse(owned: readonly TopicPartitions[] | null, { assigned }: ConsumerMember): boolean {
  return owned?.every(({ topicId, partitions }) => partitions.every((partition) => assigned.get(topicId)?.has(partition))) ?? false;
}

function joinMember(step: ConsumerStep, request: ConsumerHeartbeat): ConsumerMember | Failure {
  const { group, options } = step;
  const memberId = request.memberId === "" ? options.randomId() : request.memberId;
  const holder = group.members.get(group.staticMembers.get(request.instanceId ?? "") ?? "");
  const namesake = group.members.get(memberId);
  if (holder !== undefined) return joinAsStatic(step, holder, memberId, request.isTakingOver === true);
  if (namesake !== undefined && namesake.instanceId !== request.instanceId) {
    return failure("FENCED_INSTANCE_ID", `The member id '${memberId}' is that of another member.`);
  }
  if (namesake !== undefined) return joinAgain(namesake);
  const member = newMember(step, memberId, request.instanceId);
  addMember(step, member);
  return member;
}

/** The member gave up what it had, and goes on in its place. */
function joinAgain(member: ConsumerMember): ConsumerMember {
  member.previousEpoch = JOIN_EPOCH;
  member.epoch = JOIN_EPOCH;
  return member;
}

/** The process behind a static member has restarted, or another took its place: what is meant for the name stays with it. */
function joinAsStatic(step: ConsumerStep, holder: ConsumerMember, memberId: string, isTakingOver: boolean): ConsumerMember | Failure {
  const isReleased = isTakingOver || holder.epoch === STATIC_LEAVE_EPOCH || holder.memberId === memberId || holder.classic !== null;
  if (!isReleased) {
    return failure("UNRELEASED_INSTANCE_ID", `Static member '${holder.instanceId}' is still in the group, as '${holder.memberId}'.`);
  }
  return holder.memberId === memberId ? joinAgain(holder) : replaceStaticMember(step, holder, memberId);
}

/** The new member has the place of the old one, from the epoch 0 on. */
export function replaceStaticMember(step: ConsumerStep, holder: ConsumerMember, memberId: string): ConsumerMember {
  removeMember(step, holder);
  const member = joinAgain({ ...holder, memberId });
  addMember(step, member);
  return member;
}

export function newMember({ options }: ConsumerStep, memberId: string, instanceId: string | null): ConsumerMember {
  return {
    memberId,
    instanceId,
    rackId: null,
    clientId: "",
    clientHost: "",
    sessionTimeoutMs: options.config().consumerSessionTimeoutMs,
    rebalanceTimeoutMs: 0,
    subscription: NO_SUBSCRIPTION,
    serverAssignor: null,
    classic: null,
    epoch: JOIN_EPOCH,
    previousEpoch: JOIN_EPOCH,
    state: "Stable",
    assigned: NOTHING_OWNED,
    revoking: NOTHING_OWNED,
    target: NO_PARTITIONS,
    sessionDeadlineMs: 0,
    rebalanceDeadlineMs: null,
  };
}

function subscriptionAfter(before: Subscription, { subscribedTopicNames, subscribedTopicRegex }: ConsumerHeartbeat): Subscription {
  if (subscribedTopicNames === null && subscribedTopicRegex === null) return before;
  const after = toSubscription(subscribedTopicNames ?? before.names, subscribedTopicRegex ?? before.pattern);
  return isSameSubscription(before, after) ? before : after;
}

/** Takes what the request says of the member; true: it subscribes to something else than before. */
function updateMember(step: ConsumerStep, member: ConsumerMember, request: ConsumerHeartbeat): boolean {
  const subscription = subscriptionAfter(member.subscription, request);
  const after = {
    rackId: request.rackId ?? member.rackId,
    clientId: request.clientId,
    clientHost: request.clientHost,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs < 0 ? member.rebalanceTimeoutMs : request.rebalanceTimeoutMs,
    sessionTimeoutMs: request.sessionTimeoutMs ?? step.options.config().consumerSessionTimeoutMs, // as it is now, of old members too
    serverAssignor: request.serverAssignor ?? member.serverAssignor,
  };
  becomeConsumer(step, member);
  return applyToMember(step, member, after, subscription);
}

/** A static member that spoke the classic protocol has come back with the consumer protocol. */
function becomeConsumer({ group }: ConsumerStep, member: ConsumerMember): void {
  if (member.classic === null) return;
  member.classic = null;
  member.rebalanceDeadlineMs = null;
  group.classicCount -= 1;
}

/** Only what is different is a change that is stored; true: another subscription. */
export function applyToMember(
  { group, changes }: ConsumerStep,
  member: ConsumerMember,
  after: Partial<ConsumerMember>,
  subscription: Subscription,
): boolean {
  const isSame = Object.entries(after).every(([key, value]) => member[key as keyof ConsumerMember] === value);
  if (!isSame) {
    Object.assign(member, after);
    changes.changed.add(member.memberId);
  }
  if (isSameSubscription(member.subscription, subscription)) return false;
  group.interest.remove(member.subscription);
  group.interest.add(subscription);
  member.subscription = subscription;
  changes.changed.add(member.memberId);
  return true;
}

export function isLeaving({ memberEpoch }: ConsumerHeartbeat): boolean {
  return memberEpoch === LEAVE_EPOCH || memberEpoch === STATIC_LEAVE_EPOCH;
}

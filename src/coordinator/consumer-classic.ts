// Members that speak the classic protocol in a consumer group (KIP-848, "Online Migration"): JoinGroup, SyncGroup, Heartbeat and LeaveGroup
// served from the assignment that the coordinator computes. It follows classicGroupJoinToConsumerGroup and the methods beside it of
// org.apache.kafka.coordinator.group.GroupMetadataManager.
//
// The member's epoch is its generation. No leader is asked for anything, and no call waits: JoinGroup leads the member one step on, as a
// heartbeat of the consumer protocol does, SyncGroup tells it what it has, and Heartbeat, by REBALANCE_IN_PROGRESS, that it is to join again.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MIN_REBALANCE_TIMEOUT_MS } from "../common/limits/groups.ts";
import type {
  HeartbeatRequest,
  JoinGroupAnswer,
  JoinGroupRequest,
  LeftMember,
  MemberIdentity,
  SyncGroupAnswer,
  SyncGroupRequest,
} from "./classic-messages.ts";
import { applyToMember, checkSubscriptionRoom, formerSelf, newMember, replaceStaticMember } from "./consumer-heartbeat.ts";
import { removeMembers, resolveLeaving } from "./consumer-leave.ts";
import { isWaitingForOthers, reconcile } from "./consumer-reconcile.ts";
import {
  addMember,
  bumpEpoch,
  type ConsumerMember,
  type ConsumerState,
  type ConsumerStep,
  findMember,
  resetSession,
  setRebalanceDeadline,
  toTopicPartitions,
} from "./consumer-state.ts";
import {
  type ClassicSubscription,
  CONSUMER_PROTOCOL_TYPE,
  readSubscription,
  withTopicIds,
  writeAssignment,
} from "./consumer-subscription.ts";
import { updateTarget } from "./consumer-target.ts";
import { toSubscription } from "./group-interest.ts";

/** The group's topics must cover what the member subscribes to. */
export function joinClassic(step: ConsumerStep, request: JoinGroupRequest): JoinGroupAnswer {
  const { group, options } = step;
  const isUnknown = request.memberId === "";
  const memberId = isUnknown ? `${request.groupInstanceId ?? request.clientId}-${options.randomId()}` : request.memberId;
  const former = formerSelf(group, { memberId: request.memberId, instanceId: request.groupInstanceId });
  const said = readSubscription(request.protocols);
  if (isFailure(said)) return { ...said, memberId: request.memberId };
  const refused = checkProtocols(group, request) ?? checkRoom(step, former, said);
  if (refused !== null) return { ...refused, memberId: request.memberId };
  if (isUnknown && request.groupInstanceId === null && request.requireKnownMemberId) {
    return { ...failure("MEMBER_ID_REQUIRED", "Join again with the member id of this answer."), memberId };
  }
  const member = findOrAdd(step, request, memberId);
  if (isFailure(member)) return { ...member, memberId: request.memberId };

  const isNewlySubscribed = updateClassicMember(step, member, request, said);
  if (isNewlySubscribed || former === undefined) bumpEpoch(step);
  updateTarget(step);
  reconcile(step, member, withTopicIds(said.owned, group.topics));
  resetSession(step, member);
  setRebalanceDeadline(step, member, step.nowMs + member.rebalanceTimeoutMs); // until its SyncGroup
  return {
    memberId,
    generationId: member.epoch,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocolName: protocolOf(member),
    leaderId: "",
    skipAssignment: false,
    members: [],
  };
}

/** Those that the classic members have in common matter only once the group is theirs alone again. */
function checkProtocols(group: ConsumerState, { protocolType, protocols, memberId }: JoinGroupRequest): Failure | null {
  const others = [...group.members.values()].filter((member) => member.classic !== null && member.memberId !== memberId);
  const isCommon = protocols.some(({ name }) => others.every(({ classic }) => classic?.protocols.some((other) => other.name === name)));
  if (protocolType === CONSUMER_PROTOCOL_TYPE && isCommon) return null;
  const detail = `The group's protocol type is '${CONSUMER_PROTOCOL_TYPE}', and no protocol of the member is one that all classic members support.`;
  return failure("INCONSISTENT_GROUP_PROTOCOL", detail);
}

function checkRoom({ group, options }: ConsumerStep, former: ConsumerMember | undefined, said: ClassicSubscription): Failure | null {
  if (former === undefined && group.members.size >= options.config().consumerMaxSize) {
    return failure("GROUP_MAX_SIZE_REACHED", `The group has ${group.members.size} members, and may not have more.`);
  }
  return checkSubscriptionRoom(group, former, toSubscription(said.topics, null));
}

function findOrAdd(step: ConsumerStep, request: JoinGroupRequest, memberId: string): ConsumerMember | Failure {
  const { group } = step;
  const { groupInstanceId } = request;
  const holder = group.members.get(group.staticMembers.get(groupInstanceId ?? "") ?? "");
  if (holder !== undefined) {
    if (request.memberId === "") return replaceStaticMember(step, holder, memberId);
    return findMember(group, memberId, groupInstanceId);
  }
  const namesake = group.members.get(memberId);
  if (namesake !== undefined && namesake.instanceId === groupInstanceId) return namesake;
  if (namesake !== undefined || (groupInstanceId !== null && request.memberId !== "")) return findMember(group, memberId, groupInstanceId);
  const member = newMember(step, memberId, groupInstanceId);
  addMember(step, member);
  return member;
}

/** true: it subscribes to something else than before. */
function updateClassicMember(step: ConsumerStep, member: ConsumerMember, request: JoinGroupRequest, said: ClassicSubscription): boolean {
  const { rebalanceTimeoutMs, sessionTimeoutMs } = request;
  if (member.classic === null) step.group.classicCount += 1;
  const after: Partial<ConsumerMember> = {
    rackId: said.rackId ?? member.rackId,
    clientId: request.clientId,
    clientHost: request.clientHost,
    sessionTimeoutMs,
    rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : Math.max(rebalanceTimeoutMs, MIN_REBALANCE_TIMEOUT_MS),
    classic: { protocols: request.protocols },
  };
  return applyToMember(step, member, after, toSubscription(said.topics, null));
}

/** What a classic member is told to be the group's protocol: the first that it named itself. */
function protocolOf(member: ConsumerMember): string {
  return member.classic?.protocols[0]?.name ?? "";
}

export function syncClassic(step: ConsumerStep, request: SyncGroupRequest): SyncGroupAnswer {
  const member = classicMember(step.group, request, request.generationId);
  if (isFailure(member)) return member;
  const protocolName = protocolOf(member);
  if (
    (request.protocolType ?? CONSUMER_PROTOCOL_TYPE) !== CONSUMER_PROTOCOL_TYPE ||
    (request.protocolName ?? protocolName) !== protocolName
  ) {
    const detail = `The member's protocol is '${protocolName}' of type '${CONSUMER_PROTOCOL_TYPE}'.`;
    return failure("INCONSISTENT_GROUP_PROTOCOL", detail);
  }
  // One that is giving partitions back has joined already: what it keeps it is told here.
  if (member.epoch < step.group.groupEpoch && member.state !== "UnrevokedPartitions") return rejoin(step, member);
  setRebalanceDeadline(step, member, null);
  resetSession(step, member);
  const assignment = writeAssignment(member.classic!.protocols, toTopicPartitions(member.assigned), step.group.topics);
  return { protocolType: CONSUMER_PROTOCOL_TYPE, protocolName, assignment };
}

/** REBALANCE_IN_PROGRESS where joining again leads the member on: to a newer epoch, to what it kept, to what has become free. */
export function heartbeatClassic(step: ConsumerStep, request: HeartbeatRequest): Failure | null {
  const member = classicMember(step.group, request, request.generationId);
  if (isFailure(member)) return member;
  resetSession(step, member);
  const canGoOn =
    member.epoch < step.group.groupEpoch ||
    member.state === "UnrevokedPartitions" ||
    (member.state === "UnreleasedPartitions" && !isWaitingForOthers(step, member));
  return canGoOn ? rejoin(step, member) : null;
}

/** It has a rebalance timeout to do so. */
function rejoin(step: ConsumerStep, member: ConsumerMember): Failure {
  if (member.rebalanceDeadlineMs === null) setRebalanceDeadline(step, member, step.nowMs + member.rebalanceTimeoutMs);
  return failure("REBALANCE_IN_PROGRESS", "The group is rebalancing: join it again.");
}

function classicMember(
  group: ConsumerState,
  { memberId, groupInstanceId }: MemberIdentity,
  generationId: number,
): ConsumerMember | Failure {
  const member = findMember(group, memberId, groupInstanceId);
  if (isFailure(member)) return member;
  if (member.classic === null) return notClassic(memberId);
  if (member.epoch === generationId) return member;
  return failure("ILLEGAL_GENERATION", `The member is in generation ${member.epoch}, and the request in ${generationId}.`);
}

function notClassic(memberId: string): Failure {
  return failure("UNKNOWN_MEMBER_ID", `The member '${memberId.slice(0, 300)}' does not speak the classic protocol.`);
}

/** One answer for each, in order; the group's epoch rises once. */
export function leaveClassic(step: ConsumerStep, members: readonly MemberIdentity[]): LeftMember[] {
  const leaving = new Set<ConsumerMember>();
  const left = members.map(({ memberId, groupInstanceId }) => {
    const member = resolveLeaving(step, memberId, groupInstanceId);
    const found = isFailure(member) || member.classic !== null ? member : notClassic(memberId);
    if (!isFailure(found)) leaving.add(found);
    return { memberId, groupInstanceId, failure: isFailure(found) ? found : null };
  });
  removeMembers(step, [...leaving]);
  return left;
}

// The state of a consumer group whose assignment the coordinator computes (KIP-848), and the small steps that operations on it are made
// of. It follows ConsumerGroup and ConsumerGroupMember of org.apache.kafka.coordinator.group.modern.consumer.
//
// Three things follow each other. The group epoch rises when what the assignment depends on changes: members, subscriptions, topics. The
// target assignment, computed for a group epoch, says what each member is to have. Each member is led there by its own heartbeats, and has
// the target's epoch once it is there.
//
// Invariants: a partition has at most one owner, the member that it is assigned to or that has not given it back yet; `owners` says
// exactly that. `staticMembers` names exactly the members that have an instanceId. No deadline is before `earliestDeadlineMs`.

import { type Failure, failure } from "../common/errors.ts";
import type { GroupConfig } from "../common/group-configs.ts";
import type { Partitions } from "./assignors/assignor.ts";
import type { GroupProtocol } from "./classic-messages.ts";
import type { TopicPartitions } from "./consumer-messages.ts";
import { GroupInterest, type Subscription } from "./group-interest.ts";
import { TopicImage } from "./topic-image.ts";

/** By topic id and partition: the epoch in which the member got it. */
export type OwnedPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * UnrevokedPartitions: it is to give back `revoking`, in its present epoch. UnreleasedPartitions: it is in the target's epoch, and waits
 * for partitions that others have still.
 */
export type MemberState = "Stable" | "UnrevokedPartitions" | "UnreleasedPartitions";

/** What a member that speaks the classic protocol said in its JoinGroup. */
export interface ClassicMetadata {
  readonly protocols: readonly GroupProtocol[];
}

export interface ConsumerMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  rackId: string | null;
  clientId: string;
  clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  subscription: Subscription;
  serverAssignor: string | null;
  /** null: it speaks the consumer protocol. */
  classic: ClassicMetadata | null;
  /** 0: it has just joined. -2: a static member that will come back. */
  epoch: number;
  previousEpoch: number;
  state: MemberState;
  assigned: OwnedPartitions;
  revoking: OwnedPartitions;
  target: Partitions;
  /** Out of the group from then on, unless it is heard before (ms since the epoch). */
  sessionDeadlineMs: number;
  /** Out of the group from then on, unless it does its part in the rebalance: give back, join again, or sync (ms since the epoch). */
  rebalanceDeadlineMs: number | null;
}

export interface ConsumerState {
  groupEpoch: number;
  /** Of the target assignment. */
  assignmentEpoch: number;
  /** In the order in which they came. */
  readonly members: Map<string, ConsumerMember>;
  /** instanceId to member id. */
  readonly staticMembers: Map<string, string>;
  /** Topic id and partition to member id. */
  readonly owners: Map<string, Map<number, string>>;
  /** What the members subscribe to. */
  readonly interest: GroupInterest;
  topics: TopicImage;
  /** Members that speak the classic protocol. */
  classicCount: number;
  /** Since when it has had no members (ms since the epoch), or null. */
  emptySinceMs: number | null;
  earliestDeadlineMs: number;
}

export interface ConsumerGroupOptions {
  /** As the group has them now: they may have changed since the last operation. */
  readonly config: () => Pick<GroupConfig, "consumerSessionTimeoutMs" | "consumerHeartbeatIntervalMs" | "consumerMaxSize">;
  /** Never the same twice. */
  readonly randomId: () => string;
}

/** What an operation has changed, and must be stored before it is answered. */
export interface ConsumerChanges {
  /** Epochs, since when it is empty, or the topics. */
  isGroupChanged: boolean;
  isImageChanged: boolean;
  readonly changed: Set<string>;
  readonly removed: Set<string>;
}

export interface ConsumerStep {
  readonly group: ConsumerState;
  readonly options: ConsumerGroupOptions;
  readonly nowMs: number;
  readonly changes: ConsumerChanges;
}

export function noChanges(): ConsumerChanges {
  return { isGroupChanged: false, isImageChanged: false, changed: new Set(), removed: new Set() };
}

export const NOTHING_OWNED: OwnedPartitions = new Map();

/** @param epoch the generation where a classic group ended, 0 where there was none: epochs never go back */
export function emptyConsumerGroup(epoch: number, nowMs: number): ConsumerState {
  return {
    groupEpoch: epoch,
    assignmentEpoch: epoch,
    members: new Map(),
    staticMembers: new Map(),
    owners: new Map(),
    interest: new GroupInterest(),
    topics: TopicImage.EMPTY,
    classicCount: 0,
    emptySinceMs: nowMs,
    earliestDeadlineMs: Infinity,
  };
}

export function addMember({ group, changes }: ConsumerStep, member: ConsumerMember): void {
  group.members.set(member.memberId, member);
  if (member.instanceId !== null) group.staticMembers.set(member.instanceId, member.memberId);
  group.interest.add(member.subscription);
  if (member.classic !== null) group.classicCount += 1;
  own(group, member, member.assigned);
  own(group, member, member.revoking);
  if (group.emptySinceMs !== null) {
    group.emptySinceMs = null;
    changes.isGroupChanged = true;
  }
  changes.removed.delete(member.memberId);
  changes.changed.add(member.memberId);
}

/** What the member had is nobody's from now on. */
export function removeMember({ group, changes, nowMs }: ConsumerStep, member: ConsumerMember): void {
  group.members.delete(member.memberId);
  if (member.instanceId !== null) group.staticMembers.delete(member.instanceId);
  group.interest.remove(member.subscription);
  if (member.classic !== null) group.classicCount -= 1;
  disown(group, member.assigned);
  disown(group, member.revoking);
  changes.changed.delete(member.memberId);
  changes.removed.add(member.memberId);
  if (group.members.size > 0) return;
  group.emptySinceMs = nowMs;
  changes.isGroupChanged = true;
}

export function setPartitions({ group }: ConsumerStep, member: ConsumerMember, assigned: OwnedPartitions, revoking: OwnedPartitions): void {
  disown(group, member.assigned);
  disown(group, member.revoking);
  member.assigned = assigned;
  member.revoking = revoking;
  own(group, member, assigned);
  own(group, member, revoking);
}

function own(group: ConsumerState, { memberId }: ConsumerMember, partitions: OwnedPartitions): void {
  for (const [topicId, epochs] of partitions) {
    const owners = group.owners.get(topicId) ?? new Map<number, string>();
    group.owners.set(topicId, owners);
    for (const partition of epochs.keys()) {
      const other = owners.get(partition);
      if (other !== undefined) throw new Error(`${topicId}/${partition} is to be ${memberId}'s and is ${other}'s`);
      owners.set(partition, memberId);
    }
  }
}

function disown(group: ConsumerState, partitions: OwnedPartitions): void {
  for (const [topicId, epochs] of partitions) {
    const owners = group.owners.get(topicId)!;
    for (const partition of epochs.keys()) owners.delete(partition);
    if (owners.size === 0) group.owners.delete(topicId);
  }
}

export function ownerOf(group: ConsumerState, topicId: string, partition: number): string | null {
  return group.owners.get(topicId)?.get(partition) ?? null;
}

export function bumpEpoch({ group, changes }: ConsumerStep): void {
  group.groupEpoch += 1;
  changes.isGroupChanged = true;
}

/** The member was heard. */
export function resetSession({ group, nowMs }: ConsumerStep, member: ConsumerMember): void {
  member.sessionDeadlineMs = nowMs + member.sessionTimeoutMs;
  group.earliestDeadlineMs = Math.min(group.earliestDeadlineMs, member.sessionDeadlineMs);
}

/** @param atMs null: nothing is asked of it */
export function setRebalanceDeadline({ group }: ConsumerStep, member: ConsumerMember, atMs: number | null): void {
  member.rebalanceDeadlineMs = atMs;
  if (atMs !== null) group.earliestDeadlineMs = Math.min(group.earliestDeadlineMs, atMs);
}

export function isReconciled(group: ConsumerState, member: ConsumerMember): boolean {
  return member.state === "Stable" && member.epoch === group.assignmentEpoch;
}

function unknownMember(memberId: string): Failure {
  return failure("UNKNOWN_MEMBER_ID", `The group has no member '${memberId.slice(0, 300)}'.`);
}

/** The member that a request names by its id and, where it is static, its instance id. */
export function findMember(group: ConsumerState, memberId: string, instanceId: string | null): ConsumerMember | Failure {
  if (instanceId !== null) {
    const holder = group.staticMembers.get(instanceId);
    if (holder === undefined) return failure("UNKNOWN_MEMBER_ID", `The group has no static member '${instanceId.slice(0, 300)}'.`);
    if (holder !== memberId) return failure("FENCED_INSTANCE_ID", `Static member '${instanceId.slice(0, 300)}' is another member by now.`);
  }
  return group.members.get(memberId) ?? unknownMember(memberId);
}

export function toTopicPartitions(partitions: ReadonlyMap<string, Iterable<number> | ReadonlyMap<number, number>>): TopicPartitions[] {
  return [...partitions].map(([topicId, numbers]) => {
    const list = [...(numbers instanceof Map ? numbers.keys() : (numbers as Iterable<number>))];
    return { topicId, partitions: list.sort((a, b) => a - b) };
  });
}

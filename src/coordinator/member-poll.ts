// A member that is there only while it asks: one call commits what was processed, keeps the member in the group or lets it in, and tells what
// it has and where to read on. HTTP members are such. They are members of the consumer protocol that have no connection to be heard by.
//
// To ask again is to have given back what the group wants back, but for partitions whose records the member says it is processing still: it is
// told that they are its own no longer, commits, and asks again without them, within its session. What it commits of a partition that it
// has lost is refused. Whoever is not known any more joins anew, under its id; but who has left does not, and neither does a call that was
// let in once already. A static name goes over to somebody new, and who had it before is fenced.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { StoredOffset } from "../storage/offset-store.ts";
import type { Committer } from "./classic-commit.ts";
import type { OffsetToCommit } from "./committed-offsets.ts";
import {
  type ConsumerHeartbeatAnswer,
  JOIN_EPOCH,
  leaveHeartbeat,
  type NamedPartitions,
  type TopicPartitions,
} from "./consumer-messages.ts";
import type { NamedTopicPartitions } from "./consumer-subscription.ts";
import type { GroupCoordinator } from "./group-coordinator.ts";

export interface MemberPoll {
  readonly groupId: string;
  /** "" for somebody new. */
  readonly memberId: string;
  /** In which it got what it commits; -1 for somebody new, who commits nothing. */
  readonly memberEpoch: number;
  /** A call that waits looks again: whether the member lives still it does not know, and if the member is out, it is not let in again. */
  readonly isWaitingCall?: boolean;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly topicNames: readonly string[];
  /** An RE2 regular expression for whole names, or "". */
  readonly topicPattern: string;
  /** ms; the group's config where absent */
  readonly sessionTimeoutMs?: number;
  readonly commit: readonly OffsetToCommit[];
  /** Not to be given back by this call. What the member does not have counts for nothing. */
  readonly owned?: readonly NamedTopicPartitions[];
}

export interface MemberPolled {
  readonly memberId: string;
  readonly memberEpoch: number;
  /** It is to ask again after so long at the latest (ms). */
  readonly heartbeatIntervalMs: number;
  readonly sessionTimeoutMs: number;
  /** Something that it is to have is somebody else's still: it is to ask again soon. */
  readonly isWaiting: boolean;
  readonly assignment: readonly NamedPartitions[];
  /** Those of the assignment that it has had without a break since the epoch in which it asked. */
  readonly kept: readonly NamedTopicPartitions[];
  /** Those of the assignment that were committed. */
  readonly offsets: readonly StoredOffset[];
  /** What became of each commit, in order. */
  readonly commits: readonly (Failure | null)[];
}

/** @param commit takes what the member commits, as the group's other doors do */
export async function pollAsMember(
  coordinator: GroupCoordinator,
  poll: MemberPoll,
  commit: GroupCoordinator["commit"] = (request) => coordinator.commit(request),
): Promise<MemberPolled | Failure> {
  const refused = checkSession(coordinator, poll);
  if (refused !== null) return refused;
  const commits = await commitAsMember(commit, poll);
  const absent = checkPresence(coordinator, poll);
  if (absent !== null) return absent;
  const answer = await beat(coordinator, poll);
  if (isFailure(answer)) return answer;
  const { memberId, memberEpoch, heartbeatIntervalMs } = answer;
  if (coordinator.hasLeft(memberId)) return leaveAgain(coordinator, poll); // while the group asked for its topics
  const { assignment, isWaiting } = coordinator.memberAssignment(memberId);
  const kept = keptSince(coordinator, { memberId, memberEpoch: poll.memberEpoch }, assignment);
  const offsets = assignment.flatMap(({ topicId, partitions }) =>
    partitions.flatMap((partition) => coordinator.committedOffset(topicId, partition) ?? []),
  );
  const sessionTimeoutMs = sessionOf(coordinator, poll);
  return { memberId, memberEpoch, heartbeatIntervalMs, sessionTimeoutMs, isWaiting, assignment, kept, offsets, commits };
}

/** As a commit of the partition would be judged. */
function keptSince(coordinator: GroupCoordinator, member: Committer, assignment: readonly NamedPartitions[]): NamedTopicPartitions[] {
  return assignment.map(({ topic, topicId, partitions }) => {
    return { topic, partitions: partitions.filter((partition) => coordinator.hasSince(member, topicId, partition)) };
  });
}

function checkSession({ config }: GroupCoordinator, { sessionTimeoutMs }: MemberPoll): Failure | null {
  const { minSessionTimeoutMs: min, maxSessionTimeoutMs: max } = config;
  if (sessionTimeoutMs === undefined || (sessionTimeoutMs >= min && sessionTimeoutMs <= max)) return null;
  return failure("INVALID_SESSION_TIMEOUT", `The session timeout is ${sessionTimeoutMs} ms, and may be from ${min} to ${max}.`);
}

/** Why the member may not go on, or come back, or null. */
function checkPresence(coordinator: GroupCoordinator, poll: MemberPoll): Failure | null {
  const { memberId, memberEpoch, instanceId, isWaitingCall = false } = poll;
  if (coordinator.hasLeft(memberId)) return departed();
  const holder = instanceId === null || memberEpoch < JOIN_EPOCH ? null : coordinator.staticMember(instanceId);
  if (holder !== null && holder !== memberId) {
    return failure("FENCED_INSTANCE_ID", `Static member '${instanceId}' is another member by now: '${holder}'.`);
  }
  if (!isWaitingCall || coordinator.memberEpoch(memberId) !== null) return null;
  return failure("UNKNOWN_MEMBER_ID", "The member is not in the group any more.");
}

function departed(): Failure {
  return failure("UNKNOWN_MEMBER_ID", "The member has left the group: join it as a new one.");
}

async function leaveAgain(coordinator: GroupCoordinator, { groupId, memberId }: MemberPoll): Promise<Failure> {
  await coordinator.consumerHeartbeat(leaveHeartbeat(groupId, memberId));
  return departed();
}

async function commitAsMember(commit: GroupCoordinator["commit"], poll: MemberPoll): Promise<readonly (Failure | null)[]> {
  const { groupId, memberId, memberEpoch, instanceId, commit: offsets } = poll;
  if (offsets.length === 0) return [];
  const member = { memberId, memberEpoch, groupInstanceId: instanceId };
  const outcome = await commit({ groupId, offsets, member, isOwnerOnly: true });
  return isFailure(outcome) ? offsets.map(() => outcome) : outcome;
}

/** Says everything, in the epoch that the member has, and has what the group wants back no more. */
function beat(coordinator: GroupCoordinator, poll: MemberPoll): Promise<ConsumerHeartbeatAnswer> {
  const { groupId, memberId, memberEpoch, instanceId, clientId, topicNames, topicPattern, isWaitingCall = false } = poll;
  const sessionTimeoutMs = sessionOf(coordinator, poll);
  const epoch = Math.max(coordinator.memberEpoch(memberId) ?? JOIN_EPOCH, JOIN_EPOCH);
  return coordinator.consumerHeartbeat({
    groupId,
    memberId,
    memberEpoch: epoch,
    instanceId,
    rackId: null,
    rebalanceTimeoutMs: sessionTimeoutMs,
    clientId,
    clientHost: "/",
    subscribedTopicNames: topicNames,
    subscribedTopicRegex: topicPattern,
    serverAssignor: null,
    topicPartitions: epoch === JOIN_EPOCH ? [] : ownedNow(coordinator, poll),
    sessionTimeoutMs,
    isUnheard: isWaitingCall,
    isTakingOver: memberEpoch < JOIN_EPOCH,
  });
}

function sessionOf({ config }: GroupCoordinator, { sessionTimeoutMs }: MemberPoll): number {
  return sessionTimeoutMs ?? config.consumerSessionTimeoutMs;
}

/** What the member says it has still, and has. */
function ownedNow(coordinator: GroupCoordinator, { memberId, owned = [] }: MemberPoll): TopicPartitions[] {
  const said = new Map(owned.map(({ topic, partitions }) => [topic, new Set(partitions)]));
  return coordinator.memberAssignment(memberId).held.map(({ topic, topicId, partitions }) => {
    return { topicId, partitions: partitions.filter((partition) => said.get(topic)?.has(partition)) };
  });
}

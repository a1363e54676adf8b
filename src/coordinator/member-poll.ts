// A member that is there only while it asks: one call commits what was processed, keeps the member in the group or lets it in, and tells what
// it has and where to read on. HTTP members are such. They are members of the consumer protocol that have no connection to be heard by.
//
// To ask again is to have given back what the group wants back: such a member never holds up a rebalance once it is heard, and what it commits
// of a partition that it has lost is refused. Whoever is not known any more joins anew, under its id.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { StoredOffset } from "../storage/offset-store.ts";
import type { OffsetToCommit } from "./committed-offsets.ts";
import { type ConsumerHeartbeatAnswer, JOIN_EPOCH, type NamedPartitions } from "./consumer-messages.ts";
import type { GroupCoordinator } from "./group-coordinator.ts";

export interface MemberPoll {
  readonly groupId: string;
  /** "" for somebody new. */
  readonly memberId: string;
  /** In which it got what it commits; -1 where it commits nothing. */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly topicNames: readonly string[];
  /** An RE2 regular expression for whole names, or "". */
  readonly topicPattern: string;
  /** ms; the group's config where absent */
  readonly sessionTimeoutMs?: number;
  readonly commit: readonly OffsetToCommit[];
}

export interface MemberPolled {
  readonly memberId: string;
  readonly memberEpoch: number;
  /** It is to ask again after so long at the latest (ms). */
  readonly heartbeatIntervalMs: number;
  /** Something that it is to have is somebody else's still: it is to ask again soon. */
  readonly isWaiting: boolean;
  readonly assignment: readonly NamedPartitions[];
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
  const answer = await beat(coordinator, poll);
  if (isFailure(answer)) return answer;
  const { memberId, memberEpoch, heartbeatIntervalMs } = answer;
  const { assignment, isWaiting } = coordinator.memberAssignment(memberId);
  const offsets = assignment.flatMap(({ topicId, partitions }) =>
    partitions.flatMap((partition) => coordinator.committedOffset(topicId, partition) ?? []),
  );
  return { memberId, memberEpoch, heartbeatIntervalMs, isWaiting, assignment, offsets, commits };
}

function checkSession({ config }: GroupCoordinator, { sessionTimeoutMs }: MemberPoll): Failure | null {
  const { minSessionTimeoutMs: min, maxSessionTimeoutMs: max } = config;
  if (sessionTimeoutMs === undefined || (sessionTimeoutMs >= min && sessionTimeoutMs <= max)) return null;
  return failure("INVALID_SESSION_TIMEOUT", `The session timeout is ${sessionTimeoutMs} ms, and may be from ${min} to ${max}.`);
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
  const { groupId, memberId, instanceId, clientId, topicNames, topicPattern, sessionTimeoutMs } = poll;
  const { config } = coordinator;
  return coordinator.consumerHeartbeat({
    groupId,
    memberId,
    memberEpoch: Math.max(coordinator.memberEpoch(memberId) ?? JOIN_EPOCH, JOIN_EPOCH),
    instanceId,
    rackId: null,
    rebalanceTimeoutMs: config.consumerSessionTimeoutMs,
    clientId,
    clientHost: "/",
    subscribedTopicNames: topicNames,
    subscribedTopicRegex: topicPattern,
    serverAssignor: null,
    topicPartitions: [],
    sessionTimeoutMs: sessionTimeoutMs ?? config.consumerSessionTimeoutMs,
    isTakingOver: true,
  });
}

// Consumer groups' committed offsets: commit, describe with lag, rewind, delete.

import { mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { checkGroupId } from "../coordinator/committed-offsets.ts";
import type {
  CommitOffsetsRequest,
  CommitOffsetsResult,
  CommittedOffsets,
  GroupOffset,
  ResetOffsetsRequest,
  ResetOffsetsResult,
  ResetTarget,
} from "./messages/offsets.ts";
import { queryOffset } from "./offsets.ts";
import type {
  CommittedOffset,
  GroupDescription,
  GroupMember,
  LogOffsets,
  OffsetCommit,
  OffsetQuery,
  OffsetResult,
  Ports,
} from "./ports.ts";
import { checkPartition, findTopic, madeAgain, type TopicCache } from "./topics.ts";

export async function commitOffsets(
  ports: Ports,
  topics: TopicCache,
  request: CommitOffsetsRequest,
): Promise<CommitOffsetsResult | Failure> {
  const badId = checkGroupId(request.groupId);
  if (badId !== null) return badId;
  const { groupId, member, force, isOwnerOnly } = request;
  return commitEach(topics, request.offsets, (offsets) =>
    ports
      .group(groupId)
      .commit({ groupId, offsets, ...(member && { member }), ...(force && { force }), ...(isOwnerOnly && { isOwnerOnly }) }),
  );
}

/** Has the offsets of known partitions committed, and answers for each offset, in order. */
export async function commitEach(
  topics: TopicCache,
  asked: CommitOffsetsRequest["offsets"],
  commit: (offsets: readonly OffsetCommit[]) => Promise<readonly (Failure | null)[] | Failure>,
): Promise<CommitOffsetsResult | Failure> {
  const resolved = await Promise.all(asked.map((offset) => resolveCommit(topics, offset)));
  const commits = resolved.filter((offset): offset is OffsetCommit => !isFailure(offset));
  const outcomes = commits.length === 0 ? [] : await commit(commits);
  if (!Array.isArray(outcomes)) return outcomes as Failure;
  const remaining = outcomes.values();
  const offsets = asked.map(({ topic, partition }, index) => {
    const offset = resolved[index]!;
    const refused: Failure | null = isFailure(offset) ? offset : remaining.next().value!;
    return refused === null ? { topic, partition } : { topic, partition, failure: refused };
  });
  return { offsets };
}

/** The committed offsets, and the partitions that an open transaction will commit another for: one look at the group for both. */
export async function committedOffsets(
  ports: Ports,
  topics: TopicCache,
  groupId: string,
  member?: GroupMember,
): Promise<CommittedOffsets | Failure> {
  const found = checkGroupId(groupId) ?? (await ports.group(groupId).committedOffsets(groupId, member));
  if (isFailure(found)) return found;
  return { offsets: await dropDeletedTopics(topics, found.offsets), unstable: await dropDeletedTopics(topics, found.unstable) };
}

export async function describeGroup(
  ports: Ports,
  topics: TopicCache,
  groupId: string,
): Promise<(GroupDescription & { readonly offsets: readonly GroupOffset[] }) | Failure> {
  const group = (checkGroupId(groupId) ?? (await ports.group(groupId).describe(groupId))) as GroupDescription | Failure | null;
  if (group === null) return failure("GROUP_ID_NOT_FOUND", `there is no group '${groupId}'`);
  if (isFailure(group)) return group;
  const alive = await dropDeletedTopics(topics, group.offsets);
  return { ...group, offsets: await mapConcurrently(alive, MAX_CONCURRENT_CALLS, (offset) => withLag(ports, topics, offset)) };
}

export async function resetOffsets(ports: Ports, topics: TopicCache, request: ResetOffsetsRequest): Promise<ResetOffsetsResult | Failure> {
  const topic = await findTopic(topics, request.topic);
  if (isFailure(topic)) return topic;
  const refused = checkGroupId(request.groupId) ?? (request.partition === undefined ? null : checkPartition(topic, request.partition));
  if (refused !== null) return refused;
  const group = await ports.group(request.groupId).describe(request.groupId);
  const committed = new Map(
    group?.offsets.filter((offset) => offset.topicId === topic.topicId).map((offset) => [offset.partition, offset.offset]),
  );
  if (group !== null && group.members.length > 0 && !request.dryRun) {
    const { length } = group.members;
    const detail = `Group '${request.groupId}' has ${length === 1 ? "a member, which would go on from where it is" : `${length} members, which would go on from where they are`}.`;
    return failure("NON_EMPTY_GROUP", detail);
  }
  const partitions =
    request.partition === undefined ? Array.from({ length: topic.partitionCount }, (_, index) => index) : [request.partition];
  const targets = await mapConcurrently(partitions, MAX_CONCURRENT_CALLS, async (partition) => {
    const from = committed.get(partition) ?? null;
    return { partition, from, to: await resetTarget(ports, topics, request.topic, partition, from, request.to) };
  });
  const offsets = targets.map(({ partition, from, to }) =>
    isFailure(to)
      ? { topic: request.topic, partition, from, to: -1, failure: to }
      : { topic: request.topic, partition, from, to: to.offset, leaderEpoch: to.leaderEpoch },
  );
  if (request.dryRun) return { offsets };
  const moved = offsets.filter((offset) => offset.to >= 0).map(({ topic, partition, to }) => ({ topic, partition, offset: to }));
  const result = await commitOffsets(ports, topics, { groupId: request.groupId, offsets: moved });
  if (isFailure(result)) return result;
  const unwritten = new Map(result.offsets.map((offset) => [offset.partition, offset.failure]));
  return { offsets: offsets.map((offset) => ({ ...offset, ...withFailure(unwritten.get(offset.partition)) })) };
}

function withFailure(refused: Failure | undefined): { failure: Failure } | undefined {
  return refused && { failure: refused };
}

/** A commit with its topic's id. */
export async function resolveCommit(topics: TopicCache, commit: CommitOffsetsRequest["offsets"][number]): Promise<OffsetCommit | Failure> {
  const topic = await findTopic(topics, commit.topic);
  if (isFailure(topic)) return topic;
  if (commit.topicId !== undefined && commit.topicId !== topic.topicId) return madeAgain(topic, commit.topicId);
  const unknown = checkPartition(topic, commit.partition);
  if (unknown !== null) return unknown;
  return { ...commit, topicId: topic.topicId, leaderEpoch: commit.leaderEpoch ?? -1, metadata: commit.metadata ?? "" };
}

/** Offsets of a topic that was deleted, or made again under its name, are not this group's any more. */
async function dropDeletedTopics<T extends { readonly topic: string; readonly topicId: string }>(
  topics: TopicCache,
  offsets: readonly T[],
): Promise<T[]> {
  const names = [...new Set(offsets.map((offset) => offset.topic))];
  const known = new Map(
    await mapConcurrently(names, MAX_CONCURRENT_CALLS, async (name) => [name, (await topics.topic(name))?.topicId] as const),
  );
  return offsets.filter((offset) => known.get(offset.topic) === offset.topicId);
}

async function withLag(ports: Ports, topics: TopicCache, offset: CommittedOffset): Promise<GroupOffset> {
  const end = await queryOffset(ports, topics, offset.topic, offset.partition, "latest", "read_uncommitted");
  if (isFailure(end)) return { ...offset, lag: null, highWatermark: null };
  return { ...offset, lag: Math.max(0, end.highWatermark - Math.max(offset.offset, end.logStartOffset)), highWatermark: end.highWatermark };
}

/** Where a reset puts one partition: always inside the log's range. */
export async function resetTarget(
  ports: Ports,
  topics: TopicCache,
  topic: string,
  partition: number,
  from: number | null,
  to: ResetTarget,
): Promise<{ readonly offset: number; readonly leaderEpoch: number } | Failure> {
  const query: OffsetQuery = typeof to === "string" ? to : "timestamp" in to ? { timestamp: to.timestamp } : "latest";
  const found = await queryOffset(ports, topics, topic, partition, query, "read_uncommitted");
  if (isFailure(found)) return found;
  const wanted = targetOffset(found, from, to);
  const offset = Math.min(Math.max(wanted, found.logStartOffset), found.highWatermark);
  return { offset, leaderEpoch: found.leaderEpoch };
}

function targetOffset(found: OffsetResult & LogOffsets, from: number | null, to: ResetTarget): number {
  if (typeof to === "string") return found.offset;
  if ("offset" in to) return to.offset;
  if ("shiftBy" in to) return (from ?? found.logStartOffset) + to.shiftBy;
  return found.offset === -1 ? found.highWatermark : found.offset; // no record that late: the end
}

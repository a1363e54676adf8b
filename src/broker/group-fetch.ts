// A fetch by a member of a consumer group that has no connection: one call joins, commits what was processed, and reads on where the group
// says. All that there is of the member is in the group; any edge node can serve its next call.
//
// While it waits for records it asks the group again and again, as a member with a connection sends heartbeats: partitions that the group
// wants back are given back, and those that others give up are read. What was read is told only if it is the member's still. A member that
// processes records of a partition which the group wants back is told so at once: the others wait for it.

import { type Failure, isFailure } from "../common/errors.ts";
import { DEFAULT_FETCH_BYTES, MAX_PARTITIONS_PER_FETCH } from "../common/limits/fetch.ts";
import { GROUP_WAIT_SLICE_MS } from "../common/limits/groups.ts";
import { checkGroupId } from "../coordinator/committed-offsets.ts";
import { leaveHeartbeat } from "../coordinator/consumer-messages.ts";
import { fetchMany } from "./fetch.ts";
import { resolveCommit } from "./groups.ts";
import type { FetchManyResult } from "./messages/fetch.ts";
import type { GroupFetchRequest, GroupFetchResult } from "./messages/group-fetch.ts";
import type { FetchStart, MemberPoll, MemberPolled, OffsetCommit, Ports } from "./ports.ts";
import type { TopicCache } from "./topics.ts";
import { WatchCache } from "./watch-cache.ts";

/** -1: the member commits nothing, and need not say its epoch. */
const NO_EPOCH = -1;

/** A call ends in time for the member to be heard again: while it waits nobody knows whether the member has died (see isUnheard). */
const MAX_WAIT_PER_SESSION = 2 / 3;

export interface GroupFetchContext {
  readonly ports: Ports;
  readonly topics: TopicCache;
  /** ms */
  readonly now: () => number;
  /** 0 to 1, 1 excluded */
  readonly random: () => number;
}

export async function groupFetch(context: GroupFetchContext, request: GroupFetchRequest): Promise<GroupFetchResult | Failure> {
  const badId = checkGroupId(request.groupId);
  if (badId !== null) return badId;
  const resolved = await Promise.all(request.commit.map((offset) => resolveCommit(context.topics, offset)));
  const commit = resolved.filter((offset): offset is OffsetCommit => !isFailure(offset));
  const first = await poll(context, request, { memberId: request.memberId ?? "", memberEpoch: request.memberEpoch ?? NO_EPOCH, commit });
  if (isFailure(first)) return first;
  const outcomes = first.commits.values();
  const commits = request.commit.map(({ topic, partition }, index) => {
    const offset = resolved[index]!;
    const refused: Failure | null = isFailure(offset) ? offset : (outcomes.next().value ?? null);
    return refused === null ? { topic, partition } : { topic, partition, failure: refused };
  });
  const { member, partitions } = request.isHeartbeat ? { member: first, partitions: [] } : await readAsMember(context, request, first);
  const { memberId, memberEpoch } = member;
  const assignment = member.assignment.map(({ topic, partitions: numbers }) => ({ topic, partitions: numbers }));
  return { memberId, memberEpoch, assignment, commits, partitions };
}

function poll(
  { ports }: GroupFetchContext,
  { groupId, instanceId, clientId, topics, sessionTimeoutMs, owned }: GroupFetchRequest,
  member: Pick<MemberPoll, "memberId" | "memberEpoch" | "commit" | "isWaitingCall">,
): Promise<MemberPolled | Failure> {
  return ports.group(groupId).poll({
    ...member,
    groupId,
    instanceId: instanceId ?? null,
    clientId,
    topicNames: "names" in topics ? topics.names : [],
    topicPattern: "pattern" in topics ? topics.pattern : "",
    ...(owned !== undefined && { owned }),
    ...(sessionTimeoutMs !== undefined && { sessionTimeoutMs }),
  });
}

interface MemberRead {
  readonly member: MemberPolled;
  readonly partitions: FetchManyResult["partitions"];
}

/** What one call knows from one read to the next. */
interface Reading {
  /** Of partitions with nothing committed, by topic and partition: where they began. "latest" is to mean the same place again. */
  readonly begun: Map<string, number>;
  readonly watches: WatchCache;
}

/** Reads until there is something, the time is over, or the member is lost: then it is told what it has. */
async function readAsMember(context: GroupFetchContext, request: GroupFetchRequest, first: MemberPolled): Promise<MemberRead> {
  const reading = { begun: new Map<string, number>(), watches: new WatchCache(MAX_PARTITIONS_PER_FETCH) };
  try {
    return await readOn(context, request, first, reading);
  } finally {
    reading.watches.close();
  }
}

async function readOn(context: GroupFetchContext, request: GroupFetchRequest, first: MemberPolled, reading: Reading): Promise<MemberRead> {
  const { sessionTimeoutMs, heartbeatIntervalMs } = first;
  const deadlineMs = context.now() + Math.min(request.maxWaitMs, sessionTimeoutMs * MAX_WAIT_PER_SESSION);
  const maxSilenceMs = Math.min(heartbeatIntervalMs, sessionTimeoutMs / 3);
  let member = first;
  for (;;) {
    const polledAtMs = context.now();
    const leftMs = isGivingBack(request, member) ? 0 : Math.max(0, deadlineMs - polledAtMs);
    const sliceMs = Math.min(leftMs, member.isWaiting ? GROUP_WAIT_SLICE_MS : maxSilenceMs);
    const partitions = await readAssigned(context, request, member, reading, sliceMs);
    const isOver = leftMs === 0 || context.now() >= deadlineMs || request.signal?.aborted === true;
    const isRead = partitions.some(({ result }) => isFailure(result) || result.batches.byteLength > 0);
    const isFresh = context.now() - polledAtMs <= maxSilenceMs; // in so short a time nobody else can have got its partitions
    if (isRead ? isFresh : isOver) return { member, partitions };
    // In the epoch of the request: its positions are good only for what it has had since then.
    const memberEpoch = request.memberEpoch ?? first.memberEpoch;
    const next = await poll(context, request, { memberId: member.memberId, memberEpoch, commit: [], isWaitingCall: true });
    if (isFailure(next)) return { member: isOut(next) ? { ...member, assignment: [] } : member, partitions: [] };
    member = next;
    if (isRead) {
      const assigned = placesOf(member.assignment);
      return { member, partitions: partitions.filter(({ topic, partition }) => assigned.has(`${topic}/${partition}`)) };
    }
    for (const { topic, partition, result } of partitions) {
      if (!isFailure(result)) reading.begun.set(`${topic}/${partition}`, result.nextOffset);
    }
  }
}

/** What the member is processing still, and is to have no more: it has to commit, and to let go. */
function isGivingBack({ owned = [] }: GroupFetchRequest, member: MemberPolled): boolean {
  const assigned = placesOf(member.assignment);
  return [...placesOf(owned)].some((place) => !assigned.has(place));
}

/** The member left, or was put out, while it waited: it has nothing any more. */
function isOut({ error }: Failure): boolean {
  return error === "UNKNOWN_MEMBER_ID" || error === "FENCED_INSTANCE_ID";
}

/** "topic/partition" of each. */
function placesOf(all: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): ReadonlySet<string> {
  return new Set(all.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`)));
}

interface Start {
  readonly topic: string;
  readonly partition: number;
  /** null: nothing is committed, and nothing else is to be read. */
  readonly start: FetchStart | null;
}

/** Where each partition is read on. */
function startsOf(
  { autoOffsetReset, positions = [], paused = [] }: GroupFetchRequest,
  { assignment, kept, offsets }: MemberPolled,
  begun: ReadonlyMap<string, number>,
): Start[] {
  const committed = new Map(offsets.map(({ topicId, partition, offset }) => [`${topicId}/${partition}`, offset]));
  const said = new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const [keptPlaces, pausedPlaces] = [placesOf(kept), placesOf(paused)];
  const reset = autoOffsetReset === "none" ? null : autoOffsetReset;
  return assignment.flatMap(({ topic, topicId, partitions }) =>
    partitions.flatMap((partition) => {
      const place = `${topic}/${partition}`;
      if (pausedPlaces.has(place)) return [];
      const position = keptPlaces.has(place) ? said.get(place) : undefined;
      const offset = position ?? committed.get(`${topicId}/${partition}`) ?? -1;
      return { topic, partition, start: offset >= 0 ? offset : (begun.get(place) ?? reset) };
    }),
  );
}

/**
 * With more partitions than one fetch takes, and more records than one answer, each call begins with another: none is left out for ever.
 * @param where 0 to 1, 1 excluded
 */
function takeTurn(all: readonly Start[], where: number): Start[] {
  const from = Math.floor(where * all.length);
  return [...all.slice(from), ...all.slice(0, from)].slice(0, MAX_PARTITIONS_PER_FETCH);
}

async function readAssigned(
  { ports, topics, now, random }: GroupFetchContext,
  request: GroupFetchRequest,
  member: MemberPolled,
  { begun, watches }: Reading,
  maxWaitMs: number,
): Promise<FetchManyResult["partitions"]> {
  const { autoOffsetReset, maxBytes = DEFAULT_FETCH_BYTES, isolation, signal, room } = request;
  const turn = takeTurn(startsOf(request, member, begun), random());
  const unread = turn
    .filter(({ start }) => start === null)
    .map(({ topic, partition }) => ({ topic, partition, result: notCommitted(topic, partition) }));
  const reads = turn.flatMap(({ topic, partition, start }) => (start === null ? [] : { topic, partition, start }));
  if (reads.length === 0) {
    if (unread.length === 0) await pause(maxWaitMs, signal);
    return unread;
  }
  const deadlineMs = now() + maxWaitMs;
  const limits = { maxBytes, minBytes: 1, isolation, watches, ...(signal && { signal }), ...(room && { room }) };
  const fetched = await fetchMany(ports, topics, { ...limits, partitions: reads, maxWaitMs: unread.length > 0 ? 0 : maxWaitMs });
  const lost =
    autoOffsetReset === "none"
      ? []
      : fetched.partitions.filter(({ result }) => isFailure(result) && result.error === "OFFSET_OUT_OF_RANGE");
  if (lost.length === 0) return [...fetched.partitions, ...unread];
  // What was committed is gone from the log: as where nothing was committed.
  const again = lost.map(({ topic, partition }) => ({ topic, partition, start: autoOffsetReset as "earliest" | "latest" }));
  const reset = await fetchMany(ports, topics, { ...limits, partitions: again, maxWaitMs: Math.max(0, deadlineMs - now()) });
  return [...fetched.partitions.filter((one) => !lost.includes(one)), ...reset.partitions];
}

function notCommitted(topic: string, partition: number): Failure {
  return {
    error: "OFFSET_OUT_OF_RANGE",
    detail: `The group has committed nothing for ${topic}/${partition}, and autoOffsetReset is none: commit an offset, or reset the group.`,
  };
}

/** Until the time is over or the reader is gone. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}

/** Puts a member out of its group, whichever protocol it speaks. null: it is out. */
export async function removeMember(
  { ports }: Pick<GroupFetchContext, "ports">,
  groupId: string,
  memberId: string,
): Promise<Failure | null> {
  const badId = checkGroupId(groupId);
  if (badId !== null) return badId;
  const group = ports.group(groupId);
  const answer = await group.consumerHeartbeat(leaveHeartbeat(groupId, memberId));
  if (!isFailure(answer)) return null;
  if (answer.error !== "UNKNOWN_MEMBER_ID" && answer.error !== "GROUP_ID_NOT_FOUND") return answer;
  const left = await group.leave({ groupId, members: [{ memberId, groupInstanceId: null }] });
  return isFailure(left) ? left : left[0]!.failure;
}

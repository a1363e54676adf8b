// Share groups (KIP-932): any number of workers on each partition, every record leased, settled and counted by itself. Which records go to
// whom is the share partitions' to say (ports.ts); here they are asked, the records read, and what is known of a group is put together.

import { mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { DEFAULT_SHARE_SETTINGS, type ShareOrder, type ShareSettings } from "../common/share-settings.ts";
import { checkGroupId } from "../coordinator/committed-offsets.ts";
import type { DecodedRecord } from "../record/codec.ts";
import { resetTarget } from "./groups.ts";
import type { ResetOffsetsRequest, ResetOffsetsResult } from "./messages/offsets.ts";
import { queryOffset } from "./offsets.ts";
import type {
  PageRequest,
  SettlementAction,
  ShareGroupMembers,
  ShareGroupPage,
  ShareGroupView,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  SharePartitionDescription,
  ShareTopic,
} from "./ports.ts";
import { readableEnd } from "./readable-end.ts";
import {
  acknowledgeShares,
  releaseShares,
  type ShareAcknowledgeRequest,
  type ShareAcknowledgeResult,
  type ShareReleaseRequest,
} from "./share-acknowledge.ts";
import { addressOf, type ShareContext, viewOf } from "./share-context.ts";
import { checkDeadLetterTopic } from "./share-dead-letters.ts";
import { type ShareFetchRequest, type ShareFetchResult, shareFetch } from "./share-fetch.ts";
import { checkFilter } from "./share-filter.ts";
import { shareHeartbeat, shareMembers } from "./share-members.ts";
import { type AlterShareOffsetsRequest, alterShareOffsets, type DeleteShareOffsetsRequest, deleteShareOffsets } from "./share-offsets.ts";
import { pull } from "./share-pull.ts";
import { settleLeases } from "./share-settle.ts";
import { checkPartition, findTopic } from "./topics.ts";

export interface PullRequest {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly maxRecords: number;
  /** Of keys, values and headers; soft: the first record comes whole. */
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  /** The group's where absent. */
  readonly leaseMs?: number;
  /** The order that the caller relies on: another one of the group is a mistake. A group that is made by this pull gets it. */
  readonly order?: ShareOrder;
  /** The group is not made: where it is not there, that is GROUP_ID_NOT_FOUND. */
  readonly mustExist?: boolean;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** A record that is the caller's until its lease ends. */
export interface LeasedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: DecodedRecord;
  readonly leaseId: string;
  /** This delivery included. */
  readonly deliveryCount: number;
}

export interface PullResult {
  readonly records: readonly LeasedRecord[];
  /** When the first of the leases ends (ms since the epoch); null without records. */
  readonly leaseDeadlineMs: number | null;
  /** How long that is from now (ms), for workers whose clock is not the broker's. */
  readonly leaseMs: number | null;
  /** The group's: a worker that handles several records at a time has to know. */
  readonly order: ShareOrder;
  /** Partitions that could not be asked or read. */
  readonly failed: readonly { readonly topic: string; readonly partition: number; readonly failure: Failure }[];
}

export type LeaseSettlement = { readonly leaseId: string } & SettlementAction;

/** A share partition, with how far it is behind. */
export interface DescribedSharePartition extends SharePartitionDescription {
  /** null where the partition could not be asked. */
  readonly highWatermark: number | null;
  /** Records that are not decided: those not taken from the log yet, and those under way. */
  readonly lag: number | null;
}

export interface ShareGroupDescription extends Omit<ShareGroupView, "topics"> {
  readonly partitions: readonly DescribedSharePartition[];
}

export interface ShareGroups {
  /** Makes the group where it is not there. A failure: no partition could be asked. */
  pull(request: PullRequest): Promise<PullResult | Failure>;
  /** One entry for each settlement, in order: null, or INVALID_RECORD_STATE where the lease does not count (any more). */
  settle(groupId: string, settlements: readonly LeaseSettlement[]): Promise<readonly (null | Failure)[] | Failure>;
  list(request: PageRequest): Promise<ShareGroupPage>;
  describe(groupId: string): Promise<ShareGroupDescription | Failure>;
  /** As they are; the default where there is no such group. */
  settings(groupId: string): Promise<ShareSettings | Failure>;
  /** Changes settings, and makes the group where it is not there. */
  configure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure>;
  /** Moves start offsets. Every lease on what is moved is void. */
  reset(request: ResetOffsetsRequest): Promise<ResetOffsetsResult | Failure>;
  /** NON_EMPTY_GROUP while it has members by Kafka's protocol. */
  delete(groupId: string): Promise<null | Failure>;
  /** As `reset`, in Kafka's terms: one entry for each offset, in order, null or why it was not moved. NON_EMPTY_GROUP: nothing was. */
  alterOffsets(request: AlterShareOffsetsRequest): Promise<readonly (null | Failure)[] | Failure>;
  /** The group begins anew with these topics. One entry for each, in order. NON_EMPTY_GROUP: nothing was deleted. */
  deleteOffsets(request: DeleteShareOffsetsRequest): Promise<readonly ({ readonly topicId: string } | Failure)[] | Failure>;

  /** A member by Kafka's protocol joins, which makes the group where it is not there, stays, or leaves. */
  heartbeat(request: ShareHeartbeat): Promise<ShareHeartbeatAnswer>;
  members(groupId: string): Promise<ShareGroupMembers | Failure>;
  /** As `pull`, in Kafka's terms. */
  fetch(request: ShareFetchRequest): Promise<ShareFetchResult | Failure>;
  /** Of each partition all that is acknowledged counts, or nothing. */
  acknowledge(request: ShareAcknowledgeRequest): Promise<ShareAcknowledgeResult>;
  /** The holder is gone: what it holds may be delivered again. */
  release(request: ShareReleaseRequest): Promise<void>;
}

export function createShareGroups(context: ShareContext): ShareGroups {
  const { ports, shareGroups } = context;
  return {
    pull: async (request) => checkGroupId(request.groupId) ?? pull(context, request),
    settle: async (groupId, settlements) => checkGroupId(groupId) ?? settleLeases(context, groupId, settlements),
    list: (request) => ports.cluster.listShareGroups(request),
    describe: async (groupId) => checkGroupId(groupId) ?? describe(context, groupId),
    settings: async (groupId) => checkGroupId(groupId) ?? settingsOf(context, groupId),
    configure: async (groupId, settings) => checkGroupId(groupId) ?? configure(context, groupId, settings),
    reset: async (request) => checkGroupId(request.groupId) ?? resetShareGroup(context, request),
    delete: async (groupId) => {
      const refused = checkGroupId(groupId) ?? (await ports.shareGroup(groupId).delete(groupId));
      shareGroups.forget(groupId);
      return refused;
    },
    alterOffsets: async (request) => checkGroupId(request.groupId) ?? alterShareOffsets(context, request),
    deleteOffsets: async (request) => checkGroupId(request.groupId) ?? deleteShareOffsets(context, request),
    heartbeat: async (request) => checkGroupId(request.groupId) ?? shareHeartbeat(context, request),
    members: async (groupId) => checkGroupId(groupId) ?? shareMembers(context, groupId),
    fetch: async (request) => checkGroupId(request.groupId) ?? shareFetch(context, request),
    acknowledge: (request) => acknowledgeShares(context, request),
    release: (request) => releaseShares(context, request),
  };
}

async function configure(context: ShareContext, groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure> {
  const { deadLetterTopic, filter } = settings;
  const refused = typeof deadLetterTopic === "string" ? await checkDeadLetterTopic(context.topics, deadLetterTopic) : null;
  const bad = refused ?? checkFilter(filter);
  if (bad !== null) return bad;
  const view = await context.ports.shareGroup(groupId).configure(groupId, settings);
  if (isFailure(view)) context.shareGroups.forget(groupId);
  else context.shareGroups.put(view);
  return view;
}

async function settingsOf({ ports }: ShareContext, groupId: string): Promise<ShareSettings | Failure> {
  const view = await ports.shareGroup(groupId).view();
  return view === null ? DEFAULT_SHARE_SETTINGS : isFailure(view) ? view : view.settings;
}

async function describe(context: ShareContext, groupId: string): Promise<ShareGroupDescription | Failure> {
  const view = await viewOf(context, groupId);
  if (isFailure(view)) return view;
  const { topics, ...group } = view;
  const there = await mapConcurrently(topics, MAX_CONCURRENT_CALLS, async (topic) => {
    return (await context.topics.topic(topic.topic))?.topicId === topic.topicId ? [topic] : [];
  });
  const places = there.flat().flatMap((topic) => Array.from({ length: topic.partitionCount }, (_, partition) => ({ topic, partition })));
  const described = await mapConcurrently(places, MAX_CONCURRENT_CALLS, ({ topic, partition }) =>
    describePartition(context, view, topic, partition),
  );
  const failed = described.find((one) => one !== null && isFailure(one));
  if (failed !== undefined && failed !== null && isFailure(failed)) return failed;
  return { ...group, partitions: described.filter((one): one is DescribedSharePartition => one !== null && !isFailure(one)) };
}

async function describePartition(
  { ports, topics }: ShareContext,
  { groupUuid, settings: { isolation } }: ShareGroupView,
  { topicId, topic }: ShareTopic,
  partition: number,
): Promise<DescribedSharePartition | null | Failure> {
  const described = await ports.sharePartition(groupUuid, topicId, partition).describe();
  if (described === null || isFailure(described)) return described;
  const end = await queryOffset(ports, topics, topic, partition, "latest", isolation);
  if (isFailure(end)) return { ...described, highWatermark: null, lag: null };
  const { available, acquired, archiving, endOffset } = described;
  const ahead = Math.max(0, readableEnd(end, isolation) - Math.max(endOffset, end.logStartOffset));
  return { ...described, highWatermark: end.highWatermark, lag: ahead + available + acquired + archiving };
}

export async function resetShareGroup(context: ShareContext, request: ResetOffsetsRequest): Promise<ResetOffsetsResult | Failure> {
  const { ports, topics } = context;
  const topic = await findTopic(topics, request.topic);
  if (isFailure(topic)) return topic;
  const unknown = request.partition === undefined ? null : checkPartition(topic, request.partition);
  if (unknown !== null) return unknown;
  const view = await viewOf(context, request.groupId);
  if (isFailure(view)) return view;
  const count = view.topics.find(({ topicId }) => topicId === topic.topicId)?.partitionCount ?? 0;
  const all = Array.from({ length: count }, (_, partition) => partition);
  const consumed = { topicId: topic.topicId, topic: topic.name, topicVersion: topic.version, partitionCount: count };
  const offsets = await mapConcurrently(
    request.partition === undefined ? all : all.filter((partition) => partition === request.partition),
    MAX_CONCURRENT_CALLS,
    async (partition) => {
      const port = ports.sharePartition(view.groupUuid, topic.topicId, partition);
      const described = await port.describe();
      const from = described === null || isFailure(described) ? null : described.startOffset;
      const target = await resetTarget(ports, topics, topic.name, partition, from, request.to);
      const place = { topic: topic.name, partition, from };
      if (isFailure(target)) return { ...place, to: -1, failure: target };
      const refused = request.dryRun === true ? null : await port.reset(addressOf(view, consumed, partition), target.offset);
      return { ...place, to: target.offset, ...(refused === null ? {} : { failure: refused }) };
    },
  );
  if (offsets.length > 0) return { offsets };
  return failure("GROUP_ID_NOT_FOUND", `share group '${request.groupId}' has not begun to consume topic '${topic.name}'`);
}

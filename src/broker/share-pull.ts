// A pull over HTTP: records of some topics, leased to the caller, each with an id to settle it by.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_PARTITIONS_PER_PULL } from "../common/limits/share-groups.ts";
import { DEFAULT_SHARE_SETTINGS } from "../common/share-settings.ts";
import type { SharePartitionAddress, TopicMetadata } from "./ports.ts";
import type { PartitionPull, ReadRecords } from "./share-acquire.ts";
import { placesFrom, type ShareContext } from "./share-context.ts";
import type { LeasedRecord, PullRequest, PullResult } from "./share-groups.ts";
import { leaseEncoder } from "./share-lease.ts";
import { readOffsets } from "./share-read.ts";
import { pullFrom } from "./share-rounds.ts";
import { subscribeShareGroup } from "./share-subscribe.ts";
import { findTopic } from "./topics.ts";

export async function pull(context: ShareContext, request: PullRequest): Promise<PullResult | Failure> {
  const first = await pullAsKnown(context, request);
  // The group that the edge knew was deleted: this pull begins a new one.
  const isGone = isFailure(first) && first.error === "GROUP_ID_NOT_FOUND";
  return isGone && request.mustExist !== true ? pullAsKnown(context, request) : first;
}

async function pullAsKnown(context: ShareContext, request: PullRequest): Promise<PullResult | Failure> {
  const places = await placesOf(context, request);
  if (isFailure(places)) return places;
  return resultOf(context, request, places, await pullFrom(context, places, request, readLeased(context)));
}

/** The share partitions that the pull is about, the first at random. */
async function placesOf(
  context: ShareContext,
  { groupId, order, mustExist = false, ...request }: PullRequest,
): Promise<SharePartitionAddress[] | Failure> {
  const topics: TopicMetadata[] = [];
  for (const name of new Set(request.topics)) {
    const topic = await findTopic(context.topics, name);
    if (isFailure(topic)) return topic;
    topics.push(topic);
  }
  const count = topics.reduce((sum, { partitionCount }) => sum + partitionCount, 0);
  if (count > MAX_PARTITIONS_PER_PULL) {
    return failure("INVALID_REQUEST", `the topics have ${count} partitions, ${MAX_PARTITIONS_PER_PULL} are the most of one pull`);
  }
  const view = await subscribeShareGroup(context, { groupId, topics, mustExist, settings: order === undefined ? {} : { order } });
  if (isFailure(view)) return view;
  if (order !== undefined && order !== view.settings.order) {
    return failure("INVALID_REQUEST", `the share group's order is '${view.settings.order}', and the pull asks for '${order}'`);
  }
  const wanted = new Set(request.topics);
  return placesFrom(context, view, ({ topic }) => wanted.has(topic));
}

/** Records one by one, each with its lease. */
function readLeased(context: ShareContext): ReadRecords<readonly LeasedRecord[]> {
  return async (address, acquired) => {
    const offsets = acquired.map(({ offset }) => offset);
    const read = await readOffsets(context, address, offsets);
    if (isFailure(read)) return read;
    const { groupUuid, topicId, topic, partition } = address;
    const leaseIdOf = leaseEncoder({ groupUuid, topicId, partition });
    const [served, gone] = [acquired.filter(({ offset }) => read.has(offset)), acquired.filter(({ offset }) => !read.has(offset))];
    const body = served.map(
      (one): LeasedRecord => ({
        ...{ topic, partition, record: read.get(one.offset)! },
        ...{ leaseId: leaseIdOf(one), deliveryCount: one.deliveryCount },
      }),
    );
    return { body, served, gone, left: [] };
  };
}

function resultOf(
  { shareGroups, now }: ShareContext,
  { groupId }: PullRequest,
  places: readonly SharePartitionAddress[],
  pulls: readonly PartitionPull<readonly LeasedRecord[]>[],
): PullResult | Failure {
  const records = pulls.flatMap(({ body }) => body ?? []);
  const failed = pulls.flatMap(({ address: { topic, partition }, failure: refused }) =>
    refused === undefined ? [] : [{ topic, partition, failure: refused }],
  );
  if (failed.some(({ failure: { error } }) => error === "GROUP_ID_NOT_FOUND")) shareGroups.forget(groupId);
  if (records.length === 0 && failed.length > 0) return failed[0]!.failure;
  const deadlines = pulls.filter(({ recordCount }) => recordCount > 0).map(({ deadlineMs }) => deadlineMs);
  const leaseDeadlineMs = deadlines.length === 0 ? null : Math.min(...deadlines);
  const leaseMs = leaseDeadlineMs === null ? null : Math.max(0, leaseDeadlineMs - now());
  return { records, leaseDeadlineMs, leaseMs, order: places[0]?.settings.order ?? DEFAULT_SHARE_SETTINGS.order, failed };
}

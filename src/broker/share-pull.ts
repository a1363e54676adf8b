// A pull: records of some topics, leased to the caller. The share partitions are asked in turn, from a random one on; where nothing is to
// be had, the pull waits until a record is written, given back, or its lease ends. The waits are watches (ports.ts) and one timer: nothing is
// polled, and what is idle is left to sleep.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS, MAX_PARTITIONS_PER_PULL } from "../common/limits.ts";
import { DEFAULT_SHARE_SETTINGS } from "../common/share-settings.ts";
import type { ShareGroupView, SharePartitionAddress, ShareTopic } from "./ports.ts";
import { acquireFrom, isOver, type PartitionPull } from "./share-acquire.ts";
import { addressOf, type ShareContext, viewOf } from "./share-context.ts";
import type { LeasedRecord, PullRequest, PullResult } from "./share-groups.ts";
import { waitForRecords } from "./share-wait.ts";
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
  const deadlineMs = context.now() + request.maxWaitMs;
  let pulls = await pullOnce(context, request, places);
  if (isOver(pulls) || request.maxWaitMs === 0) return resultOf(context, request, places, pulls);
  pulls = await waitForRecords(context, request, pulls, deadlineMs, (some) => pullOnce(context, request, some));
  return resultOf(context, request, places, pulls);
}

/** The share partitions that the pull is about, the first at random. */
async function placesOf(context: ShareContext, request: PullRequest): Promise<SharePartitionAddress[] | Failure> {
  const view = await subscribed(context, request);
  if (isFailure(view)) return view;
  const { settings } = view;
  if (request.order !== undefined && request.order !== settings.order) {
    return failure("INVALID_REQUEST", `the share group's order is '${settings.order}', and the pull asks for '${request.order}'`);
  }
  const wanted = new Set(request.topics);
  const places = view.topics
    .filter(({ topic }) => wanted.has(topic))
    .flatMap((topic) => Array.from({ length: topic.partitionCount }, (_, partition) => addressOf(view, topic, partition)));
  const first = Math.floor(context.random() * places.length);
  return [...places.slice(first), ...places.slice(0, first)];
}

/** The group, made where it is not there and may be, once every partition of the topics has its start offset. */
async function subscribed(context: ShareContext, { groupId, topics, order, mustExist }: PullRequest): Promise<ShareGroupView | Failure> {
  const { ports, shareGroups } = context;
  const wanted: ShareTopic[] = [];
  for (const name of new Set(topics)) {
    const topic = await findTopic(context.topics, name);
    if (isFailure(topic)) return topic;
    wanted.push({ topicId: topic.topicId, topic: name, topicVersion: topic.version, partitionCount: topic.partitionCount });
  }
  const count = wanted.reduce((sum, { partitionCount }) => sum + partitionCount, 0);
  if (count > MAX_PARTITIONS_PER_PULL) {
    return failure("INVALID_REQUEST", `the topics have ${count} partitions, ${MAX_PARTITIONS_PER_PULL} are the most of one pull`);
  }
  const isKnown = (view: ShareGroupView): boolean =>
    wanted.every(({ topicId, partitionCount }) =>
      view.topics.some((one) => one.topicId === topicId && one.partitionCount >= partitionCount),
    );
  const known = shareGroups.get(groupId);
  if (known !== null && isKnown(known)) return refuseOwnDeadLetters(known, wanted) ?? known;

  const group = ports.shareGroup(groupId);
  const made = await (mustExist === true ? viewOf(context, groupId) : group.ensure(groupId, order === undefined ? {} : { order }));
  if (isFailure(made)) return made;
  const refused = refuseOwnDeadLetters(made, wanted);
  if (refused !== null) return refused;
  for (const topic of wanted) {
    const failed = await group.subscribe(made.groupUuid, topic);
    if (failed !== null) return failed;
  }
  const view = await group.view();
  if (view === null) return failure("GROUP_ID_NOT_FOUND", `share group '${groupId}' was deleted`);
  if (!isFailure(view)) shareGroups.put(view);
  return view;
}

/** What a group gives up would come back to it, without end. */
function refuseOwnDeadLetters({ groupId, settings }: ShareGroupView, wanted: readonly ShareTopic[]): Failure | null {
  const { deadLetterTopic } = settings;
  if (wanted.every(({ topic }) => topic !== deadLetterTopic)) return null;
  return failure("INVALID_REQUEST", `'${deadLetterTopic}' is the dead-letter topic of share group '${groupId}': it cannot consume it too`);
}

/**
 * Asks the partitions, some at a time, each for its share of what is wanted; one that has more is asked for the rest. Once there is
 * something, the others are left for the next pull.
 */
async function pullOnce(context: ShareContext, request: PullRequest, places: readonly SharePartitionAddress[]): Promise<PartitionPull[]> {
  const pulls: PartitionPull[] = [];
  let [recordsLeft, bytesLeft] = [request.maxRecords, request.maxBytes];
  const ask = async (address: SharePartitionAddress, maxRecords: number, maxBytes: number): Promise<PartitionPull> => {
    const one = await acquireFrom(context, address, { maxRecords, maxBytes, ...leaseOf(request) });
    recordsLeft -= one.records.length;
    bytesLeft -= one.sizeBytes;
    return one;
  };
  for (let first = 0; first < places.length && !pulls.some(({ records }) => records.length > 0); ) {
    const some = places.slice(first, first + Math.min(MAX_CONCURRENT_CALLS, recordsLeft));
    first += some.length;
    const wanted = recordsLeft;
    const shareOf = (index: number): number => Math.floor((wanted + index) / some.length); // they add up to what is wanted
    const bytesEach = Math.ceil(bytesLeft / some.length);
    const answered = await Promise.all(some.map((address, index) => ask(address, shareOf(index), bytesEach)));
    pulls.push(...answered);
    for (const [index, one] of answered.entries()) {
      if (one.records.length < shareOf(index) || recordsLeft <= 0 || bytesLeft <= 0) continue;
      pulls.push(await ask(one.address, recordsLeft, bytesLeft));
    }
  }
  return pulls;
}

function leaseOf({ leaseMs }: PullRequest): { readonly leaseMs?: number } {
  return leaseMs === undefined ? {} : { leaseMs };
}

function resultOf(
  { shareGroups, now }: ShareContext,
  { groupId }: PullRequest,
  places: readonly SharePartitionAddress[],
  pulls: readonly PartitionPull[],
): PullResult | Failure {
  const records = pulls.flatMap((one): readonly LeasedRecord[] => one.records);
  const failed = pulls.flatMap(({ address: { topic, partition }, failure: refused }) =>
    refused === undefined ? [] : [{ topic, partition, failure: refused }],
  );
  if (failed.some(({ failure: { error } }) => error === "GROUP_ID_NOT_FOUND")) shareGroups.forget(groupId);
  if (records.length === 0 && failed.length > 0) return failed[0]!.failure;
  const deadlines = pulls.filter((one) => one.records.length > 0).map(({ deadlineMs }) => deadlineMs);
  const leaseDeadlineMs = deadlines.length === 0 ? null : Math.min(...deadlines);
  const leaseMs = leaseDeadlineMs === null ? null : Math.max(0, leaseDeadlineMs - now());
  return { records, leaseDeadlineMs, leaseMs, order: places[0]?.settings.order ?? DEFAULT_SHARE_SETTINGS.order, failed };
}

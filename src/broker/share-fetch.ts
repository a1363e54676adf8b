// A fetch of a share group's member by Kafka's protocol: the same acquisitions as a pull over HTTP, of the partitions that the member names,
// under a token that it has for as long as its share session lasts.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_PARTITIONS_PER_PULL } from "../common/limits/share-groups.ts";
import type { AnswerRoom } from "./answer-room.ts";
import type { ShareGroupView, SharePartitionAddress, TopicMetadata } from "./ports.ts";
import type { PartitionPull } from "./share-acquire.ts";
import { type AcquiredBatches, mergeAcquired, type ReadBatches, readAcquiredBatches } from "./share-batches.ts";
import { placesFrom, type ShareContext } from "./share-context.ts";
import { waitForBytes } from "./share-min-bytes.ts";
import { pullFrom } from "./share-rounds.ts";
import { subscribeShareGroup } from "./share-subscribe.ts";
import { checkPartition } from "./topics.ts";

/** A partition of a topic, which must have this id still. */
export interface SharePlace {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

export interface ShareFetchRequest {
  readonly groupId: string;
  /** Of the holder: 53 bits, not 0, that nobody guesses. */
  readonly token: number;
  readonly partitions: readonly SharePlace[];
  readonly maxRecords: number;
  /** Of batches; soft: the first one comes whole. */
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  /** Of batches: nothing is acquired before the partitions have so much together, or the wait is over. Up to 1: any record is enough. */
  readonly minBytes: number;
  /** Most offsets of one acquired range. */
  readonly batchSize: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Of the answer, which gets what there is room for; as much as it asks for where absent. */
  readonly room?: AnswerRoom;
}

/** What a partition had, or why it had nothing. */
export interface ShareFetchedPartition extends SharePlace, AcquiredBatches {
  readonly failure?: Failure;
}

export interface ShareFetchResult {
  /** For how long the records are the member's. */
  readonly leaseMs: number;
  /** Those that have records, or failed. */
  readonly partitions: readonly ShareFetchedPartition[];
}

export async function shareFetch(context: ShareContext, request: ShareFetchRequest): Promise<ShareFetchResult | Failure> {
  const first = await fetchAsKnown(context, request);
  // The group that the edge knew was deleted: its member begins a new one.
  return isFailure(first) && first.error === "GROUP_ID_NOT_FOUND" ? fetchAsKnown(context, request) : first;
}

async function fetchAsKnown(context: ShareContext, request: ShareFetchRequest): Promise<ShareFetchResult | Failure> {
  const { topics, refused } = await knownTopics(context, request.partitions);
  const view = await subscribeShareGroup(context, { groupId: request.groupId, topics });
  if (isFailure(view)) return view;
  const wanted = new Set(request.partitions.map(keyOf));
  // Each is a call, and two sockets while it waits; a random one is the first, so that all have their turn.
  const places = placesFrom(context, view, ({ topicId }, partition) => wanted.has(keyOf({ topicId, partition })));
  const pulls = await pullEnough(context, places.slice(0, MAX_PARTITIONS_PER_PULL), request);
  return resultOf(context, view, request, pulls, refused);
}

async function pullEnough(
  context: ShareContext,
  places: readonly SharePartitionAddress[],
  request: ShareFetchRequest,
): Promise<PartitionPull<ReadBatches>[]> {
  const minBytes = request.minBytes > 1 ? request.minBytes : 0;
  const deadlineMs = context.now() + request.maxWaitMs;
  if (minBytes > 0 && request.maxWaitMs > 0) await waitForBytes(context, places, request, deadlineMs);
  if (request.signal?.aborted) return []; // there is nobody to acquire it for
  // Others may have taken what there was: then whatever comes in the rest of the time will do.
  const maxWaitMs = Math.max(0, deadlineMs - context.now());
  return pullFrom(context, places, { ...request, minBytes, maxWaitMs }, readAcquiredBatches(context, request));
}

/** The topics of the partitions; one that is gone, or was made again, or has no such partition, is told of. */
async function knownTopics(
  { topics }: ShareContext,
  partitions: readonly SharePlace[],
): Promise<{ readonly topics: readonly TopicMetadata[]; readonly refused: readonly ShareFetchedPartition[] }> {
  const found = new Map<string, TopicMetadata>();
  const refused: ShareFetchedPartition[] = [];
  for (const place of partitions) {
    const topic = found.get(place.topic) ?? (await topics.topic(place.topic));
    const failed = whyNot(topic, place);
    if (failed === null) found.set(place.topic, topic!);
    else refused.push({ ...place, batches: [], acquired: [], failure: failed });
    if (failed !== null) topics.invalidate(place.topic); // the group may know of newer partitions: the next fetch looks again
  }
  return { topics: [...found.values()], refused };
}

function whyNot(topic: TopicMetadata | null, { topicId, partition }: SharePlace): Failure | null {
  if (topic?.topicId !== topicId) return failure("UNKNOWN_TOPIC_ID", `no topic has the id ${topicId} any more`);
  return checkPartition(topic, partition);
}

function resultOf(
  { shareGroups }: ShareContext,
  { groupId, settings: { leaseMs } }: ShareGroupView,
  { batchSize }: ShareFetchRequest,
  pulls: readonly PartitionPull<ReadBatches>[],
  refused: readonly ShareFetchedPartition[],
): ShareFetchResult | Failure {
  const failures = pulls.flatMap(({ failure: failed }) => failed ?? []);
  const isDeleted = failures.some(({ error }) => error === "GROUP_ID_NOT_FOUND");
  if (isDeleted) shareGroups.forget(groupId);
  if (isDeleted && pulls.every(({ body }) => body === null)) return failures[0]!;
  const byPlace = Map.groupBy(pulls, ({ address }) => keyOf(address)); // one that had more was asked twice
  const answered = [...byPlace.values()].map((ones) => partitionOf(ones, Math.max(1, batchSize)));
  return { leaseMs, partitions: [...answered.filter(({ acquired, failure: failed }) => acquired.length > 0 || failed), ...refused] };
}

function partitionOf(pulls: readonly PartitionPull<ReadBatches>[], batchSize: number): ShareFetchedPartition {
  const { topic, topicId, partition } = pulls[0]!.address;
  const failed = pulls.find(({ failure: one }) => one !== undefined)?.failure;
  const { batches, acquired } = mergeAcquired(
    pulls.flatMap(({ body }) => body ?? []),
    batchSize,
  );
  return { ...{ topic, topicId, partition, batches, acquired }, ...(failed !== undefined && acquired.length === 0 && { failure: failed }) };
}

function keyOf({ topicId, partition }: Pick<SharePlace, "topicId" | "partition">): string {
  return `${topicId}/${partition}`;
}

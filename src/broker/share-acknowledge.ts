// What a member by Kafka's protocol says of the records that it holds, and that it holds nothing any more: those of each share partition in
// one call.

import { forEachConcurrently, mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import type { AcknowledgementBatch } from "./ports.ts";
import { addressOf, type ShareContext, shareTopicOf, viewOf } from "./share-context.ts";
import type { SharePlace } from "./share-fetch.ts";
import { hasPartition } from "./topics.ts";

export interface ShareAcknowledgeRequest {
  readonly groupId: string;
  /** Under which the records were fetched. */
  readonly token: number;
  readonly partitions: readonly (SharePlace & { readonly batches: readonly AcknowledgementBatch[] })[];
}

export interface ShareReleaseRequest {
  readonly groupId: string;
  readonly token: number;
  readonly partitions: readonly Pick<SharePlace, "topicId" | "partition">[];
}

export interface ShareAcknowledgeResult {
  /** What a renewed record has from now on; 0 where nothing is known of the group. */
  readonly leaseMs: number;
  /** One entry for each partition, in order: null, or why nothing of it was done. */
  readonly outcomes: readonly (null | Failure)[];
}

export async function acknowledgeShares(
  context: ShareContext,
  { groupId, token, partitions }: ShareAcknowledgeRequest,
): Promise<ShareAcknowledgeResult> {
  const view = context.shareGroups.get(groupId) ?? (await viewOf(context, groupId));
  if (isFailure(view)) return { leaseMs: 0, outcomes: partitions.map(() => asRecordState(view)) };
  const outcomes = await mapConcurrently(partitions, MAX_CONCURRENT_CALLS, async ({ topicId, partition, batches }) => {
    const topic = shareTopicOf(view, topicId);
    if (batches.length === 0) return null;
    if (!hasPartition(topic, partition)) return nothingHeld(groupId, partition);
    const address = addressOf(view, topic, partition);
    return context.ports.sharePartition(view.groupUuid, topicId, partition).acknowledge({ address, token, batches });
  });
  return { leaseMs: view.settings.leaseMs, outcomes };
}

/** As well as can be: what is not released ends with its lease. */
export async function releaseShares(context: ShareContext, { groupId, token, partitions }: ShareReleaseRequest): Promise<void> {
  const view = context.shareGroups.get(groupId) ?? (await viewOf(context, groupId));
  if (isFailure(view)) return;
  await forEachConcurrently(partitions, MAX_CONCURRENT_CALLS, async ({ topicId, partition }) => {
    await context.ports.sharePartition(view.groupUuid, topicId, partition).release(token);
  });
}

/** Who holds records of a partition has fetched from it, and the group has begun with it. No object is asked that has no reason to be. */
function nothingHeld(groupId: string, partition: number): Failure {
  return failure("INVALID_RECORD_STATE", `share group '${groupId}' has not begun to consume partition ${partition} of the topic`);
}

/** A group that was deleted took with it what its members held. */
function asRecordState(refused: Failure): Failure {
  return refused.error === "GROUP_ID_NOT_FOUND" ? failure("INVALID_RECORD_STATE", refused.detail) : refused;
}

// What a member by Kafka's protocol says of the records that it holds, and that it holds nothing any more: those of each share partition in
// one call.

import { forEachConcurrently, mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits.ts";
import type { AcknowledgementBatch } from "./ports.ts";
import { addressOf, type ShareContext, shareTopicOf, viewOf } from "./share-context.ts";
import type { SharePlace } from "./share-fetch.ts";

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
    if (batches.length === 0) return null;
    const address = addressOf(view, shareTopicOf(view, topicId), partition);
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

/** A group that was deleted took with it what its members held. */
function asRecordState(refused: Failure): Failure {
  return refused.error === "GROUP_ID_NOT_FOUND" ? failure("INVALID_RECORD_STATE", refused.detail) : refused;
}

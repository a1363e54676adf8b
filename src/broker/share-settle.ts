// Settles leases: those of each share partition in one call. A lease that does not count never fails the others.

import { mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import type { Settlement, ShareGroupView, ShareTopic } from "./ports.ts";
import { addressOf, type ShareContext, shareTopicOf, viewOf } from "./share-context.ts";
import type { LeaseSettlement } from "./share-groups.ts";
import { type Lease, leaseDecoder } from "./share-lease.ts";

interface PartitionPart {
  readonly topic: ShareTopic;
  readonly partition: number;
  /** Of the settlements in the request, in the same order. */
  readonly indexes: number[];
  readonly settlements: Settlement[];
}

export async function settleLeases(
  context: ShareContext,
  groupId: string,
  settlements: readonly LeaseSettlement[],
): Promise<readonly (null | Failure)[] | Failure> {
  const decode = leaseDecoder();
  const leases = settlements.map(({ leaseId }) => decode(leaseId));
  const view = await viewFor(context, groupId, leases);
  if (isFailure(view)) return view;
  const outcomes: (null | Failure)[] = settlements.map(() => null);
  const parts = new Map<string, PartitionPart>();
  for (const [index, settlement] of settlements.entries()) {
    outcomes[index] = assign(parts, view, leases[index]!, settlement, index);
  }
  await mapConcurrently([...parts.values()], MAX_CONCURRENT_CALLS, async (part) => {
    const settled = await settlePart(context, view, part);
    for (const [rank, index] of part.indexes.entries()) outcomes[index] = isFailure(settled) ? settled : settled[rank]!;
  });
  return outcomes;
}

/** What the edge knows of the group may be older than a lease that it is shown. */
async function viewFor(context: ShareContext, groupId: string, leases: readonly (Lease | null)[]): Promise<ShareGroupView | Failure> {
  const known = context.shareGroups.get(groupId);
  const isOfIt = (lease: Lease | null): boolean => lease === null || lease.groupUuid === known?.groupUuid;
  return known !== null && leases.every(isOfIt) ? known : viewOf(context, groupId);
}

function assign(
  parts: Map<string, PartitionPart>,
  view: ShareGroupView,
  lease: Lease | null,
  settlement: LeaseSettlement,
  index: number,
): null | Failure {
  if (lease === null) return failure("INVALID_RECORD_STATE", "the leaseId is none that a pull answered");
  if (lease.groupUuid !== view.groupUuid) {
    return failure(
      "INVALID_RECORD_STATE",
      `the lease is not one of share group '${view.groupId}', or of the time before it was made again`,
    );
  }
  const { topicId, partition, offset, token } = lease;
  const key = `${topicId}/${partition}`;
  let part = parts.get(key);
  if (part === undefined) {
    part = { topic: shareTopicOf(view, topicId), partition, indexes: [], settlements: [] };
    parts.set(key, part);
  }
  const { leaseId: _, ...action } = settlement;
  part.indexes.push(index);
  part.settlements.push({ ...action, offset, token });
  return null;
}

async function settlePart(context: ShareContext, view: ShareGroupView, { topic, partition, settlements }: PartitionPart) {
  const port = context.ports.sharePartition(view.groupUuid, topic.topicId, partition);
  const settled = await port.settle({ address: addressOf(view, topic, partition), settlements });
  if (isFailure(settled) && settled.error === "GROUP_ID_NOT_FOUND") context.shareGroups.forget(view.groupId);
  return settled as readonly (null | Failure)[] | Failure;
}

// A member's acknowledgements of a share partition as Kafka's protocol has them (KIP-932; SharePartition.acknowledge): ranges of offsets, each
// with one type for all of it or with one for every offset. They count together or not at all: one record that the member does not hold,
// and nothing of the request is done.
//
// What is decided goes before what is released. With `order: partition` a record that is released takes those behind it back from the member,
// and those that it has processed all the same are done.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_SHARE_IN_FLIGHT } from "../common/limits/share-groups.ts";
import type { AcknowledgementBatch, AcknowledgeType, SettlementAction } from "./share-messages.ts";
import type { ShareRecord } from "./share-record.ts";

export interface PlannedSettlement {
  readonly record: ShareRecord;
  readonly settlement: SettlementAction;
}

/** A gap is an offset at which the member found no record: it will not find one the next time either. */
const SETTLEMENTS: Readonly<Record<AcknowledgeType, SettlementAction>> = {
  gap: { action: "archive" },
  accept: { action: "accept" },
  release: { action: "release", delayMs: 0 },
  reject: { action: "reject" },
  renew: { action: "renew", leaseMs: null },
};

/**
 * What is to be done with which record, in this order; INVALID_REQUEST or INVALID_RECORD_STATE, where nothing is.
 * @param held the record at an offset, or why the member does not hold it
 */
export function planAcknowledgements(
  batches: readonly AcknowledgementBatch[],
  held: (offset: number) => ShareRecord | Failure,
): readonly PlannedSettlement[] | Failure {
  const refused = checkAcknowledgements(batches);
  if (refused !== null) return refused;
  const decided: PlannedSettlement[] = [];
  const released: PlannedSettlement[] = [];
  for (const { firstOffset, lastOffset, types } of batches) {
    for (let offset = firstOffset; offset <= lastOffset; offset++) {
      const record = held(offset);
      if (isFailure(record)) return record;
      const type = types.length === 1 ? types[0]! : types[offset - firstOffset]!;
      (type === "release" ? released : decided).push({ record, settlement: SETTLEMENTS[type] });
    }
  }
  return [...decided, ...released];
}

/** What can be said of acknowledgements without their partition (KafkaApis.validateAcknowledgementBatches); null: nothing is wrong. */
export function checkAcknowledgements(batches: readonly AcknowledgementBatch[]): Failure | null {
  let endOffset = 0;
  let count = 0;
  for (const { firstOffset, lastOffset, types } of batches) {
    const size = lastOffset - firstOffset + 1;
    if (size < 1) return invalid(`the acknowledgement of ${firstOffset} to ${lastOffset} ends before it begins`);
    if (firstOffset < endOffset) return invalid(`offset ${firstOffset} is acknowledged twice, or out of order`);
    if (types.length !== 1 && types.length !== size) {
      return invalid(`the acknowledgement of ${firstOffset} to ${lastOffset} has ${types.length} types: one for all, or ${size}`);
    }
    endOffset = lastOffset + 1;
    count += size;
  }
  if (count <= MAX_SHARE_IN_FLIGHT) return null;
  return invalid(`${count} records are acknowledged, ${MAX_SHARE_IN_FLIGHT} are the most that a member can hold of a partition`);
}

function invalid(detail: string): Failure {
  return failure("INVALID_REQUEST", detail);
}

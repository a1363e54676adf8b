// Tells everybody whom a transaction has touched how it was decided: partitions get their markers (KIP-98, WriteTxnMarkers), groups make
// the offsets that wait for it visible or drop them. A pass tries each once, a bounded number at a time; who could not be reached is
// left for the next pass. All of them may be told twice, and do not mind.
//
// A partition of a topic that is deleted has no reader to wait for: it is done.

import { forEachConcurrently } from "../common/concurrency.ts";
import type { ErrorName, Failure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import type { TxnMarker } from "../log/txn-marker.ts";
import type { StoredTransaction, TransactionTopic } from "../storage/transaction-store.ts";
import type { GroupTransactionEnd } from "./transaction-messages.ts";

/** Whom a transaction may have touched. null: durable there. Both calls may be repeated. */
export interface TransactionParticipants {
  writeMarker(topic: TransactionTopic, partition: number, marker: TxnMarker): Promise<null | Failure>;
  endInGroup(groupId: string, end: GroupTransactionEnd): Promise<null | Failure>;
}

/** Nothing is left to be told there: the topic is gone, or the partition has heard of a later decision about this producer. */
const NOTHING_LEFT: readonly ErrorName[] = [
  "UNKNOWN_TOPIC_ID",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "INVALID_PRODUCER_EPOCH",
  "TRANSACTION_COORDINATOR_FENCED",
];

/** The parts of a decided transaction that have not heard of it. */
export interface Untold {
  readonly topics: readonly TransactionTopic[];
  readonly groups: readonly string[];
  /** One of the reasons, for the log; null where nothing is left. */
  readonly reason: string | null;
}

/** One try at each. Never rejects. */
export async function tellDecision(transaction: StoredTransaction, participants: TransactionParticipants): Promise<Untold> {
  const { producerId, producerEpoch, coordinatorEpoch, transactionNumber } = transaction;
  const isCommit = transaction.state === "PrepareCommit";
  let reason: string | null = null;
  const tell = async (call: () => Promise<null | Failure>): Promise<boolean> => {
    const failed = await call().catch((error: unknown) => ({ error: "NETWORK_EXCEPTION", detail: String(error) }) as const);
    if (failed === null || NOTHING_LEFT.includes(failed.error)) return true;
    reason = `${failed.error}: ${failed.detail}`;
    return false;
  };

  const untoldPartitions = new Map<TransactionTopic, number[]>();
  const partitions = transaction.topics.flatMap((topic) => topic.partitions.map((partition) => ({ topic, partition })));
  await forEachConcurrently(partitions, MAX_CONCURRENT_CALLS, async ({ topic, partition }) => {
    const marker = { producerId, producerEpoch, coordinatorEpoch, isCommit };
    if (await tell(() => participants.writeMarker(topic, partition, marker))) return;
    untoldPartitions.set(
      topic,
      [...(untoldPartitions.get(topic) ?? []), partition].sort((a, b) => a - b),
    );
  });
  const groups: string[] = [];
  await forEachConcurrently(transaction.groups, MAX_CONCURRENT_CALLS, async (groupId) => {
    const end = { producerId, producerEpoch, transactionNumber, isCommit };
    if (!(await tell(() => participants.endInGroup(groupId, end)))) groups.push(groupId);
  });
  return { topics: [...untoldPartitions].map(([topic, left]) => ({ ...topic, partitions: left })), groups, reason };
}

// What is asked of a transaction's coordinator and of the groups that take part in a transaction, and the answers: InitProducerId,
// AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit and DescribeTransactions without their wire format. Plain data, since it
// crosses RPC.

import type { TransactionState } from "../common/transaction-states.ts";
import type { TransactionTopic } from "../storage/transaction-store.ts";
import type { OffsetToCommit } from "./committed-offsets.ts";

export type { TransactionState, TransactionTopic };

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface InitProducerIdRequest {
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /** What the producer has, where it goes on after an error (KIP-360): somebody else's, and it is fenced. */
  readonly expected?: ProducerIdentity;
}

/** As a request of a transactional producer says who asks. */
export interface TransactionRequest extends ProducerIdentity {
  readonly transactionalId: string;
}

export interface AddPartitionsRequest extends TransactionRequest {
  readonly topics: readonly TransactionTopic[];
}

export interface AddGroupRequest extends TransactionRequest {
  readonly groupId: string;
}

export interface EndTransactionRequest extends TransactionRequest {
  readonly isCommit: boolean;
}

/** Is this partition part of the producer's open transaction? (KIP-890, part 1) */
export interface VerifyPartitionRequest extends ProducerIdentity {
  readonly topicId: string;
  readonly partition: number;
}

export interface VerifyGroupRequest extends ProducerIdentity {
  readonly groupId: string;
}

/** The open transaction that a group is part of. */
export interface VerifiedTransaction {
  readonly transactionNumber: number;
}

export interface TransactionDescription extends ProducerIdentity {
  readonly transactionalId: string;
  readonly state: TransactionState;
  readonly timeoutMs: number;
  /** When the last transaction began (ms since the epoch); -1 before the first. */
  readonly startedAtMs: number;
  /** Of an open transaction; from its decision on, those that have not heard of it. */
  readonly topics: readonly TransactionTopic[];
  readonly groups: readonly string[];
}

/** What a group is told at a transaction's end. Repeats, and those that come late, change nothing. */
export interface GroupTransactionEnd extends ProducerIdentity {
  readonly transactionNumber: number;
  readonly isCommit: boolean;
}

/** TxnOffsetCommit. */
export interface TransactionalCommit extends TransactionRequest {
  readonly groupId: string;
  /** The group asks to be part of the transaction, where the producer does not (KIP-890, part 2). */
  readonly addsGroup?: boolean;
  readonly offsets: readonly OffsetToCommit[];
  readonly member?: { readonly memberId: string; readonly memberEpoch: number; readonly groupInstanceId?: string | null };
}

// The coordinator of a transactional id as the use cases need it.

import type { Failure } from "../../common/errors.ts";
import type {
  AddGroupRequest,
  AddPartitionsRequest,
  EndTransactionRequest,
  InitProducerIdRequest,
  ProducerIdentity,
  TransactionDescription,
  VerifiedTransaction,
  VerifyGroupRequest,
  VerifyPartitionRequest,
} from "../../coordinator/transaction-messages.ts";

export type {
  AddGroupRequest,
  AddPartitionsRequest,
  EndTransactionRequest,
  GroupTransactionEnd,
  InitProducerIdRequest,
  ProducerIdentity,
  TransactionalCommit,
  TransactionDescription,
  TransactionState,
  TransactionTopic,
  VerifiedTransaction,
  VerifyGroupRequest,
  VerifyPartitionRequest,
} from "../../coordinator/transaction-messages.ts";

/** The coordinator of one transactional id. Failures are those of Kafka's InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn. */
export interface TransactionPort {
  /** Fences every earlier producer, and aborts its transaction. */
  initProducerId(request: InitProducerIdRequest): Promise<ProducerIdentity | Failure>;
  /** All or none; those that are part of the transaction already change nothing. */
  addPartitions(request: AddPartitionsRequest): Promise<null | Failure>;
  addGroup(request: AddGroupRequest): Promise<null | Failure>;
  /** null: decided for good. Repeats change nothing. */
  end(request: EndTransactionRequest): Promise<null | Failure>;
  /** As `end`, for producers with an epoch for each transaction. @returns with what the producer goes on; a repeat gets the same */
  endInNextEpoch(request: EndTransactionRequest): Promise<ProducerIdentity | Failure>;
  /** null: the partition is part of the producer's open transaction. */
  verify(request: VerifyPartitionRequest): Promise<null | Failure>;
  verifyGroup(request: VerifyGroupRequest): Promise<VerifiedTransaction | Failure>;
  /** `addGroup` and `verifyGroup` in one. */
  joinGroup(request: AddGroupRequest): Promise<VerifiedTransaction | Failure>;
  /** null: nobody uses the transactional id. */
  describe(): Promise<TransactionDescription | null | Failure>;
}

// What was never added to a transaction is TRANSACTION_ABORTABLE to clients that know the error (KIP-890: Produce 11, TxnOffsetCommit 4), and
// INVALID_TXN_STATE to all others (kafka.server.AddPartitionsToTxnManager).

import { type Failure, failure } from "../common/errors.ts";

export interface AbortableAware {
  readonly knowsAbortable?: boolean;
}

export function asKnown(refused: Failure, { knowsAbortable = false }: AbortableAware): Failure {
  return refused.error === "TRANSACTION_ABORTABLE" && !knowsAbortable ? failure("INVALID_TXN_STATE", refused.detail) : refused;
}

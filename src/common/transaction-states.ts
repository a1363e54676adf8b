/**
 * Kafka's states of a transaction (org.apache.kafka's TransactionState). Stored by name; never rename. PrepareEpochFence passes within one
 * write here, and is never stored: it is in the list because clients may ask for it.
 */
export const TRANSACTION_STATES = [
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
  "Dead",
  "PrepareEpochFence",
] as const;

export type TransactionState = (typeof TRANSACTION_STATES)[number];

export function isTransactionState(name: string): name is TransactionState {
  return (TRANSACTION_STATES as readonly string[]).includes(name);
}

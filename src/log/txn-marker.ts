// The end of a transaction in one partition: a control batch of one record, written by the transaction's coordinator (KIP-98). Its
// bytes are drawn in src/protocol/messages/control-records.ts.

export interface TxnMarker {
  readonly producerId: number;
  /** Of the producer, as the coordinator knows it: producers of older epochs are fenced from here on. */
  readonly producerEpoch: number;
  /** Rises each time that a coordinator takes over: an older one is fenced. */
  readonly coordinatorEpoch: number;
  readonly isCommit: boolean;
}

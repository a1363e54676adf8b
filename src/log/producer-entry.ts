// What a partition remembers of one producer (org.apache.kafka.storage.internals.log.ProducerStateEntry).

/** Kafka's ProducerStateEntry.NUM_BATCHES_TO_RETAIN: as many as a producer may have in flight. */
export const BATCHES_TO_RETAIN = 5;

export const NO_COORDINATOR_EPOCH = -1;
export const NO_TRANSACTION = -1;

export interface AppendedBatch {
  readonly firstSequence: number;
  /** Inclusive. */
  readonly lastSequence: number;
  readonly baseOffset: number;
}

export interface ProducerEntry {
  epoch: number;
  /** By the broker's clock: a batch's own timestamps may be of years ago. */
  lastAppendMs: number;
  /** Of the last marker, NO_COORDINATOR_EPOCH before the first. */
  coordinatorEpoch: number;
  /** Of the transaction that is open in the partition, NO_TRANSACTION where none is. */
  txnFirstOffset: number;
  /** Of this epoch, oldest first, BATCHES_TO_RETAIN at most; none where only a marker told of the producer. */
  readonly batches: AppendedBatch[];
}

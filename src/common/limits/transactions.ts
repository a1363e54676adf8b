// Limits of transactions, and of producer ids.

/** A Durable Object's name; Kafka does not limit transactional ids. */
export const MAX_TRANSACTIONAL_ID_LENGTH = 255;

/**
 * Most partitions and groups of one transaction: each is a call at its end, an invocation may make 10,000, and some are made again. The
 * transaction is one row: with the longest topic names, one partition of each, it has 0.7 MB.
 */
export const MAX_PARTITIONS_PER_TRANSACTION = 2_000;

/** How long a transaction may be open where a producer over HTTP does not say (transaction.timeout.ms of Kafka's producer, its default). */
export const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * How long a request waits for the end of a transaction to reach everybody, before it is answered without: less than the 30 s that Kafka's
 * clients wait for an answer.
 */
export const TRANSACTION_END_WAIT_MS = 10_000;

/** Producer ids are handed to the edge in blocks of this many (Kafka's ProducerIdsBlock). */
export const PRODUCER_ID_BLOCK_SIZE = 1000;

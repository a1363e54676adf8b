// Limits of a partition's object and of its log: appends, rows, producers, transactions, compaction, ids that are written once.

import { MIB } from "./units.ts";

/** Bytes that may wait in a partition to be written: beyond it producers are asked to slow down. The isolate's memory bounds it. */
export const MAX_PENDING_APPEND_BYTES = 32 * MIB;

/**
 * Bytes of its newest rows that a partition keeps in memory (src/log/newest-rows.ts): a default fetch. Partitions may share an isolate's
 * 128 MB, and the object that nobody reads keeps them too.
 */
export const NEWEST_ROWS_BYTES = 1 * MIB;

/** How long an append waits for the request that carries it to the partition before it gives up. */
export const APPEND_TIMEOUT_MS = 30_000;

/**
 * Batches that are written together share a row up to this size. Rows written are what the platform charges for, and a lookup of one record
 * reads the whole of its row: at this size a GB takes 2,000 rows ($0.002), and a lookup half a millisecond at most.
 */
export const SHARED_ROW_BYTES = MIB / 2;

/** A producer that wrote nothing for so long is forgotten (Kafka's producer.id.expiration.ms, its default). */
export const PRODUCER_ID_EXPIRATION_MS = 86_400_000;

/**
 * Producers whose first batch of a transaction may wait in a partition for its verification: the oldest has to be verified anew. Some
 * 100 bytes each.
 */
export const MAX_PENDING_VERIFICATIONS = 10_000;

/** Aborted transactions in one answer about an archived segment, which is cut where they end: 50 bytes each, as an RPC has them. */
export const MAX_ABORTED_PER_READ = 10_000;

/** Bytes of the map of keys by which a log is compacted: 600,000 keys a round. An isolate has 128 MB for everything. */
export const COMPACTION_KEY_MAP_BYTES = 16 * MIB;

/**
 * Bytes of stored batches that one run of maintenance compacts at most, before the alarm rings again: at 20 MB/s, with the slowest codec, 3 s
 * of the 30 s of CPU that an event has (platform: Durable Objects).
 */
export const COMPACTION_BYTES_PER_RUN = 64 * MIB;

/**
 * Ids that a partition remembers, the oldest going first: 32 bytes each stored, and about 75 in memory, where partitions may share an
 * isolate's 128 MB. One event in two seconds for a day.
 */
export const MAX_ONCE_IDS = 50_000;

/** Ids in one row of SQLite: 4 KB, which is written again with each flush that adds to it. */
export const ONCE_BLOCK_IDS = 128;

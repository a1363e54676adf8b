// Limits of records and record batches (bytes, counts). A topic's max.message.bytes may be stricter.

import { KIB, MIB } from "./units.ts";

/**
 * Largest record batch, and so the most that max.message.bytes can be: a record of 16 MiB with its key, headers and framing. Bounded by
 * the core's memory (64 MiB), which holds a batch as it is listed, as it is encoded, and compressed; and by one RPC.
 */
export const MAX_BATCH_BYTES = 16 * MIB + 64 * KIB;

/** Most records in one produce request: at 1 MB/s of parsing per 10,000 small records, a second of CPU at the worst. */
export const MAX_RECORDS_PER_REQUEST = 100_000;

/** Records that the refusal of a batch names, some 100 bytes each: Java's producer tells those behind them that their batch was refused. */
export const MAX_RECORD_REFUSALS = 1_000;

/** Most headers of one record. Kafka has no limit; a record with more is a mistake. */
export const MAX_HEADERS_PER_RECORD = 1_000;

/** Most bytes that a record batch may expand to when it is decompressed. Bounded by the core's memory (64 MiB). */
export const MAX_DECOMPRESSED_BYTES = 32 * MIB;

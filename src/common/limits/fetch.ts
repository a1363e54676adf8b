// Limits of a fetch, by whatever door it comes, and of what is read ahead of a consumer.

import { MAX_RPC_BYTES } from "./platform.ts";
import { MIB } from "./units.ts";

/** Most bytes of records in one fetch answer, whatever `maxBytes` says; a first batch that is larger comes whole all the same. */
export const MAX_FETCH_BYTES = 16 * MIB;

/** Bytes of records in a fetch answer where the request does not say. */
export const DEFAULT_FETCH_BYTES = 1 * MIB;

/**
 * Keys, values and headers in one fetch answer that is decoded; the first record comes whole. What is stored compressed may be a
 * thousand times as large: without this limit, kilobytes of batches would make an answer that no isolate can hold.
 */
export const MAX_DECODED_BYTES = MAX_FETCH_BYTES;

/** Most records in one fetch answer that is decoded (JSON, MessagePack). */
export const MAX_FETCH_RECORDS = 100_000;

/** Records in a decoded fetch answer where the request does not say. */
export const DEFAULT_FETCH_RECORDS = 10_000;

/**
 * How long what was read ahead of a Kafka consumer is kept for it (src/broker/read-ahead.ts), and so how old an answer may be. A consumer
 * that catches up is back after 2 to 20 ms for each megabyte.
 */
export const READ_AHEAD_MS = 500;

/** Partitions that one Kafka connection is read ahead in; of more, only the first. */
export const MAX_READ_AHEAD_PARTITIONS = 16;

/** Bytes that the connections of one isolate have read ahead at a time: an isolate has 128 MB for everything. */
export const MAX_READ_AHEAD_BYTES = 16 * MIB;

/** Longest wait of a fetch. Intermediaries cut silent HTTP requests after about 100 s. */
export const MAX_WAIT_MS = 60_000;

/** Most partitions in one multi-partition fetch: each costs a call, six of which run at a time on the platform. */
export const MAX_PARTITIONS_PER_FETCH = 500;

/** What a fetch answers passes from the partition to the edge in one RPC. */
if (MAX_FETCH_BYTES > MAX_RPC_BYTES) throw new Error("limits: a fetch answer must fit one RPC");

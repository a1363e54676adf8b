// Limits of sources of inbound webhooks, and of what they take from a sender.

import { KIB } from "./units.ts";

/** Sources of inbound webhooks in all: every isolate holds all of them, 8 KB each at the most, in one RPC. */
export const MAX_INGEST_SOURCES = 1_000;

/** Longest name of a source: it stands in URLs and in a record header. */
export const MAX_INGEST_SOURCE_NAME_LENGTH = 64;

/** Secrets of a source that are valid at a time: the body is hashed with each. Two are enough for a rotation. */
export const MAX_INGEST_SECRETS = 4;

/** Signatures in one request that are looked at; senders have one for each of their secrets. */
export const MAX_INGEST_SIGNATURES = 8;

/** Longest secret of a sender (characters). */
export const MAX_INGEST_SECRET_LENGTH = 200;

/**
 * Headers of an inbound webhook that are kept, and their bytes: senders have about 20 and 2 KB; servers commonly take 8 to 16 KB in all.
 */
export const MAX_INGEST_HEADERS = 100;
export const MAX_INGEST_HEADER_BYTES = 32 * KIB;

/** Most of an inbound webhook's query that is kept (bytes): servers commonly take URLs of 8 KB. */
export const MAX_INGEST_QUERY_BYTES = 8 * KIB;

/** Shortest token of a sender that signs nothing (characters): it is all that keeps others out, and may be tried often. */
export const MIN_INGEST_TOKEN_LENGTH = 16;

/** Longest id that a sender gives an event (characters): it becomes a record's key and a header. */
export const MAX_INGEST_ID_LENGTH = 1_024;

/** How far a signed timestamp may be from now where nothing is said (Stripe's, Slack's and Standard Webhooks' own), and at most. */
export const DEFAULT_INGEST_TOLERANCE_MS = 300_000;
export const MAX_INGEST_TOLERANCE_MS = 86_400_000;

/** How long an id is known again where nothing is said, and at most: senders try again for one to three days. */
export const DEFAULT_ONCE_WINDOW_MS = 86_400_000;
export const MAX_ONCE_WINDOW_MS = 604_800_000;

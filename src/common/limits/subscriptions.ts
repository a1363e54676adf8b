// Limits of webhook subscriptions: what one holds in memory, and what its calls carry.

import { KIB, MIB } from "./units.ts";

/** Most webhook subscriptions: the cluster object wakes those of a topic when its partitions change. */
export const MAX_SUBSCRIPTIONS = 10_000;

/** Longest name of a subscription: its group has the same, and it stands in headers. */
export const MAX_SUBSCRIPTION_NAME_LENGTH = 128;

/** Most topics of one subscription, and most partitions of them together: its object asks each partition for a wake-up. */
export const MAX_SUBSCRIPTION_TOPICS = 100;
export const MAX_SUBSCRIPTION_PARTITIONS = 1_000;

/** Records, and bytes of them, that one subscription holds in memory: objects of one class may share an isolate of 128 MB. */
export const MAX_HELD_RECORDS = 10_000;
export const MAX_HELD_BYTES = 4 * MIB;

/** What a subscription's newest reads may keep in memory whole; of older ones only what still waits is kept, as copies. */
export const MAX_FRESH_READ_BYTES = 4 * MIB;
export const MAX_FRESH_READS = 16;

/** Calls of a partition that are decided on ahead: one row makes all of them durable, and their records wait in no other call. */
export const MAX_PLANNED_CALLS = 100;

/** Bytes that one read of a subscription asks a partition for. */
export const HOOK_READ_BYTES = 512 * KIB;

/** Most records and bytes of records in one webhook call; a single record may be larger. Receivers commonly take 1 MB. */
export const MAX_HOOK_BATCH_RECORDS = 1_000;
export const MAX_HOOK_BATCH_BYTES = 1 * MIB;

/** Most webhook calls of one subscription at a time. Hosted, the platform lets six connections wait for their answer. */
export const MAX_HOOKS_IN_FLIGHT = 100;

/** How long an endpoint has to answer. The longest is what intermediaries wait for a silent request. */
export const DEFAULT_HOOK_TIMEOUT_MS = 15_000;
export const MAX_HOOK_TIMEOUT_MS = 100_000;

/** Bytes of an endpoint's answer that are read, for the log; the rest is left unread. */
export const MAX_HOOK_ANSWER_BYTES = 4 * KIB;

/** Bytes of HTTP headers made from a record's; servers commonly refuse more than 8 to 16 KB in all. */
export const MAX_HOOK_HEADER_BYTES = 6 * KIB;

/** Most records that one redrive looks at: see MAX_HELD_RECORDS; the next redrive goes on where it ended. */
export const MAX_REDRIVE_RECORDS = 100_000;

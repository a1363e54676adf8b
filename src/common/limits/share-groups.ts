// Limits of share groups: leases, deliveries, what a share partition holds, pulls, members and dead letters.

import { MIB } from "./units.ts";

/** How long a record is a worker's own where nothing is said (Kafka's share.record.lock.duration.ms), and the least and the most (SQS's 12 h). */
export const DEFAULT_SHARE_LEASE_MS = 30_000;
export const MIN_SHARE_LEASE_MS = 100;
export const MAX_SHARE_LEASE_MS = 43_200_000;

/** How long a record that was given back may wait for its next delivery. */
export const MAX_SHARE_DELAY_MS = 43_200_000;

/** How often a record is delivered before it is given up (Kafka's group.share.delivery.count.limit); it is stored in 16 bits. */
export const DEFAULT_SHARE_DELIVERIES = 5;
export const MAX_SHARE_DELIVERIES = 10_000;

/**
 * Records of a share partition that are handed out, wait for their retry or for their turn (Kafka's group.share.partition.max.record.locks,
 * and its largest value): beyond them nothing more is taken from the log. 200 bytes each in memory, 37 stored.
 */
export const DEFAULT_SHARE_IN_FLIGHT = 2_000;
export const MAX_SHARE_IN_FLIGHT = 10_000;

/** Records of a share partition in one row of SQLite: 10 KB, which is written again when one of them changes. */
export const SHARE_BLOCK_RECORDS = 256;

/** What one look at the log adds to a share partition at most: several pulls' worth, so that their edges need not look. */
export const SHARE_LOAD_RECORDS = 1_000;
export const SHARE_LOAD_BYTES = 1 * MIB;

/** How long other pulls wait for the edge that looks at the log, before one of them does it in its place. */
export const SHARE_LOAD_TIMEOUT_MS = 5_000;

/**
 * Looks at the log of one pull that bring nothing: a filter may pass over all that there is. How far they came is stored, so that the next
 * pull goes on there; an invocation's time is limited.
 */
export const MAX_EMPTY_SHARE_LOADS = 20;

/** Records that an isolate keeps decoded between the pull that loaded them and those that get them, and for how long. */
export const SHARED_RECORDS_BYTES = 8 * MIB;
export const SHARED_RECORDS_MS = 10_000;

/** How long an edge believes what it knows of a share group: a change of its settings takes so long to reach every pull. */
export const SHARE_GROUP_CACHE_MS = 2_000;

/** Share groups that one isolate remembers, some 500 bytes each. */
export const MAX_CACHED_SHARE_GROUPS = 1_000;

/** Most records of one pull, and where it does not say. */
export const MAX_PULL_RECORDS = 10_000;
export const DEFAULT_PULL_RECORDS = 100;

/** How long the SDK renews the lease of a record whose handler runs: one that hangs keeps its record from the others no longer. */
export const DEFAULT_SHARE_HANDLING_MS = 3_600_000;

/** Most partitions of one pull: each is a call, and while it waits two sockets. */
export const MAX_PARTITIONS_PER_PULL = 100;

/** Most topics that a member of a share group by Kafka's protocol subscribes to: 150 bytes each in the group's row, which may have 2 MB. */
export const MAX_SHARE_MEMBER_TOPICS = 1_000;

/** Share sessions of one connection, and partitions of one session: a member has one session, and a client a connection. */
export const MAX_SHARE_SESSIONS_PER_CONNECTION = 10;
export const MAX_SHARE_SESSION_PARTITIONS = 1_000;

/** Characters of a WebSocket's share sessions that outlive its object's sleep: half of what the platform lets an attachment have, 16 KiB. */
export const MAX_STORED_SHARE_SESSIONS_LENGTH = 8_192;

/** Most leases that one request settles. */
export const MAX_SETTLEMENTS = 10_000;

/** Dead letters that are written at once: as many as the isolate decodes without anybody noticing. */
export const MAX_DEAD_LETTERS_PER_WRITE = 100;

/** Waits between tries to write dead letters: the first, doubled each time, and the longest. */
export const DEAD_LETTER_RETRY_MS = 500;
export const MAX_DEAD_LETTER_RETRY_MS = 60_000;

// Limits of consumer groups, their members and their offsets.

import { MIB } from "./units.ts";

/** A Durable Object's name; Kafka does not limit group ids. */
export const MAX_GROUP_ID_LENGTH = 255;

/** offset.metadata.max.bytes, Kafka's default. */
export const MAX_OFFSET_METADATA_BYTES = 4096;

/** Most offsets in one commit. */
export const MAX_OFFSETS_PER_COMMIT = 10_000;

/**
 * Most bytes that the members of a classic group may say of themselves in all, and that their assignments may have: the leader gets the
 * one, and sends the other, in one RPC. A thousand members have 8 KB each.
 */
export const MAX_GROUP_METADATA_BYTES = 8 * MIB;

/** Longest member, instance or rack id (characters): clients make UUIDs and host names. Kafka has no limit. */
export const MAX_MEMBER_ID_LENGTH = 255;

/** Longest regular expression for topic names (characters): RE2 needs time in proportion to it for each character of a name. */
export const MAX_TOPIC_PATTERN_LENGTH = 1_000;

/** Most topics by name that an HTTP member subscribes to: it says them in each of its calls. */
export const MAX_TOPICS_PER_MEMBER = 1_000;

/** How long a consumer group believes what it knows of its topics (ms). A heartbeat after that asks the cluster, as often at most. */
export const GROUP_TOPICS_TTL_MS = 5_000;

/** How soon an HTTP member that waits for partitions of others asks again (ms): their next call gives them back. */
export const GROUP_WAIT_SLICE_MS = 250;

/** How long a group remembers who has left it (ms): longer than a request is on its way, or is made again. */
export const DEPARTED_MEMBER_MS = 60_000;

/** Most members that a group remembers to have left: their ids have at most 255 characters each. */
export const MAX_DEPARTED_MEMBERS = 1_000;

/** A new member that was not answered for so long has to ask again (Kafka's, group.coordinator.new.member.join.timeout). */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000;

/** A rebalance waits at least so long, whatever a member asks for: a group of absent static members would begin anew without end. */
export const MIN_REBALANCE_TIMEOUT_MS = 1_000;

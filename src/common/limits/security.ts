// Limits of users, tokens, ACLs and quotas. Every isolate holds all of them in memory.

/** Kafka's bounds of PBKDF2's iterations (ScramMechanism, ScramControlManager); the lower one is what a user without any is answered with. */
export const MIN_SCRAM_ITERATIONS = 4_096;
export const MAX_SCRAM_ITERATIONS = 16_384;

/** Of a salt in base64: Kafka's have 40. */
export const MAX_SCRAM_SALT_LENGTH = 256;

/** Longer ones would only be hashed. */
export const MAX_PASSWORD_LENGTH = 1_024;

/** A name that fits a row and a log line. */
export const MAX_USER_NAME_LENGTH = 255;

/** `Type:` and a name. */
export const MAX_PRINCIPAL_LENGTH = 300;

/** Names of topics have 249 characters, of groups 255; nothing that an ACL can name is longer. */
export const MAX_RESOURCE_NAME_LENGTH = 255;

/**
 * Most SCRAM credentials (two a user), tokens, ACLs and quotas of the cluster: every isolate holds all of them, about 4 MB in one RPC
 * when names are of the usual length, 16 MB when all are as long as they may be.
 */
export const MAX_SCRAM_CREDENTIALS = 4_000;
export const MAX_API_TOKENS = 2_000;
export const MAX_ACLS = 10_000;
export const MAX_CLIENT_QUOTAS = 2_000;

/** Most ACLs, credentials or quotas in one request that changes or filters them. */
export const MAX_SECURITY_CHANGES = 1_000;

/** A client below its quota may take so many seconds' worth at once (Kafka's window is 10 s, quota.window.num). */
export const QUOTA_BURST_S = 10;

/** Longest time that a client is told to wait for its quota; the rest of what it owes stays. Clients give up requests after 30 s. */
export const MAX_THROTTLE_MS = 10_000;

/** Clients whose quotas one isolate counts: 200 bytes each. One that is forgotten begins with a full bucket. */
export const MAX_QUOTA_BUCKETS = 10_000;

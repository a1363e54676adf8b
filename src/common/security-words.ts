// The words of security that Kafka's protocol, the HTTP API and the stores share, with Kafka's numbers where it has them
// (org.apache.kafka.common.acl and .resource, ScramMechanism). Stored: never rename or renumber.

export const RESOURCE_TYPES = { TOPIC: 2, GROUP: 3, CLUSTER: 4, TRANSACTIONAL_ID: 5 } as const;
export const PATTERN_TYPES = { LITERAL: 3, PREFIXED: 4 } as const;
export const PERMISSIONS = { DENY: 2, ALLOW: 3 } as const;
export const OPERATIONS = {
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
} as const;

export type ResourceType = keyof typeof RESOURCE_TYPES;
export type PatternType = keyof typeof PATTERN_TYPES;
export type Permission = keyof typeof PERMISSIONS;
export type AclOperation = keyof typeof OPERATIONS;

export const SCRAM_MECHANISM_CODES = { "SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2 } as const;
export type ScramMechanism = keyof typeof SCRAM_MECHANISM_CODES;

/** Bytes a second, bytes a second, requests a second. */
export const QUOTA_KEYS = ["producer_byte_rate", "consumer_byte_rate", "request_rate"] as const;
export type QuotaKey = (typeof QUOTA_KEYS)[number];

/** The words of a table as a list that is not empty, as schemas want it. */
export function wordsOf<Word extends string>(table: Readonly<Record<Word, number>>): readonly [Word, ...Word[]] {
  return Object.keys(table) as [Word, ...Word[]];
}

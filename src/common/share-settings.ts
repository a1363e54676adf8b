// The settings of a share group (KIP-932's group configs, under the names that the HTTP API has for them), with their defaults.

import { DEFAULT_SHARE_DELIVERIES, DEFAULT_SHARE_IN_FLIGHT, DEFAULT_SHARE_LEASE_MS } from "./limits/share-groups.ts";
import type { ShareStart } from "./share-start.ts";

/**
 * What is kept in order: nothing; the records of each key, while keys run in parallel; or those of each partition, of which one worker at a
 * time has some.
 */
export const SHARE_ORDERS = ["none", "key", "partition"] as const;
export type ShareOrder = (typeof SHARE_ORDERS)[number];

export interface ShareSettings {
  /** Deliveries of a record before it is given up (share.delivery.count.limit). */
  readonly maxDeliveries: number;
  /** How long a record is a worker's own where its pull does not say (share.record.lock.duration.ms). */
  readonly leaseMs: number;
  /** Records of a partition that are under way (share.partition.max.record.locks). */
  readonly maxInFlight: number;
  /** Where records go that are given up (errors.deadletterqueue.topic.name); null: they are archived, and only counted. */
  readonly deadLetterTopic: string | null;
  readonly order: ShareOrder;
  /** share.isolation.level */
  readonly isolation: "read_committed" | "read_uncommitted";
  /** share.auto.offset.reset. Not Kafka's default: what was produced before the first pull is not lost. */
  readonly autoOffsetReset: ShareStart;
  /** CEL (subscription/filter.ts): records for which it is not true are passed over, for good. null: none is. */
  readonly filter: string | null;
  /** A record's `notBefore` header delays it (subscription/not-before.ts). */
  readonly delays: boolean;
  /** Nothing is handed out. What is leased may still be settled. */
  readonly paused: boolean;
}

export const DEFAULT_SHARE_SETTINGS: ShareSettings = {
  maxDeliveries: DEFAULT_SHARE_DELIVERIES,
  leaseMs: DEFAULT_SHARE_LEASE_MS,
  maxInFlight: DEFAULT_SHARE_IN_FLIGHT,
  deadLetterTopic: null,
  order: "none",
  isolation: "read_committed",
  autoOffsetReset: "earliest",
  filter: null,
  delays: false,
  paused: false,
};

/** Stored settings of any version. */
export function withShareDefaults(stored: Partial<ShareSettings>): ShareSettings {
  return { ...DEFAULT_SHARE_SETTINGS, ...stored };
}

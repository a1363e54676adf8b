// A subscription that is pulled from, by those who cannot be called: what it is told to do, as it is stored, and the settings of the share
// group of its name that make it so (docs/share-groups.md). How it may be asked for is src/contract/pull-subscriptions.ts.
//
// Stored as JSON; fields may be added with a default where they are read, never renamed or given another meaning.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { ShareOrder, ShareSettings } from "../common/share-settings.ts";
import { DELIVERIES_TOPIC } from "./attempt-log.ts";
import { compileFilter } from "./filter.ts";
import type { StartQuery } from "./world.ts";

export interface PullConfig {
  readonly topics: readonly string[];
  readonly order: ShareOrder;
  /** Records of a partition that are leased, or wait for their time or their turn. */
  readonly maxInFlight: number;
  /** How long a record is a worker's own where its pull does not say. */
  readonly leaseMs: number;
  /** `maxAttempts`: deliveries of a record, the first included. When the next one comes, its worker says. */
  readonly retry: { readonly maxAttempts: number };
  /** null: what is given up is archived, and only counted. */
  readonly deadLetterTopic: string | null;
  /** CEL (filter.ts); null: every record. */
  readonly filter: string | null;
}

export interface PutPullSubscription {
  readonly name: string;
  readonly config: PullConfig;
  /** Where partitions begin that the group has not seen. */
  readonly from: StartQuery;
  /** As it is where absent. */
  readonly paused?: boolean;
}

export interface PullSubscriptionStatus {
  readonly isPulled: true;
  readonly name: string;
  readonly config: PullConfig;
  readonly createdAtMs: number;
  readonly paused: boolean;
}

export interface PutPullResult {
  readonly status: PullSubscriptionStatus;
  readonly isNew: boolean;
}

/** Stored. */
export type StoredPullSubscription = Omit<PullSubscriptionStatus, "isPulled">;

/** The share group's, but for where it begins. */
export function shareSettingsOf({ config, paused }: StoredPullSubscription): Omit<ShareSettings, "autoOffsetReset"> {
  const { order, maxInFlight, leaseMs, retry, deadLetterTopic, filter } = config;
  const settings = { order, maxInFlight, leaseMs, maxDeliveries: retry.maxAttempts, deadLetterTopic, filter, paused };
  return { ...settings, delays: true, isolation: "read_committed" };
}

/** Why a config cannot be used, or null. What zod can tell it has told. */
export function checkPullConfig({ topics, deadLetterTopic, filter }: PullConfig): Failure | null {
  if (deadLetterTopic !== null && (topics.includes(deadLetterTopic) || deadLetterTopic === DELIVERIES_TOPIC)) {
    return failure("INVALID_REQUEST", `deadLetterTopic '${deadLetterTopic}' must be a topic of its own: not one that is delivered`);
  }
  const compiled = filter === null ? null : compileFilter(filter);
  return compiled !== null && isFailure(compiled) ? compiled : null;
}

/** What is asked of the other kind of subscription. */
export function isPulledFrom(name: string, asked: string): Failure {
  return failure("INCONSISTENT_GROUP_PROTOCOL", `subscription '${name}' is one that is pulled from, it makes no calls: ${asked}`);
}

export function isCalled(name: string, asked: string): Failure {
  return failure("INCONSISTENT_GROUP_PROTOCOL", `subscription '${name}' is one that is called at its url: ${asked}`);
}

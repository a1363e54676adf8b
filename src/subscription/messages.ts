// What a subscription is asked, and what it answers. Plain data: it crosses calls between objects.

import type { SubscriptionConfig } from "./config.ts";
import type { GroupOffset, StartQuery } from "./world.ts";

export interface PutSubscription {
  readonly name: string;
  readonly config: SubscriptionConfig;
  /** Made where there is none; the one that there is stays where this is absent. */
  readonly secret?: string;
  /** Where partitions begin of which the group has committed nothing. */
  readonly from: StartQuery;
  /** As it is where absent. */
  readonly paused?: boolean;
}

export interface ParkedRecords {
  readonly topic: string;
  readonly partition: number;
  /** The first of them. */
  readonly offset: number;
  readonly count: number;
  readonly attempts: number;
  /** ms since the epoch */
  readonly dueMs: number;
  readonly error: string;
}

export interface SubscriptionStatus {
  readonly name: string;
  readonly config: SubscriptionConfig;
  readonly createdAtMs: number;
  /** null: it is not paused. */
  readonly pausedReason: string | null;
  readonly endpoint: "closed" | "open" | "halfOpen";
  readonly inFlight: number;
  /** Read and not settled. */
  readonly heldRecords: number;
  /** The first MAX_PARKED_TOLD of them. */
  readonly parked: readonly ParkedRecords[];
  /** The signature's secret before the present one counts until then (ms since the epoch); null: there is none. */
  readonly previousSecretUntilMs: number | null;
}

export interface PutResult {
  readonly status: SubscriptionStatus;
  readonly isNew: boolean;
  /** Only where it was made here. */
  readonly secret: string | null;
}

export interface RotateSecret {
  /** Made where absent. */
  readonly secret?: string;
  /** The one before counts for so long. */
  readonly overlapMs: number;
}

export interface RotatedSecret {
  readonly secret: string;
  readonly previousValidUntilMs: number;
}

/** Which records of the dead-letter topic. */
export type RedriveSelection =
  | "all"
  | { readonly partition: number; readonly offsets: readonly number[] }
  /** `toOffset` is exclusive. */
  | { readonly partition: number; readonly fromOffset: number; readonly toOffset: number };

export interface RedriveRequest {
  readonly select: RedriveSelection;
  readonly dryRun: boolean;
}

export interface RedriveResult {
  readonly topic: string;
  /** Of this subscription. */
  readonly records: number;
  readonly partitions: readonly RedrivenPartition[];
}

export interface RedrivenPartition {
  readonly partition: number;
  readonly fromOffset: number;
  /** Exclusive; the next redrive goes on here. */
  readonly toOffset: number;
  readonly records: number;
}

/** Offsets that somebody else has committed to the subscription's group. */
export interface MovedOffsets {
  readonly fence: number;
  readonly offsets: readonly GroupOffset[];
}

// The ports of webhook subscriptions: one object each, and the cluster's list of their names.

import type { Failure } from "../common/errors.ts";
import type {
  PutResult,
  PutSubscription,
  RedriveRequest,
  RedriveResult,
  RotatedSecret,
  RotateSecret,
  SubscriptionStatus,
} from "../subscription/messages.ts";
import type { PageRequest } from "./ports.ts";

export type {
  ParkedRecords,
  PutResult,
  PutSubscription,
  RedriveRequest,
  RedriveResult,
  RedriveSelection,
  RotatedSecret,
  RotateSecret,
  SubscriptionStatus,
} from "../subscription/messages.ts";

/** A subscription that does not exist is RESOURCE_NOT_FOUND. */
export interface SubscriptionPort {
  put(request: PutSubscription): Promise<PutResult | Failure>;
  status(): Promise<SubscriptionStatus | Failure>;
  pause(): Promise<SubscriptionStatus | Failure>;
  resume(): Promise<SubscriptionStatus | Failure>;
  rotateSecret(request: RotateSecret): Promise<RotatedSecret | Failure>;
  redrive(request: RedriveRequest): Promise<RedriveResult | Failure>;
  /** With its group. */
  remove(): Promise<Failure | null>;
}

export interface SubscriptionPage {
  readonly names: readonly string[];
  readonly nextCursor: string | null;
}

export interface SubscriptionsPort {
  listSubscriptions(request: PageRequest): Promise<SubscriptionPage>;
}

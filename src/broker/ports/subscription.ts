// The ports of webhook subscriptions: one object each, and the cluster's list of their names.

import type { Failure } from "../../common/errors.ts";
import type {
  PutResult,
  PutSubscription,
  RedriveRequest,
  RedriveResult,
  RotatedSecret,
  RotateSecret,
  SubscriptionStatus,
} from "../../subscription/messages.ts";
import type { PullSubscriptionStatus, PutPullResult, PutPullSubscription } from "../../subscription/pull-config.ts";
import type { PageRequest } from "./cluster.ts";

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
} from "../../subscription/messages.ts";

export type { PullSubscriptionStatus, PutPullResult, PutPullSubscription } from "../../subscription/pull-config.ts";

/** Of one that is called, or of one that is pulled from (`isPulled`). */
export type AnySubscriptionStatus = SubscriptionStatus | PullSubscriptionStatus;

export function isPulled(status: AnySubscriptionStatus): status is PullSubscriptionStatus {
  return "isPulled" in status;
}

/** A subscription that does not exist is RESOURCE_NOT_FOUND; what is asked of one of the other kind is INCONSISTENT_GROUP_PROTOCOL. */
export interface SubscriptionPort {
  put(request: PutSubscription): Promise<PutResult | Failure>;
  putPull(request: PutPullSubscription): Promise<PutPullResult | Failure>;
  status(): Promise<AnySubscriptionStatus | Failure>;
  pause(): Promise<AnySubscriptionStatus | Failure>;
  resume(): Promise<AnySubscriptionStatus | Failure>;
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

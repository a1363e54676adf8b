// What is asked and told of webhook subscriptions, beyond what their objects are asked (ports/subscription.ts).

import type { Attempt } from "../../subscription/attempt-log.ts";
import type { ResetTarget } from "./offsets.ts";

export interface ReplayRequest {
  readonly name: string;
  /** All topics of the subscription where absent. */
  readonly topic?: string;
  /** All partitions where absent; goes with `topic`. */
  readonly partition?: number;
  readonly to: ResetTarget;
  readonly dryRun?: boolean;
}

export interface DeliveriesRequest {
  readonly name: string;
  readonly limit: number;
  /** As DeliveriesPage answered it. */
  readonly cursor?: string;
}

export interface LoggedAttempt extends Attempt {
  /** ms since the epoch */
  readonly timestamp: number;
}

export interface DeliveriesPage {
  readonly deliveries: readonly LoggedAttempt[];
  /** null: there are no older ones. */
  readonly nextCursor: string | null;
}

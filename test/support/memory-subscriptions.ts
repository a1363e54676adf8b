// Webhook subscriptions that only remember what they were told: for the listeners' tests.

import type * as Ports from "../../src/broker/subscription-ports.ts";
import { type Failure, failure } from "../../src/common/errors.ts";

const SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgPxZ0tNM=";

export class MemorySubscriptions {
  private readonly known = new Map<string, Ports.SubscriptionStatus>();

  names(): string[] {
    return [...this.known.keys()];
  }

  port(name: string): Ports.SubscriptionPort {
    const paused = async (pausedReason: string | null) => this.change(name, { pausedReason });
    return {
      put: async (request) => this.put(request),
      status: async () => this.change(name, {}),
      pause: () => paused("paused by request"),
      resume: () => paused(null),
      rotateSecret: async ({ secret = SECRET, overlapMs }) => {
        const status = this.change(name, { previousSecretUntilMs: overlapMs });
        return "error" in status ? status : { secret, previousValidUntilMs: overlapMs };
      },
      redrive: async () => {
        const status = this.change(name, {});
        return "error" in status ? status : { topic: "dead", records: 0, partitions: [] };
      },
      remove: async () => (this.known.delete(name) ? null : unknown()),
    };
  }

  private put({ name, config, secret, paused = false }: Ports.PutSubscription): Ports.PutResult {
    const isNew = !this.known.has(name);
    const state = { endpoint: "closed", inFlight: 0, heldRecords: 0, parked: [], previousSecretUntilMs: null } as const;
    const status = { name, config, createdAtMs: 1, pausedReason: paused ? "paused by request" : null, ...state };
    this.known.set(name, status);
    return { status, isNew, secret: isNew && secret === undefined ? SECRET : null };
  }

  private change(name: string, changes: Partial<Ports.SubscriptionStatus>): Ports.SubscriptionStatus | Failure {
    const status = this.known.get(name);
    if (status === undefined) return unknown();
    this.known.set(name, { ...status, ...changes });
    return { ...status, ...changes };
  }
}

function unknown(): Failure {
  return failure("RESOURCE_NOT_FOUND", "there is no such subscription");
}

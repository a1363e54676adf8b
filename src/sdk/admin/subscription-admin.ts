// Subscriptions: webhooks, and those that are pulled from.

import type {
  AckAnswer,
  AckRequest,
  PullAnswer,
  PullRequest,
  PullSubscription,
  PutPullSubscriptionRequest,
} from "../../contract/pull-subscriptions.ts";
import type { PutSubscriptionRequest, Subscription } from "../../contract/subscription-shapes.ts";
import type {
  AnySubscription,
  Deliveries,
  RedriveAnswer,
  RedriveRequest,
  ReplayAnswer,
  ReplayRequest,
  RotatedSecret,
  RotateSecretRequest,
  SubscriptionPage,
} from "../../contract/subscriptions.ts";
import type { Client } from "../client.ts";
import { pages } from "./pages.ts";

/** How much later than a pull's own wait its answer may come (ms). */
const PULL_TIMEOUT_MS = 10_000;

export class SubscriptionAdmin {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** By name. */
  async *list({ prefix }: { readonly prefix?: string } = {}): AsyncGenerator<SubscriptionPage["subscriptions"][number]> {
    for await (const { subscriptions } of pages<SubscriptionPage>(this.#client, "/v1/subscriptions", { prefix })) yield* subscriptions;
  }

  /** Makes or changes one; the request is the whole of it. The answer that makes it tells the secret, this once: so it is not repeated. */
  put(name: string, subscription: PutPullSubscriptionRequest): Promise<PullSubscription>;
  put(name: string, subscription: PutSubscriptionRequest): Promise<Subscription>;
  put(name: string, subscription: PutSubscriptionRequest | PutPullSubscriptionRequest): Promise<AnySubscription>;
  put(name: string, subscription: PutSubscriptionRequest | PutPullSubscriptionRequest): Promise<AnySubscription> {
    return this.#client.call("PUT", subscriptionPath(name), { body: subscription, isRepeatable: false });
  }

  describe(name: string): Promise<AnySubscription> {
    return this.#client.call("GET", subscriptionPath(name));
  }

  delete(name: string): Promise<void> {
    return this.#client.call("DELETE", subscriptionPath(name));
  }

  pause(name: string): Promise<AnySubscription> {
    return this.#client.call("POST", `${subscriptionPath(name)}/pause`);
  }

  resume(name: string): Promise<AnySubscription> {
    return this.#client.call("POST", `${subscriptionPath(name)}/resume`);
  }

  /**
   * Leases records of one that is pulled from (`pull: true`). Settle each with `ack` before its lease ends, or it is delivered again. Not
   * repeated by itself: what a lost answer has leased comes back when its lease ends.
   *
   * ```ts
   * const { records } = await admin.subscriptions.pull("jobs", { maxRecords: 10, maxWaitMs: 20_000 });
   * for (const { leaseId, value } of records) await work(value);
   * await admin.subscriptions.ack("jobs", { acks: records.map(({ leaseId }) => leaseId) });
   * ```
   */
  pull(name: string, request: PullRequest = {}): Promise<PullAnswer> {
    const timeoutMs = (request.maxWaitMs ?? 0) + PULL_TIMEOUT_MS;
    return this.#client.call("POST", `${subscriptionPath(name)}/pull`, { body: request, isRepeatable: false, timeoutMs });
  }

  /**
   * Says what became of leased records: done, again (after a delay), never again, or more time. `errors` has those that did not count. Not
   * repeated by itself: what has counted would be refused.
   */
  ack(name: string, request: AckRequest): Promise<AckAnswer> {
    return this.#client.call("POST", `${subscriptionPath(name)}/ack`, { body: request, isRepeatable: false });
  }

  /** Delivers again from another place on. */
  replay(name: string, request: ReplayRequest): Promise<ReplayAnswer> {
    return this.#client.call("POST", `${subscriptionPath(name)}/replay`, { body: request, isRepeatable: false });
  }

  rotateSecret(name: string, request: RotateSecretRequest = {}): Promise<RotatedSecret> {
    return this.#client.call("POST", `${subscriptionPath(name)}/rotate-secret`, { body: request, isRepeatable: false });
  }

  /** Delivers dead letters again. */
  redrive(name: string, request: RedriveRequest): Promise<RedriveAnswer> {
    return this.#client.call("POST", `${subscriptionPath(name)}/redrive`, { body: request, isRepeatable: false });
  }

  /** The calls, the newest first. */
  async *deliveries(name: string): AsyncGenerator<Deliveries["deliveries"][number]> {
    for await (const { deliveries } of pages<Deliveries>(this.#client, `${subscriptionPath(name)}/deliveries`)) yield* deliveries;
  }
}

function subscriptionPath(name: string): string {
  return `/v1/subscriptions/${encodeURIComponent(name)}`;
}

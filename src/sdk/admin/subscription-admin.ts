// Webhook subscriptions.

import type { PutSubscriptionRequest, Subscription } from "../../contract/subscription-shapes.ts";
import type {
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
  put(name: string, subscription: PutSubscriptionRequest): Promise<Subscription> {
    return this.#client.call("PUT", subscriptionPath(name), { body: subscription, isRepeatable: false });
  }

  describe(name: string): Promise<Subscription> {
    return this.#client.call("GET", subscriptionPath(name));
  }

  delete(name: string): Promise<void> {
    return this.#client.call("DELETE", subscriptionPath(name));
  }

  pause(name: string): Promise<Subscription> {
    return this.#client.call("POST", `${subscriptionPath(name)}/pause`);
  }

  resume(name: string): Promise<Subscription> {
    return this.#client.call("POST", `${subscriptionPath(name)}/resume`);
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

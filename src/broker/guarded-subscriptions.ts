// Webhook subscriptions as a client may use them: a subscription reads its topics for its group, so whoever makes or steers one needs READ
// on the group of its name, and on its topics, and WRITE on a dead-letter topic to set it. Its attempts are written by the broker itself.

import type { Failure } from "../common/errors.ts";
import type { Access } from "./access.ts";
import type { Broker } from "./broker.ts";
import type { SubscriptionPort } from "./ports/subscription.ts";
import { refuseToRead } from "./refusals.ts";

type Subscriptions = Pick<Broker, "subscription" | "listSubscriptions" | "pulledTopics" | "replaySubscription" | "deliveries">;

/** What a subscription reads and writes, whichever kind it is of. */
interface PutConfig {
  readonly topics: readonly string[];
  readonly deadLetterTopic: string | null;
}

export function guardSubscriptions(broker: Subscriptions, access: Access): Subscriptions {
  return {
    subscription: (name) => guardSubscription(broker.subscription(name), access, name),
    listSubscriptions: async (request) => {
      const { names, nextCursor } = await broker.listSubscriptions(request);
      return { names: names.filter((name) => access.allows("DESCRIBE", "GROUP", name)), nextCursor };
    },
    pulledTopics: async (name) => access.refuse("READ", "GROUP", name) ?? broker.pulledTopics(name),
    replaySubscription: async (request) => access.refuse("READ", "GROUP", request.name) ?? broker.replaySubscription(request),
    deliveries: async (request) => access.refuse("DESCRIBE", "GROUP", request.name) ?? broker.deliveries(request),
  };
}

function guardSubscription(subscription: SubscriptionPort, access: Access, name: string): SubscriptionPort {
  const toRead = (): Failure | null => access.refuse("READ", "GROUP", name);
  const toPut = ({ topics, deadLetterTopic }: PutConfig): Failure | null =>
    toRead() ?? refuseToRead(topics, access) ?? (deadLetterTopic === null ? null : access.refuse("WRITE", "TOPIC", deadLetterTopic));
  return {
    put: async (request) => toPut(request.config) ?? subscription.put(request),
    putPull: async (request) => toPut(request.config) ?? subscription.putPull(request),
    status: async () => access.refuse("DESCRIBE", "GROUP", name) ?? subscription.status(),
    pause: async () => toRead() ?? subscription.pause(),
    resume: async () => toRead() ?? subscription.resume(),
    rotateSecret: async (request) => toRead() ?? subscription.rotateSecret(request),
    redrive: async (request) => toRead() ?? subscription.redrive(request),
    remove: async () => access.refuse("DELETE", "GROUP", name) ?? subscription.remove(),
  };
}

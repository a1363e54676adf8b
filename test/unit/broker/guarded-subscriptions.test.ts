// What a client needs to use subscriptions: each call is refused without its right, and passed on with it.

import { expect, test } from "vitest";
import type { Access } from "../../../src/broker/access.ts";
import type { Broker } from "../../../src/broker/broker.ts";
import { guardSubscriptions } from "../../../src/broker/guarded-subscriptions.ts";
import type { SubscriptionPort } from "../../../src/broker/ports/subscription.ts";
import { failure, isFailure } from "../../../src/common/errors.ts";
import { DEFAULT_SUBSCRIPTION } from "../../../src/subscription/config.ts";

type Guarded = ReturnType<typeof guardSubscriptions>;

const CONFIG: Parameters<SubscriptionPort["putPull"]>[0]["config"] = {
  ...{ topics: ["t", "u"], order: "none", maxInFlight: 1, leaseMs: 1_000, retry: { maxAttempts: 1 } },
  ...{ deadLetterTopic: "dead", filter: null },
};

/** Subscriptions that answer nothing, for a client with these rights: `OPERATION TYPE NAME`. */
function guarded(...rights: string[]): Guarded {
  const refuse = (operation: string, type: string, name: string) =>
    rights.includes(`${operation} ${type} ${name}`) ? null : failure("GROUP_AUTHORIZATION_FAILED", `${operation} ${type} ${name}`);
  const made = async () => ({ isNew: true });
  const subscription = { put: made, putPull: made, pause: async () => ({}), remove: async () => null };
  const broker = { subscription: () => subscription, pulledTopics: async () => ["t"] } as unknown as Broker;
  return guardSubscriptions(broker, { refuse } as unknown as Access);
}

test.each([
  [
    "put",
    ["READ GROUP s", "READ TOPIC t", "READ TOPIC u", "WRITE TOPIC dead"],
    ({ subscription }: Guarded) =>
      subscription("s").put({
        ...{ name: "s", from: "latest", paused: false },
        config: { ...DEFAULT_SUBSCRIPTION, topics: ["t", "u"], url: "https://example.com/", deadLetterTopic: "dead" },
      }),
  ],
  [
    "put of one that is pulled from",
    ["READ GROUP s", "READ TOPIC t", "READ TOPIC u", "WRITE TOPIC dead"],
    ({ subscription }: Guarded) => subscription("s").putPull({ name: "s", config: CONFIG, from: "latest" }),
  ],
  ["pause", ["READ GROUP s"], ({ subscription }: Guarded) => subscription("s").pause()],
  ["pulledTopics", ["READ GROUP s"], ({ pulledTopics }: Guarded) => pulledTopics("s")],
  ["remove", ["DELETE GROUP s"], ({ subscription }: Guarded) => subscription("s").remove()],
])("%s needs %j, each of them", async (_, rights, call) => {
  expect(isFailure((await call(guarded(...rights))) ?? {})).toBe(false);
  for (const missing of rights) {
    const refused = await call(guarded(...rights.filter((right) => right !== missing)));
    expect(refused).toMatchObject({ error: "GROUP_AUTHORIZATION_FAILED", detail: missing });
  }
});

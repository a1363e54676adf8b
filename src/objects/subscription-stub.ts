// The object of a subscription, as other objects call it.

import type { Env } from "../env.ts";
import type { MovedOffsets } from "../subscription/messages.ts";
import type { SubscriptionObject } from "./subscription.ts";

/** Tells a subscription that a partition has more. Resolves once it has taken note. */
export async function wakeSubscription(env: Env, name: string, track: string): Promise<void> {
  await subscriptionObject(env, name).wake(track);
}

/** Tells a subscription that somebody else has committed offsets to its group. Resolves once it follows them. */
export async function moveSubscription(env: Env, name: string, moved: MovedOffsets): Promise<void> {
  await subscriptionObject(env, name).offsetsMoved(moved);
}

/** Tells a subscription that a topic of its own has other partitions than before. Resolves once it has taken note. */
export async function tellTopicsChanged(env: Env, name: string): Promise<void> {
  await subscriptionObject(env, name).topicsChanged();
}

function subscriptionObject(env: Env, name: string): Pick<SubscriptionObject, "wake" | "offsetsMoved" | "topicsChanged"> {
  return env.SUBSCRIPTION.getByName(name) as unknown as SubscriptionObject; // its RPC methods, as plain data
}

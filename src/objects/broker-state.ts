// What all requests and objects of an isolate share: data, no promises. And the broker over it.

import type { Broker } from "../broker/broker.ts";
import { createBroker, createBrokerState } from "../broker/create-broker.ts";
import type { Env } from "../env.ts";
import { core } from "./core.ts";
import { createPorts } from "./ports.ts";

export const brokerState = createBrokerState({ core, now: Date.now, random: Math.random });

/** The broker of one request, connection or object. @param context its `waitUntil` is what the broker's work outlives it by */
export function openBroker(env: Env, context: Pick<ExecutionContext, "waitUntil">): Broker {
  return createBroker(
    createPorts(env, (work) => context.waitUntil(work)),
    brokerState,
  );
}

// A delivery as a payload, by the subscription's format.

import type { JsonWriter } from "../../wasm/json-writer.ts";
import type { SubscriptionConfig } from "../config.ts";
import type { Delivery } from "../delivery-machine.ts";
import { cloudEventsPayload } from "./cloudevents.ts";
import { jsonPayload } from "./json.ts";
import type { Payload } from "./payload.ts";
import { rawPayload } from "./raw.ts";

/** @param prefix what is signed before the body */
export function buildPayload(
  json: JsonWriter,
  prefix: string,
  subscription: string,
  config: SubscriptionConfig,
  delivery: Delivery,
): Payload {
  if (config.format === "raw") return rawPayload(prefix, delivery);
  if (config.format === "cloudevents") return cloudEventsPayload(prefix, config, delivery);
  return jsonPayload(json, prefix, subscription, delivery);
}

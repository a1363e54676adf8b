// The way of webhooks out of workerd: a network service that connects to public addresses alone. It looks at the address that a name has
// at the moment of connecting, so that neither a name nor a change of it (DNS rebinding) leads into a private network. What the broker
// checks when a subscription is made (src/subscription/endpoint-url.ts) is for a clear answer; this is the wall.

import { FORBIDDEN_RANGES } from "../../src/subscription/addresses.ts";
import { text } from "./capnp.ts";

/** How the service is called in the config; the WEBHOOKS binding names it. */
export const WEBHOOK_SERVICE = "webhooks";

/** The service's entry in the config's list. */
export function webhookNetwork(allowPrivate: boolean): string {
  const allow = allowPrivate ? ["public", "private"] : ["public"];
  const deny = allowPrivate ? [] : FORBIDDEN_RANGES;
  const list = (peers: readonly string[]): string => `[${peers.map(text).join(", ")}]`;
  const network = `allow = ${list(allow)}, deny = ${list(deny)}, tlsOptions = (trustBrowserCas = true)`;
  return `(name = "${WEBHOOK_SERVICE}", network = (${network}))`;
}

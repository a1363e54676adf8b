// Which URLs a subscription may call. Checked when a subscription is made; addresses that a name leads to are the network's matter: on
// plain workerd the outgoing service refuses all that are not public at the moment of connecting (scripts/serve/webhook-network.ts), which
// closes DNS rebinding too, and a Worker on Cloudflare cannot reach private networks.

import { type Failure, failure } from "../common/errors.ts";
import { isForbiddenAddress } from "./addresses.ts";

export interface EndpointRules {
  /** http, private addresses and local names, for tests and networks of one's own. */
  readonly allowPrivate: boolean;
  /** Whether this Worker has a service binding of that name. */
  readonly hasBinding: (name: string) => boolean;
}

const MAX_URL_LENGTH = 2_048;

/** binding:NAME/path */
const BINDING_URL = /^binding:([A-Za-z_][A-Za-z0-9_]*)(\/.*)?$/;

/** Names that are of this machine or of a private network (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal). */
const LOCAL_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|localdomain|home\.arpa)$/;

/** The binding that a URL names, with what its Worker is asked for; null where it names none. */
export function bindingOf(url: string): { readonly name: string; readonly url: string } | null {
  const [, name, path = "/"] = BINDING_URL.exec(url) ?? [];
  return name === undefined ? null : { name, url: `https://${name.toLowerCase().replaceAll("_", "-")}.binding${path}` };
}

/** Why a subscription may not call this URL, or null. */
export function checkEndpointUrl(text: string, rules: EndpointRules): Failure | null {
  const refuse = (reason: string): Failure => failure("INVALID_REQUEST", `the url cannot be called: ${reason}`);
  if (text.length > MAX_URL_LENGTH) return refuse(`it has more than ${MAX_URL_LENGTH} characters`);
  const binding = bindingOf(text);
  if (binding !== null) return rules.hasBinding(binding.name) ? null : refuse(`there is no service binding ${binding.name}`);
  const url = URL.parse(text);
  if (url === null) return refuse("it is no URL");
  if (url.protocol !== "https:" && url.protocol !== "http:") return refuse(`it must be https, or binding:NAME/path, not ${url.protocol}`);
  if (url.username !== "" || url.password !== "") return refuse("it has credentials in it; send them by `headers`");
  return rules.allowPrivate ? null : publicObjection(url, refuse);
}

function publicObjection({ protocol, hostname }: URL, refuse: (reason: string) => Failure): Failure | null {
  const remedy = "; a broker started with SLUICE_ALLOW_PRIVATE_WEBHOOKS=1 calls it, on one machine or in a network of your own";
  if (protocol !== "https:") return refuse(`it is not https${remedy}`);
  const name = hostname.replace(/\.+$/, "");
  if (isForbiddenAddress(name)) return refuse(`${name} is not a public address${remedy}`);
  if (LOCAL_NAME.test(name) || !/[.:]/.test(name)) return refuse(`${name} is a name of a private network${remedy}`);
  return null;
}

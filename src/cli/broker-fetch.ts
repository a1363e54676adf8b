// The platform's fetch, for a person who waits: until the broker has answered once, a connection that cannot be made is final. The address
// is wrong then, or nothing runs there, and no repetition helps. Later ones are repeated: the broker may be starting again.

import type { Fetch } from "../sdk/client.ts";
import { NetworkError } from "../sdk/errors.ts";

/** A fetch for one session with a broker. */
export function createBrokerFetch(url: string): Fetch {
  let isKnown = false;
  return async (address, init) => {
    try {
      const response = await fetch(address, init);
      isKnown = true;
      return response;
    } catch (cause) {
      if (isKnown || init.signal?.aborted) throw cause;
      throw new NetworkError(`${describeCause(cause, url)}; --url or SLUICE_URL says where the broker is`, { retriable: false, cause });
    }
  };
}

/** undici hides what happened below "fetch failed". */
function describeCause(error: unknown, url: string): string {
  const host = new URL(url).host;
  const cause = deepestCause(error);
  const { code = "", message } = cause as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return `nothing listens at ${host}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `no address is known for ${host} (DNS: ${code})`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code))
    return `the certificate of ${host} is not trusted (${code}); NODE_EXTRA_CA_CERTS names a file of further authorities`;
  if (/SSL|TLS/.test(code)) return `${host} does not speak TLS there: is it http:// instead of https://?`;
  return `${host} cannot be reached: ${message || code}`;
}

function deepestCause(error: unknown): Error {
  let deepest = error instanceof Error ? error : new Error(String(error));
  while (deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest;
}

// Requests to the Worker as it is deployed, inside workerd, without a token.

import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import worker from "../../../src/index.ts";

const JSON_BODY = { "content-type": "application/json" };

export async function request(path: string, init: RequestInit<IncomingRequestCfProperties> = {}): Promise<Response> {
  const context = createExecutionContext();
  const incoming = new Request<unknown, IncomingRequestCfProperties>(`http://localhost${path}`, init);
  return worker.fetch(incoming, { ...env, SLUICE_OPEN: "1" }, context);
}

/** Sends JSON. */
export function send(path: string, body: unknown, method = "POST"): Promise<Response> {
  return request(path, { method, body: JSON.stringify(body), headers: JSON_BODY });
}

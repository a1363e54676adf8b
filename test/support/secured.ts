// A broker with an admin token, and what tests ask of its users and rights over HTTP.

import { type Broker, startBroker } from "./broker.ts";

export const ADMIN_TOKEN = "sesame";

export interface SecuredBroker extends Broker {
  /** Asks as the admin, or as `authorization` says; answers the status and the parsed body. */
  ask(method: string, path: string, body?: unknown, authorization?: string): Promise<{ readonly status: number; readonly body: never }>;
}

export async function startSecuredBroker(env: Readonly<Record<string, string>> = {}): Promise<SecuredBroker> {
  const broker = await startBroker({ env: { SLUICE_ADMIN_TOKEN: ADMIN_TOKEN, ...env } });
  return Object.assign(broker, {
    async ask(method: string, path: string, body?: unknown, authorization = `Bearer ${ADMIN_TOKEN}`) {
      const headers = { authorization, ...(body !== undefined && { "content-type": "application/json" }) };
      const answer = await fetch(`${broker.url}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
      const text = await answer.text();
      return { status: answer.status, body: (text === "" ? null : JSON.parse(text)) as never };
    },
  });
}

export function basic(user: string, password: string): string {
  return `Basic ${btoa(`${user}:${password}`)}`;
}

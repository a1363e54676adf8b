// A client beyond its quota gets 429, and when to come again; a client within it is charged for the request. What it writes and reads is
// charged where that happens (broker/metered-broker.ts).

import type { ClientMeter } from "../../broker/client-meter.ts";
import type { QuotaKey } from "../../common/security-words.ts";
import type { Operation } from "../../contract/operation.ts";
import { refuse } from "./problem.ts";

const CLIENT_ID_HEADER = "x-client-id";

const BYTE_QUOTAS: Readonly<Partial<Record<Operation["tag"], QuotaKey>>> = { Produce: "producer_byte_rate", Fetch: "consumer_byte_rate" };

/** What Kafka's clients call client.id. */
export function clientIdOf(request: Request): string {
  return request.headers.get(CLIENT_ID_HEADER) ?? "";
}

/** Throws 429 where the client has to wait. */
export function requireQuota(meter: ClientMeter, clientId: string, { tag }: Operation): void {
  if (!meter.isActive) return;
  const ofBytes = BYTE_QUOTAS[tag];
  const owedMs = Math.max(meter.owedMs("request_rate", clientId), ofBytes === undefined ? 0 : meter.owedMs(ofBytes, clientId));
  if (owedMs > 0) {
    const seconds = Math.ceil(owedMs / 1000);
    throw refuse("THROTTLING_QUOTA_EXCEEDED", `The quota is exhausted: try again in ${seconds} s.`, {
      headers: { "retry-after": String(seconds) },
    });
  }
  meter.charge("request_rate", clientId, 1);
}

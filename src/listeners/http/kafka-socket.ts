// GET /kafka with Upgrade: websocket: lets a Kafka client's WebSocket in (src/contract/kafka-socket.ts) and hands it to what serves it. A
// token is checked here; without one the client authenticates by SASL, inside. On an open broker nobody has to.

import { type HostPort, parseHostPort } from "../../common/host-port.ts";
import { ADVERTISED_LISTENER_HEADER, KAFKA_SUBPROTOCOL } from "../../contract/kafka-socket.ts";
import type { Call } from "./call.ts";
import { refuse } from "./problem.ts";
import { requireUpgrade } from "./upgrade.ts";

export async function openKafka(call: Call): Promise<Response> {
  const { request, settings } = call;
  requireUpgrade(request);
  const subprotocol = requireSubprotocol(request);
  const advertised = advertisedListener(request);
  const identity = settings.open || request.headers.has("authorization") ? await call.authenticate() : null;
  return call.openKafkaSocket({ url: new URL(request.url), identity, advertised, subprotocol });
}

/** A client that offers subprotocols has to offer ours (RFC 6455, 4.2.2); null: it offers none. */
function requireSubprotocol({ headers }: Request): string | null {
  const offered = headers.get("sec-websocket-protocol");
  if (offered === null) return null;
  if (offered.split(",").some((name) => name.trim() === KAFKA_SUBPROTOCOL)) return KAFKA_SUBPROTOCOL;
  throw refuse("INVALID_REQUEST", `Sec-WebSocket-Protocol: this speaks ${KAFKA_SUBPROTOCOL} alone.`);
}

function advertisedListener({ headers }: Request): HostPort | null {
  const text = headers.get(ADVERTISED_LISTENER_HEADER);
  if (text === null) return null;
  const listener = parseHostPort(text);
  if (listener !== null) return listener;
  throw refuse("INVALID_REQUEST", `${ADVERTISED_LISTENER_HEADER}: must be HOST:PORT, of what this connection's clients are to connect to.`);
}

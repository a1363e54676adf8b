// GET /kafka with Upgrade: websocket: the byte stream of Kafka's protocol, carried by a WebSocket.
//
//   binary message   the next bytes of the stream, cut anywhere: messages and Kafka's frames need not match
//   text message     "taken N" (common/taken-message.ts): the sender has taken N more bytes of what the other side sent
//
// Text messages are flow control, which a WebSocket has not. A client that never sends one gets none, and simply sees a byte stream. One
// that does (it begins with "taken 0") gets as much ahead of what it has taken as SOCKET_WINDOW_BYTES, and is told what the broker takes.

import { none } from "./bodies.ts";
import { operation } from "./operation.ts";

/** The only subprotocol; a client may leave it out. */
export const KAFKA_SUBPROTOCOL = "kafka";

/** HOST:PORT that this connection's answers name as the broker: where a tunnel's clients find the tunnel again. */
export const ADVERTISED_LISTENER_HEADER = "sluice-advertised-listener";

export const openKafka = operation({
  id: "openKafka",
  method: "GET",
  path: "/kafka",
  tag: "Kafka",
  summary: "A Kafka client's connection, over a WebSocket",
  description: `Binary messages carry the byte stream of Kafka's protocol, cut anywhere. The subprotocol is \`${KAFKA_SUBPROTOCOL}\`. With a valid token in \`Authorization\` the connection is authenticated; without one the client authenticates by SASL. \`sluice tunnel\` carries unmodified clients here.`,
  withoutToken: "configured",
  params: none,
  query: none,
  headers: {
    upgrade: "`websocket`",
    [ADVERTISED_LISTENER_HEADER]: "HOST:PORT that this connection's clients are told to connect to.",
  },
  answers: { 101: { description: "The connection." } },
  errors: ["SASL_AUTHENTICATION_FAILED", "INVALID_REQUEST"],
});

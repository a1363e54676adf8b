// Limits of the command line, its tunnel and its mirror: programs beside the broker.

import { KIB, MIB } from "./units.ts";

/** Longest line that the command line takes for a record: none is larger, and memory must not grow with a file that has no newlines. */
export const MAX_INPUT_LINE_BYTES = 32 * MIB;

/** How long the tunnel waits for a broker to open a socket, as Kafka's clients do (socket.connection.setup.timeout.max.ms). */
export const TUNNEL_HANDSHAKE_MS = 30_000;

/** Largest message that the tunnel takes: those of the broker have MAX_SOCKET_MESSAGE_BYTES. */
export const MAX_TUNNEL_MESSAGE_BYTES = 32 * MIB;

/** What the tunnel reads of a refusal, which is a problem (RFC 9457) of some hundred bytes. */
export const MAX_REFUSAL_BYTES = 64 * KIB;

/**
 * Bytes of records in one request of a mirror to Kafka: far below every broker's megabyte (message.max.bytes), which counts what is around
 * too.
 */
export const MAX_MIRROR_REQUEST_BYTES = 512 * KIB;

/** Partitions that a mirror writes at a time: a request each. */
export const MAX_MIRROR_WRITES = 16;

// Limits of WebSockets: those that carry a Kafka connection, and live tails.

import { MAX_FRAME_BYTES } from "./kafka.ts";
import { KIB, MIB } from "./units.ts";

/**
 * Bytes that either side of a WebSocket, a Kafka connection or a live tail, sends ahead of what the other has taken, if that one tells. Two
 * answers of Fetch's default.
 */
export const SOCKET_WINDOW_BYTES = 2 * MIB;

/** Bytes that may wait in the broker for their turn on one Kafka WebSocket: a frame of the largest size, and what comes with it. */
export const MAX_SOCKET_AHEAD_BYTES = 24 * MIB;

/** Bytes that a Kafka WebSocket carries to a client that never says what it has taken: all may be waiting, in an isolate of 128 MB. */
export const MAX_UNTOLD_SOCKET_BYTES = 64 * MIB;

/**
 * Bytes of messages that a live tail over a WebSocket sends to a client that never says what it has taken: all may be waiting. A client that
 * reads loses a moment when it comes again.
 */
export const MAX_UNTOLD_TAIL_BYTES = 64 * MIB;

/** The same, once all such tails of an isolate have been sent as much: a broker may have hundreds of them. */
export const MAX_CROWDED_TAIL_BYTES = 16 * MIB;
export const MAX_UNTOLD_TAILS_BYTES = 256 * MIB;

/** How often a client's `ping` on a live tail is answered at most: what it does not read is queued. */
export const MIN_PONG_INTERVAL_MS = 1_000;

/** Largest message on a Kafka WebSocket that the broker sends: small beside the window. */
export const MAX_SOCKET_MESSAGE_BYTES = 512 * KIB;

/** A client that sent a part of a request over a WebSocket sends more of it within this time. It keeps the connection's object awake. */
export const PARTIAL_REQUEST_MS = 60_000;

/** Watches of a Kafka WebSocket's last fetch are kept for so long without another: while they are open, its object cannot hibernate. */
export const IDLE_WATCHES_MS = 5_000;

/** One request fits what may wait on a WebSocket, and a message the window. */
if (MAX_FRAME_BYTES > MAX_SOCKET_AHEAD_BYTES || MAX_SOCKET_MESSAGE_BYTES > SOCKET_WINDOW_BYTES) {
  throw new Error("limits: a frame must fit what may wait on a WebSocket, a message its window");
}

// Limits of the room that the answers of fetches have in an isolate (src/broker/answer-room.ts).

import { MIB } from "./units.ts";

/**
 * Bytes of fetch answers that one isolate holds for clients that have not taken them yet: as they are read, and made, until they have
 * left. An isolate has 128 MB for everything; plain workerd has no bound of its own. Four answers of the largest size.
 */
export const MAX_ANSWERS_BYTES = 64 * MIB;

/** Beyond it, for answers of one batch each: a client that reads is served beside many that do not. */
export const ANSWERS_RESERVE_BYTES = 32 * MIB;

/**
 * Counted for a read until it is known what it brings, at least: a first batch comes whole, and is so large at most by default
 * (max.message.bytes).
 */
export const MIN_ANSWER_READ_BYTES = 1 * MIB;

/** How long a fetch waits for room before it is refused, and how often it looks. Clients wait 30 s for an answer. */
export const ANSWER_ROOM_WAIT_MS = 5_000;
export const ANSWER_ROOM_LOOK_MS = 20;

/** How long a client that was refused for want of room is told to stay away. */
export const ANSWER_THROTTLE_MS = 1_000;

/**
 * How long an answer may take to leave where others wait for its room: after that its connection is closed. As long as Kafka's clients wait
 * for it (request.timeout.ms).
 */
export const ANSWER_LEAVE_MS = 30_000;

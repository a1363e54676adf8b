// Bodies of answers with records: in pieces, each made when the client has taken the one before. So an answer that is not read holds what was
// read of the log, and a piece, not its whole text; and it is seen leaving, which a body in one buffer is not.
//
// Its room (src/broker/answer-room.ts) is left with the last piece, when the client goes away, or when the answer is late and others want it:
// then the body ends without its last chunk, and the client knows that it is not whole (RFC 9112, 8). Where the platform does not tell that
// a client has gone, the room is free again by time.

import type { AnswerRoom } from "../../broker/answer-room.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";
import type { Call } from "./call.ts";

/** What an answer has at once: as much as the system's buffers of a connection take of it anyway. */
const PIECE_BYTES = 256 * 1024;

export interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isLast: boolean;
}

/** Gives an answer's room back where the answer cannot be made. */
export async function withRoom(call: Pick<Call, "broker">, make: (room: AnswerRoom) => Promise<Response>): Promise<Response> {
  const room = call.broker.openAnswer();
  try {
    return await make(room);
  } catch (error) {
    room.leave();
    throw error;
  }
}

/** JSON by a generator that writes, and yields where a piece may end. */
export function jsonPieces(json: JsonWriter, writing: Generator<void>): () => Piece {
  return () => {
    json.begin();
    let isLast = false;
    while (!isLast && json.length < PIECE_BYTES) isLast = writing.next().done === true;
    return { bytes: json.take(), isLast };
  };
}

/** Bytes that are there. */
export function bufferPieces(bytes: Uint8Array<ArrayBuffer>): () => Piece {
  let at = 0;
  return () => {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    at += piece.length;
    return { bytes: piece, isLast: at >= bytes.length };
  };
}

/** The body of an answer in this room. One of a single piece is that piece. */
export function bodyOf({ method }: Request, room: AnswerRoom, next: () => Piece): BodyInit | null {
  const first = next();
  if (first.isLast || method === "HEAD") {
    room.leave();
    return method === "HEAD" ? null : first.bytes;
  }
  return pieceStream(room, first, next);
}

function pieceStream(room: AnswerRoom, first: Piece, makeNext: () => Piece): ReadableStream<Uint8Array> {
  let made: Piece | null = first;
  let next: (() => Piece) | null = makeNext;
  /** Whoever still holds the stream does not hold the records. */
  const leave = (): void => {
    [made, next] = [null, null];
    room.leave();
  };
  const send = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const piece = made ?? next?.();
    made = null;
    if (piece === undefined) return;
    if (piece.bytes.length > 0) controller.enqueue(piece.bytes);
    if (!piece.isLast) return;
    controller.close();
    leave();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        room.endWhenLate(() => {
          leave();
          controller.error(new Error("the client did not take its records, and others want their room"));
        });
      },
      pull(controller) {
        try {
          send(controller);
        } catch (error) {
          leave();
          throw error;
        }
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}

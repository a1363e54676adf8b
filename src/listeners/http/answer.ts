// Answers that a client may have as JSON or as MessagePack. Which one is settled before a handler runs, so that a request whose answer
// could not be given (406) has no effect.

import { JSON_TYPE, MSGPACK_TYPE } from "../../contract/media-types.ts";
import type { Call } from "./call.ts";
import { encodeMsgpack } from "./msgpack.ts";

export function answer(call: Pick<Call, "type">, body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  if (call.type === MSGPACK_TYPE)
    return new Response(encodeMsgpack(body), { status, headers: { "content-type": MSGPACK_TYPE, ...headers } });
  return jsonAnswer(JSON.stringify(body), status, headers);
}

/** @param json text, its bytes, or a stream of them */
export function jsonAnswer(json: BodyInit | null, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(json, { status, headers: { "content-type": JSON_TYPE, ...headers } });
}

export function noContent(): Response {
  return new Response(null, { status: 204 });
}

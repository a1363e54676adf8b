// The edge's side of a Kafka WebSocket: opens it in the connection object that is to serve it.

import type { Env } from "../env.ts";
import type { OpenKafkaSocket } from "../listeners/http/call.ts";
import { newSession } from "../listeners/kafka/call.ts";
import { newSocketState } from "../listeners/kafka/serve-web-socket.ts";
import { STATE_HEADER } from "./connection.ts";
import { webSocketAdvertised } from "./kafka-settings.ts";
import { connectionObject } from "./names.ts";

/** @throws Error where SLUICE_CONNECTION_OBJECTS or SLUICE_ADVERTISED_LISTENER are not what they should be */
export function openConnection(env: Env): OpenKafkaSocket {
  return async ({ url, identity, advertised, subprotocol }) => {
    const object = connectionObject(env.CONNECTION, objectCount(env), Math.random);
    const state = newSocketState(newSession(identity), advertised ?? webSocketAdvertised(env, url), Date.now());
    const headers = new Headers({ upgrade: "websocket", [STATE_HEADER]: JSON.stringify(state) });
    if (subprotocol !== null) headers.set("sec-websocket-protocol", subprotocol);
    const opened = await object.fetch("http://connection/", { headers });
    if (opened.webSocket === null) throw new Error(`a connection object answered ${opened.status}`);
    return new Response(null, { status: 101, webSocket: opened.webSocket, headers: opened.headers });
  };
}

/** null: each socket has an object of its own. */
function objectCount({ SLUICE_CONNECTION_OBJECTS: text }: Env): number | null {
  if (!text) return null;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`SLUICE_CONNECTION_OBJECTS: "${text}" is not a number from 1 to 999999`);
  return Number(text);
}

// One Kafka client's TCP connection and its WebSocket: bytes both ways until either ends, which ends the other.
//
// Backpressure goes through. What the client sends is read no further once a window of it is with the broker and not yet taken; what the
// broker sends is told to be taken ("taken N") only when the client's socket has it, so a client that does not read stops the broker.

import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { SOCKET_WINDOW_BYTES } from "../../common/limits/websockets.ts";
import { readTakenMessage, takenMessage } from "../../common/taken-message.ts";

/** Proxies cut a WebSocket that is silent for about 100 s. A broker answers a ping asleep. */
const PING_MS = 30_000;

/** RFC 6455, 7.4.1; the second is never sent: it is what a socket has that broke. */
const NORMAL_CLOSURE = 1000;
const NO_CLOSE_FRAME = 1006;

/** Resolves when both are closed, to why: null where the client or the broker ended it in good order. */
export async function carry(client: Socket, broker: WebSocket): Promise<string | null> {
  const end = Promise.withResolvers<string | null>();
  const stopPings = keepAlive(broker, end.resolve);
  sendClientBytes(client, broker);
  sendBrokerBytes(client, broker);
  client.once("end", () => end.resolve(null));
  client.once("close", () => end.resolve(null));
  client.once("error", ({ message }) => end.resolve(`the client's connection broke: ${message}`));
  broker.once("error", ({ message }) => end.resolve(`the WebSocket broke: ${message}`));
  broker.once("close", (code, reason) => end.resolve(describeClose(code, String(reason))));
  const why = await end.promise;
  stopPings();
  client.destroy();
  broker.on("error", () => undefined); // of a socket that is being closed
  broker.close(NORMAL_CLOSURE);
  return why;
}

function describeClose(code: number, reason: string): string | null {
  if (code === NORMAL_CLOSURE) return null;
  if (code === NO_CLOSE_FRAME) return "the connection to the broker broke";
  return `the broker closed the connection (${code})${reason === "" ? "" : `: ${reason}`}`;
}

function sendClientBytes(client: Socket, broker: WebSocket): void {
  let aheadBytes = 0;
  client.on("data", (bytes) => {
    if (broker.readyState !== WebSocket.OPEN) return;
    broker.send(bytes);
    aheadBytes += bytes.length;
    if (aheadBytes >= SOCKET_WINDOW_BYTES) client.pause();
  });
  broker.on("message", (data: Buffer, isBinary) => {
    const taken = isBinary ? null : readTakenMessage(data.toString());
    if (taken === null) return;
    aheadBytes -= taken;
    if (aheadBytes < SOCKET_WINDOW_BYTES) client.resume();
  });
  client.resume(); // it was accepted paused
}

function sendBrokerBytes(client: Socket, broker: WebSocket): void {
  let untoldBytes = 0;
  broker.send(takenMessage(0)); // "this client tells"
  broker.on("message", (data: Buffer, isBinary) => {
    if (!isBinary || client.destroyed) return;
    client.write(data, () => {
      untoldBytes += data.length;
      if (untoldBytes < SOCKET_WINDOW_BYTES / 4 || broker.readyState !== WebSocket.OPEN) return;
      broker.send(takenMessage(untoldBytes));
      untoldBytes = 0;
    });
  });
}

/** Pings; a broker that did not answer the last one is gone. */
function keepAlive(broker: WebSocket, onGone: (why: string) => void): () => void {
  let isAlive = true;
  broker.on("pong", () => {
    isAlive = true;
  });
  const timer = setInterval(() => {
    if (!isAlive) {
      onGone(`the broker did not answer for ${PING_MS} ms`);
      broker.terminate();
      return;
    }
    isAlive = false;
    broker.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}

// A bare WebSocket to the Kafka door, as KafkaSocket is over TCP.

import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";
import { KAFKA_SUBPROTOCOL } from "../../src/contract/kafka-socket.ts";
import { FrameSplitter } from "../../src/protocol/framing.ts";

const MAX_RESPONSE_BYTES = 64 << 20;

export interface KafkaWebSocketClient {
  readonly socket: WebSocket;
  /** Responses so far, without their sizes. */
  readonly responses: Uint8Array[];
  /** Text messages so far. */
  readonly texts: string[];
  send(message: Uint8Array | string): void;
  /** Resolves to the next response; rejects where the broker closes before it. */
  next(): Promise<Uint8Array>;
  /** Resolves, when the connection is closed, to the close frame's code and reason. */
  closed(): Promise<{ readonly code: number; readonly reason: string }>;
}

/** @param url of the broker: http://HOST:PORT */
export async function connectKafkaWebSocket(url: string, options: ClientOptions = {}): Promise<KafkaWebSocketClient> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/kafka`, [KAFKA_SUBPROTOCOL], { perMessageDeflate: false, ...options });
  const splitter = new FrameSplitter(MAX_RESPONSE_BYTES);
  const responses: Uint8Array[] = [];
  const texts: string[] = [];
  let taken = 0;
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) texts.push(data.toString());
    else for (const frame of splitter.split(data)) responses.push(frame.slice());
    socket.emit("response");
  });
  const ended = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await once(socket, "open");
  return {
    socket,
    responses,
    texts,
    send: (message) => socket.send(message),
    async next() {
      while (responses.length <= taken) {
        const end = await Promise.race([once(socket, "response").then(() => null), ended]);
        if (end !== null && responses.length <= taken) throw new Error(`the broker closed the connection: ${end.code} ${end.reason}`);
      }
      return responses[taken++]!;
    },
    closed: () => ended,
  };
}

// A bare socket to the Kafka door, for what no client library would do.

import { once } from "node:events";
import type { Socket } from "node:net";
import { API } from "../../src/protocol/api-keys.ts";
import { FrameSplitter } from "../../src/protocol/framing.ts";
import { openResponse, requestFrame } from "./kafka-frames.ts";
import { connect } from "./raw-http.ts";

const MAX_RESPONSE_BYTES = 64 << 20;

export interface KafkaSocket {
  readonly socket: Socket;
  /** Responses so far, without their sizes. */
  readonly responses: Uint8Array[];
  send(bytes: Uint8Array): void;
  /** Resolves to the next response; rejects where the broker closes before it. */
  next(): Promise<Uint8Array>;
  /** Resolves when the broker has closed the connection. */
  closed(): Promise<void>;
}

/** @param address HOST:PORT */
export async function connectKafka(address: string): Promise<KafkaSocket> {
  const socket = await connect(Number(address.split(":").at(-1)));
  const splitter = new FrameSplitter(MAX_RESPONSE_BYTES);
  const responses: Uint8Array[] = [];
  let taken = 0;
  socket.on("data", (chunk: Buffer) => {
    for (const frame of splitter.split(chunk)) responses.push(frame.slice());
    socket.emit("response");
  });
  const ended = new Promise<void>((resolve) => {
    for (const event of ["end", "close"]) socket.once(event, () => resolve());
  });
  return {
    socket,
    responses,
    send: (bytes) => void socket.write(bytes),
    async next() {
      while (responses.length <= taken) {
        const isOver = await Promise.race([once(socket, "response").then(() => false), ended.then(() => true)]);
        if (isOver && responses.length <= taken) throw new Error("the broker closed the connection");
      }
      return responses[taken++]!;
    },
    closed: () => ended,
  };
}

/** Asks for ApiVersions; rejects unless it is answered. */
export async function expectServed(client: Pick<KafkaSocket, "send" | "next">): Promise<void> {
  client.send(requestFrame(API.apiVersions, 0, {}, 4711));
  const { correlationId, response } = openResponse(API.apiVersions, 0, await client.next());
  if (correlationId !== 4711 || response.errorCode !== 0) throw new Error("ApiVersions was not answered as it should be");
}

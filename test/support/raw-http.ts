// HTTP over a bare socket, for requests that no client library would make.

import { once } from "node:events";
import { createConnection, type Socket } from "node:net";

/** Parts of a request, in the order they are sent, each in a segment of its own. */
export type Parts = readonly (string | Uint8Array)[];

export interface Exchange {
  /** All that the server sent, as latin-1 text. */
  readonly text: string;
  /** Of each answer, interim ones too. */
  readonly statuses: readonly number[];
  /** The bodies of the answers that are JSON objects. */
  readonly bodies: readonly Record<string, unknown>[];
}

export async function connect(port: number): Promise<Socket> {
  const socket = createConnection({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  socket.on("error", () => {}); // a reset connection ends like any other: what came before it counts
  return socket;
}

/**
 * Sends the parts and reads until the server closes: a request must ask for that, or be one that the server closes on.
 * @param isHalfClosed end our side once everything is sent
 */
export async function exchange(port: number, parts: Parts, isHalfClosed = false): Promise<Exchange> {
  const socket = await connect(port);
  const answered = readToEnd(socket);
  for (const part of parts) {
    if (socket.destroyed) break;
    await send(socket, part);
  }
  if (isHalfClosed) socket.end();
  return answered;
}

/** Resolves once the bytes are with the operating system, or the connection is gone. */
export function send(socket: Socket, part: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(part, () => resolve()));
}

/** Resolves once what the server sent matches; rejects if it closes before. */
export async function received(socket: Socket, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += chunk.toString("latin1");
    if (pattern.test(text)) return text;
  }
  throw new Error(`the server closed after: ${text}`);
}

async function readToEnd(socket: Socket): Promise<Exchange> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  await new Promise<void>((resolve) => socket.once("end", resolve).once("close", () => resolve()));
  socket.destroy();
  return {
    text,
    statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1])),
    bodies: [...text.matchAll(/\r\n\r\n(\{.*?\})(?=HTTP\/1\.1|$)/gs)].map((match) => JSON.parse(match[1]!) as Record<string, unknown>),
  };
}

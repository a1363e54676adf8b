// The load generator: keep-alive sockets that send ready-made requests and count what comes back. One request at a time on each
// connection, so as many connections as requests in flight. It shares the machine's cores with the server, so it does as little as it can.

import { connect, type Socket } from "node:net";
import { AnswerParser } from "./answer-parser.ts";

/** The bytes of a request. Host and length are filled in. */
export function buildRequest(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: Uint8Array } = {},
): Buffer {
  const fields = { host: "127.0.0.1", ...headers, ...(body === undefined ? {} : { "content-length": String(body.length) }) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** One keep-alive connection. */
export class Connection {
  readonly #socket: Socket;
  readonly #answer = new AnswerParser();
  #waiting: { resolve(bodyBytes: number): void; reject(error: Error): void } | null = null;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (data) => this.#receive(data));
    this.#socket.on("error", (error) => this.#waiting?.reject(error));
    this.#socket.on("close", () => this.#waiting?.reject(new Error("the connection was closed")));
  }

  /** Resolves to the length of the answer's body when it is all there; rejects unless its status is 2xx. */
  send(request: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#answer.reset();
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    const waiting = this.#waiting;
    if (waiting === null || !this.#answer.push(data)) return;
    this.#waiting = null;
    if (this.#answer.status >= 200 && this.#answer.status < 300) waiting.resolve(this.#answer.bodyBytes);
    else waiting.reject(new Error(`answered ${this.#answer.status}:\n${data.subarray(-600).toString()}`));
  }
}

export interface LoadOptions {
  readonly port: number;
  /** Requests in flight. */
  readonly inFlight: number;
  readonly count: number;
  /** The n-th request, from 0. */
  request(n: number): Uint8Array;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  /** MB/s (10^6 bytes) of answer bodies. */
  readonly bodyMegabytesPerSecond: number;
}

/** Sends `count` requests and waits for every answer. */
export async function load({ port, inFlight, count, request }: LoadOptions): Promise<LoadResult> {
  const connections = Array.from({ length: inFlight }, () => new Connection(port));
  let next = 0;
  let bodyBytes = 0;
  const start = performance.now();
  try {
    await Promise.all(
      connections.map(async (connection) => {
        while (next < count) {
          const answerBytes = await connection.send(request(next++));
          bodyBytes += answerBytes;
        }
      }),
    );
  } finally {
    for (const connection of connections) connection.close();
  }
  const seconds = (performance.now() - start) / 1000;
  return { requestsPerSecond: count / seconds, bodyMegabytesPerSecond: bodyBytes / 1e6 / seconds };
}

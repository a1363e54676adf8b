// A webhook receiver of a test's own, over real HTTP: it keeps what it got and answers as it is told, decently or not.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { SentRecord } from "./hook-world.ts";

export interface ReceivedCall {
  readonly startMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly records: readonly SentRecord[];
}

/** `accept` answers 2xx; the others are ways not to. `acceptCut` breaks off its answer after the status. */
export type Behaviour =
  | "accept"
  | "acceptEndless"
  | "acceptCut"
  | "fail"
  | "busy"
  | "moved"
  | "gone"
  | "hang"
  | "cut"
  | "endless"
  | { readonly afterMs: number };

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly calls: ReceivedCall[];
  close(): Promise<void>;
}

/** @param behave called with each call once all of it is there; what it accepts it has taken at that moment */
export async function startReceiver(behave: (call: ReceivedCall) => Behaviour = () => "accept"): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => void serve(request, response));
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on("error", () => undefined);
    const body = await readBody(request);
    if (body === null) return; // the broker died meanwhile: the call never was
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const parsed = headers["content-type"] === "application/json" ? (JSON.parse(body) as { records: SentRecord[] }) : { records: [] };
    const call = { startMs: Date.now(), headers, body, records: parsed.records };
    calls.push(call);
    answer(response, behave(call));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    calls,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  } catch {
    return null; // cut off
  }
}

function answer(response: ServerResponse, behaviour: Behaviour): void {
  if (typeof behaviour === "object") {
    setTimeout(() => response.writeHead(204).end(), behaviour.afterMs);
    return;
  }
  const end = (status: number, headers: Record<string, string> = {}) => response.writeHead(status, headers).end("no");
  if (behaviour === "accept") response.writeHead(204).end();
  else if (behaviour === "fail") end(500);
  else if (behaviour === "busy") end(429, { "retry-after": "1" });
  else if (behaviour === "moved") end(301, { location: "http://127.0.0.1:1/elsewhere" });
  else if (behaviour === "gone") end(410);
  else if (behaviour === "cut") response.socket?.destroy();
  else if (behaviour === "acceptCut") {
    response.writeHead(200, { "content-length": "1000" }).write("half");
    setTimeout(() => response.socket?.destroy(), 5);
  } else if (behaviour === "endless" || behaviour === "acceptEndless") pourOut(response, behaviour === "endless" ? 500 : 200);
}

/** Gigabytes, for as long as anybody takes them. */
function pourOut(response: ServerResponse, status: number): void {
  const block = Buffer.alloc(1 << 20, 120);
  response.writeHead(status, { "content-length": String(4 * 2 ** 30) });
  const pour = (): void => {
    while (!response.destroyed && response.write(block));
    if (!response.destroyed) response.once("drain", pour);
  };
  pour();
}

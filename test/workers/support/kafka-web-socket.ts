// A Kafka client over /kafka inside workerd.

import { createExecutionContext, listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import worker from "../../../src/index.ts";
import { FrameSplitter } from "../../../src/protocol/framing.ts";

const TOKEN = "sesame";

export const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };

export interface KafkaWebSocketClient {
  readonly object: DurableObjectStub;
  readonly socket: WebSocket;
  send(message: Uint8Array | string): void;
  next(): Promise<Uint8Array>;
  closed(): Promise<CloseEvent>;
}

/** Opens /kafka; the object that serves it is the one that was not there before. */
export async function connectWebSocket(headers: Record<string, string> = WITH_TOKEN): Promise<KafkaWebSocketClient> {
  const before = new Set((await listDurableObjectIds(env.CONNECTION)).map(String));
  const incoming = new Request<unknown, IncomingRequestCfProperties>("http://localhost/kafka", {
    headers: { upgrade: "websocket", ...headers },
  });
  const response = await worker.fetch(incoming, { ...env, SLUICE_ADMIN_TOKEN: TOKEN }, createExecutionContext());
  expect(response.status).toBe(101);
  const id = (await listDurableObjectIds(env.CONNECTION)).find((one) => !before.has(String(one)))!;
  const socket = response.webSocket!;
  const splitter = new FrameSplitter(1 << 24);
  const frames: Uint8Array[] = [];
  let wake = (): void => undefined;
  socket.addEventListener("message", ({ data }) => {
    for (const frame of splitter.split(new Uint8Array(data as ArrayBuffer))) frames.push(frame.slice());
    wake();
  });
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  socket.binaryType = "arraybuffer";
  socket.accept();
  return {
    object: env.CONNECTION.get(id),
    socket,
    send: (message) => socket.send(message),
    async next() {
      while (frames.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return frames.shift()!;
    },
    closed: () => closed,
  };
}

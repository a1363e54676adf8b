// The HTTP listener over a broker in memory, as tests call it.

import "./web-crypto.ts";
import type { ExecutionContext } from "hono";
import type { Security } from "../../src/broker/security.ts";
import { createHttpApp } from "../../src/listeners/http/app.ts";
import type { HttpSettings, KafkaSocketRequest } from "../../src/listeners/http/call.ts";
import { JsonWriter } from "../../src/wasm/json-writer.ts";
import { loadCore } from "./core.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { plainCodec } from "./plain-batches.ts";

export const OPEN: HttpSettings = { adminToken: null, open: true, version: "0.0.0-test" };

const JSON_WRITER = new JsonWriter(loadCore());

const CONTEXT: ExecutionContext = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} };

export interface TestApp {
  readonly broker: MemoryBroker;
  /** Kafka WebSockets that were let in. */
  readonly opened: readonly KafkaSocketRequest[];
  request(path: string, init?: RequestInit): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** A JSON body, unless it is bytes already. */
  send(method: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export function testApp(settings: Partial<HttpSettings> = {}, security?: () => Security): TestApp {
  const broker = new MemoryBroker();
  const opened: KafkaSocketRequest[] = [];
  const app = createHttpApp<object>({
    broker: () => broker,
    openKafkaSocket: () => async (socket) => {
      opened.push(socket);
      return new Response(null, { status: 204 }); // Node's Response takes no 101
    },
    settings: () => ({ ...OPEN, ...settings }),
    ...(security !== undefined && { security }),
    codec: plainCodec,
    json: JSON_WRITER,
    topicConfigs: (set) =>
      Object.entries(set).map(([name, value]) => {
        return { name, value, default: null, source: "topic", type: "string", honoured: true, doc: "For tests." };
      }),
  });
  const request = async (path: string, init: RequestInit = {}) => app.request(`http://localhost${path}`, init, {}, CONTEXT);
  return {
    broker,
    opened,
    request,
    get: (path, headers = {}) => request(path, { headers }),
    send: (method, path, body, headers = {}) => {
      const isRaw = typeof body === "string" || body instanceof Uint8Array;
      return request(path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        body: isRaw ? (body as BodyInit) : JSON.stringify(body),
      });
    },
  };
}

/** A test app with the topic `orders` of two partitions. */
export async function appWithTopic(settings: Partial<HttpSettings> = {}, security?: () => Security): Promise<TestApp> {
  const app = testApp(settings, security);
  await app.broker.createTopic({ name: "orders", partitions: 2 });
  return app;
}

/** Writes one record a value to partition 0 of `orders`. */
export async function produceN(app: TestApp, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `v${i}`, partition: 0, timestamp: 1000 + i }));
  for (const record of records) await app.broker.produce({ topic: "orders", records: [record], compression: "none" });
}

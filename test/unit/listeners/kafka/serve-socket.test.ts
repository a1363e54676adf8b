// A socket's life over streams in memory: when it is read, when it is closed, and what its end ends.

import { expect, test } from "vitest";
import type { KafkaSettings } from "../../../../src/listeners/kafka/call.ts";
import { serveSocket } from "../../../../src/listeners/kafka/serve-socket.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { fetchFrame, requestFrame } from "../../../support/kafka-frames.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const SETTINGS: KafkaSettings = {
  adminToken: null,
  isOpen: true,
  isAutoCreated: true,
  defaultPartitions: 1,
  advertised: { host: "localhost", port: 9092 },
};

interface Client {
  readonly received: Uint8Array[];
  send(bytes: Uint8Array): void;
  /** Ends the client's side. */
  end(): void;
  /** Resolves when the broker has served it to its end. */
  readonly served: Promise<void>;
}

/** @param takes whether the client takes what the broker sends */
async function connect({ idleMs = 60_000, takes = true } = {}): Promise<Client> {
  const broker = new MemoryBroker();
  await broker.createTopic({ name: "orders" });
  let input!: ReadableByteStreamController;
  const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
    type: "bytes",
    start(controller) {
      input = controller as ReadableByteStreamController;
    },
  });
  const received: Uint8Array[] = [];
  const writable = new WritableStream<Uint8Array>({
    write: (part) => {
      received.push(part);
      return takes ? undefined : new Promise<void>(() => {});
    },
  });
  return {
    received,
    send: (bytes) => input.enqueue(Uint8Array.from(bytes)),
    end: () => {
      input.close();
      input.byobRequest?.respond(0);
    },
    served: serveSocket({ readable, writable }, { broker, settings: SETTINGS }, idleMs),
  };
}

test("a client is served until it ends, and answered before the connection closes", async () => {
  const client = await connect();
  client.send(requestFrame(API.apiVersions, 0, {}));
  client.end();
  await client.served;
  expect(client.received).toHaveLength(1);
});

test("a client that says nothing for too long is closed", async () => {
  const client = await connect({ idleMs: 20 });
  await client.served;
  expect(client.received).toEqual([]);
});

test("a client that waits for records is not idle, and its wait ends when it goes", async () => {
  const client = await connect({ idleMs: 20 });
  client.send(fetchFrame("orders", 0, { maxWaitMs: 60_000 }));
  await new Promise((resolve) => setTimeout(resolve, 60));
  client.end();
  await client.served;
  expect(client.received, "it was still served").toHaveLength(1);
});

test("a client that does not take its answers is closed, too", async () => {
  const client = await connect({ idleMs: 20, takes: false });
  client.send(requestFrame(API.apiVersions, 0, {}));
  await client.served;
  expect(client.received).toHaveLength(1);
});

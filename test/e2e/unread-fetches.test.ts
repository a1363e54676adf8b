// Clients that ask for large fetches and read nothing: what they are answered with stays within bounds, and others are served.

import { once } from "node:events";
import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ANSWERS_RESERVE_BYTES, MAX_ANSWERS_BYTES } from "../../src/common/limits/answer-room.ts";
import { API } from "../../src/protocol/api-keys.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { loadCore } from "../support/core.ts";
import { fetchFrame, openResponse } from "../support/kafka-frames.ts";
import { connectKafka } from "../support/kafka-socket.ts";
import { residentBytes } from "../support/process-memory.ts";
import { createTopic, expectOk, type PartitionPlace, partitionUrl, produceBatches } from "../support/raw-batches.ts";
import { connect } from "../support/raw-http.ts";

const CLIENTS = 60;
const ASKED_BYTES = 14_000_000;
const BATCH_BYTES = 200_000;
const BATCHES = 75;
const RECORDS = 20;

/** What is held, once more as garbage that is not collected yet, and what the runtime takes for the sockets. Asked for: 840 MB. */
const MAX_GROWTH_BYTES = 3 * (MAX_ANSWERS_BYTES + ANSWERS_RESERVE_BYTES);

let broker: Broker;
let place: PartitionPlace;
let unread: Socket[];
let residentBefore: number;

beforeAll(async () => {
  broker = await startBroker();
  [place] = (await createTopic(broker.url, "unread")) as [PartitionPlace];
  const record = { key: null, value: "x".repeat(BATCH_BYTES / RECORDS), timestamp: 0 };
  const batch = encodeBatch(loadCore(), Array(RECORDS).fill(record), { compression: "none" });
  for (let count = 0; count < BATCHES; count++) await produceBatches(place, batch.slice());
  residentBefore = residentBytes(broker.workerdPid);
});
afterAll(() => broker?.stop());

beforeEach(() => {
  unread = [];
});
afterEach(() => {
  for (const socket of unread) socket.destroy();
});

/** Resolves once the first bytes of each answer are there; no more than the buffers' worth is read of them. */
async function askAndReadNothing(port: number, request: string | Uint8Array): Promise<void> {
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const socket = await connect(port);
      unread.push(socket);
      socket.write(request);
      await once(socket, "readable");
    }),
  );
}

async function expectServed(): Promise<void> {
  const answer = await expectOk(await fetch(`${partitionUrl(place, "records")}?offset=0&maxRecords=5`));
  expect(((await answer.json()) as { records: unknown[] }).records).toHaveLength(5);
  const client = await connectKafka(broker.kafkaAddress);
  client.send(fetchFrame(place.topic, 0));
  const { response } = openResponse(API.fetch, 12, await client.next());
  expect(response.responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(BATCH_BYTES / 2);
  client.socket.destroy();
}

const PATH = `/v1/topics/unread/partitions/0/records?offset=0&maxBytes=${ASKED_BYTES}&maxRecords=100000`;

test.each([
  ["JSON", "application/json"],
  ["MessagePack", "application/msgpack"],
  ["record batches", "application/vnd.kafka.record-batches"],
])("fetches over HTTP as %s", async (_, accept) => {
  await askAndReadNothing(broker.port, `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
  await expectServed();
  expect(residentBytes(broker.workerdPid) - residentBefore).toBeLessThan(MAX_GROWTH_BYTES);
});

test("fetches over Kafka's protocol", async () => {
  const port = Number(broker.kafkaAddress.split(":").at(-1));
  await askAndReadNothing(port, fetchFrame(place.topic, 0, { maxBytes: ASKED_BYTES }));
  await expectServed();
  expect(residentBytes(broker.workerdPid) - residentBefore).toBeLessThan(MAX_GROWTH_BYTES);
});

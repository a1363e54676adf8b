// What the benchmarks over HTTP start from: the broker as `npm start` runs it and the reference Worker, both on plain workerd, both with
// data on the same disk.

import { randomBytes } from "node:crypto";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../../test/support/broker.ts";
import { loadCore } from "../../test/support/core.ts";
import { buildRequest } from "./http-load.ts";
import { type Reference, startReference } from "./reference.ts";

export const BATCHES_TYPE = "application/vnd.kafka.record-batches";

const core = loadCore();

/** Runs a benchmark between the start and the end of both. */
export async function withBrokerAndReference(run: (broker: Broker, reference: Reference) => Promise<void>): Promise<void> {
  const broker = await startBroker();
  try {
    const reference = await startReference();
    await run(broker, reference).finally(() => reference.stop());
  } finally {
    await broker.stop();
  }
}

export async function createTopic(url: string, name: string, configs: Readonly<Record<string, string>> = {}): Promise<void> {
  const answer = await fetch(`${url}/v1/topics`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, partitions: 1, configs }),
  });
  if (answer.status !== 201) throw new Error(`creating ${name} was answered ${answer.status}: ${await answer.text()}`);
}

/** A record batch of random values, which no codec or cache makes smaller. */
export function randomBatch(recordCount: number, valueBytes: number): Uint8Array {
  const timestamp = Date.now();
  const records = Array.from({ length: recordCount }, () => ({ key: null, value: randomBytes(valueBytes), timestamp }));
  return encodeBatch(core, records, { compression: "none" });
}

/** Appends one batch to partition 0. */
export function appendRequest(topic: string, batch: Uint8Array): Buffer {
  return buildRequest("POST", `/v1/topics/${topic}/partitions/0/batches`, { headers: { "content-type": BATCHES_TYPE }, body: batch });
}

/** Fetches stored batches from partition 0. */
export function fetchRequest(topic: string, offset: number, maxBytes: number, maxWaitMs = 0): Buffer {
  const path = `/v1/topics/${topic}/partitions/0/records?offset=${offset}&maxBytes=${maxBytes}&maxWaitMs=${maxWaitMs}`;
  return buildRequest("GET", path, { headers: { accept: BATCHES_TYPE } });
}

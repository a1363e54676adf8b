// Live tails over WebSockets whose clients are slower than the topic: the broker stays a little ahead of them, or closes them.

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { MAX_UNTOLD_TAIL_BYTES, SOCKET_WINDOW_BYTES } from "../../src/common/limits/websockets.ts";
import { takenMessage } from "../../src/common/taken-message.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { loadCore } from "../support/core.ts";
import { createTopic, type PartitionPlace, partitionUrl, produceBatches } from "../support/raw-batches.ts";

const BATCHES = 80;
const RECORDS = 10;

/** More than a client that does not tell may be sent. */
const VALUE_BYTES = Math.ceil((1.2 * MAX_UNTOLD_TAIL_BYTES) / (BATCHES * RECORDS));

let broker: Broker;
let place: PartitionPlace;

beforeAll(async () => {
  broker = await startBroker();
  [place] = (await createTopic(broker.url, "slow")) as [PartitionPlace];
  const record = { key: null, value: "x".repeat(VALUE_BYTES), timestamp: 0 };
  const batch = encodeBatch(loadCore(), Array(RECORDS).fill(record), { compression: "none" });
  for (let count = 0; count < BATCHES; count++) await produceBatches(place, batch.slice());
});
afterAll(() => broker?.stop());

function openTail(offset: number): WebSocket {
  return new WebSocket(`${partitionUrl(place, "tail").replace(/^http/, "ws")}?offset=${offset}&maxBytes=200000`);
}

test("one that tells what it takes is never sent more than a window ahead, and gets everything", async () => {
  const tail = openTail(0);
  let [aheadBytes, mostAheadBytes, nextOffset] = [0, 0, 0];
  tail.on("open", () => tail.send(takenMessage(0)));
  const everything = new Promise<void>((resolve) => {
    tail.on("message", async (data: Buffer) => {
      aheadBytes += data.length;
      mostAheadBytes = Math.max(mostAheadBytes, aheadBytes);
      await sleep(20); // slower than the broker
      aheadBytes -= data.length;
      tail.send(takenMessage(1));
      nextOffset = (JSON.parse(data.toString()) as { nextOffset: number }).nextOffset;
      if (nextOffset === BATCHES * RECORDS) resolve();
    });
  });
  await everything;
  tail.close();
  // What was on its way before the broker heard of the first "taken" is not counted by it.
  expect(mostAheadBytes).toBeLessThanOrEqual(2 * SOCKET_WINDOW_BYTES);
});

test("one that never tells is closed after so many bytes, with a problem, and can go on", async () => {
  const tail = openTail(0);
  let [bytes, nextOffset] = [0, 0];
  let problem: unknown = null;
  tail.on("message", (data: Buffer) => {
    bytes += data.length;
    const message = JSON.parse(data.toString()) as { nextOffset?: number };
    if (message.nextOffset === undefined) problem = message;
    else nextOffset = message.nextOffset;
  });
  const [code] = (await once(tail, "close")) as [number];
  expect(code).toBe(4429);
  expect(problem).toMatchObject({ code: "THROTTLING_QUOTA_EXCEEDED", retriable: true });
  expect(bytes).toBeLessThan(MAX_UNTOLD_TAIL_BYTES + 1_000_000);
  expect(nextOffset).toBeGreaterThan(0);
  const second = openTail(nextOffset);
  const [data] = (await once(second, "message")) as [Buffer];
  expect(JSON.parse(data.toString())).toMatchObject({ records: [{ offset: nextOffset }, ...Array(RECORDS - 1).fill({})] });
  second.close();
});

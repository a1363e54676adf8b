// Replay of stored batches over HTTP in fetches of 1 MB, against a bare object that returns as many bytes from SQLite: one row of
// 1 MB, the least that the platform can do, and for information eight rows, joined.
//
//   npm run bench -- replay        goal: 0.8 x reference (docs: bench/README.md)

import type { Broker } from "../test/support/broker.ts";
import { buildRequest, load } from "./support/http-load.ts";
import type { Reference } from "./support/reference.ts";
import { printTurns, sized, takeTurns } from "./support/rounds.ts";
import { appendRequest, BATCHES_TYPE, createTopic, fetchRequest, randomBatch, withBrokerAndReference } from "./support/setting.ts";

const FETCH_BYTES = 1 << 20;
const STORED_BATCHES = sized(640, 30);
const FETCHES = sized(400, 5);
const IN_FLIGHT = 2;

/** Of the second reference: rows as small as those of a log that was written in 100 KB batches. */
const ROWS_PER_FETCH = 8;

/** Fills the log with 100 KB batches and returns the offsets at which a reader of it asks for more. */
async function storeBatches(broker: Broker): Promise<number[]> {
  await createTopic(broker.url, "replay");
  const append = appendRequest("replay", randomBatch(100, 1000));
  await load({ port: broker.port, inFlight: 4, count: STORED_BATCHES, request: () => append });
  const offsets: number[] = [];
  for (let offset = 0; offset < STORED_BATCHES * 100; ) {
    offsets.push(offset);
    const path = `/v1/topics/replay/partitions/0/records?offset=${offset}&maxBytes=${FETCH_BYTES}`;
    const answer = await fetch(broker.url + path, { headers: { accept: BATCHES_TYPE } });
    await answer.arrayBuffer();
    offset = Number(answer.headers.get("x-next-offset"));
  }
  return offsets;
}

/** Stores as many bytes as the log is long, in rows of one size. */
async function storeRows(reference: Reference, rowBytes: number, count: number): Promise<void> {
  const insert = buildRequest("POST", "/insert", { body: new Uint8Array(rowBytes).fill(1) });
  await load({ port: reference.port, inFlight: 2, count, request: () => insert });
}

await withBrokerAndReference(async (broker, reference) => {
  const offsets = await storeBatches(broker);
  await storeRows(reference, FETCH_BYTES, offsets.length);
  await storeRows(reference, FETCH_BYTES / ROWS_PER_FETCH, offsets.length * ROWS_PER_FETCH);
  const fetches = offsets.map((offset) => fetchRequest("replay", offset, FETCH_BYTES));
  const rows = offsets.map((_, i) => buildRequest("GET", `/row?id=${i + 1}`));
  const smallRows = offsets.map((_, i) =>
    buildRequest("GET", `/row?id=${offsets.length + i * ROWS_PER_FETCH + 1}&count=${ROWS_PER_FETCH}`),
  );
  const megabytesPerSecond = async (port: number, requests: readonly Buffer[]) => {
    const request = (n: number) => requests[n % requests.length]!;
    return (await load({ port, inFlight: IN_FLIGHT, count: FETCHES, request })).bodyMegabytesPerSecond;
  };
  const figures = await takeTurns({
    "bare rows": () => megabytesPerSecond(reference.port, rows),
    "bare rows of 128 KB, joined": () => megabytesPerSecond(reference.port, smallRows),
    "fetch of batches": () => megabytesPerSecond(broker.port, fetches),
  });
  printTurns(`fetches of 1 MB, ${IN_FLIGHT} in flight`, "MB/s", figures, "bare rows");
});

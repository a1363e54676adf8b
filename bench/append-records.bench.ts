// Append of 1 KB records over HTTP, one a request, 64 in flight, against an RPC call to an object that does nothing. The records come
// raw (the body is the value; the Worker encodes the batch) and as batches of one.
//
//   npm run bench -- append-records        goal: 0.8 x the empty call (docs: bench/README.md)

import { randomBytes } from "node:crypto";
import { buildRequest, load } from "./support/http-load.ts";
import { printTurns, sized, takeTurns } from "./support/rounds.ts";
import { appendRequest, createTopic, randomBatch, withBrokerAndReference } from "./support/setting.ts";

const IN_FLIGHT = 64;
const COUNT = sized(3000, 100);
const RECORD_BYTES = 1024;

await withBrokerAndReference(async (broker, reference) => {
  await createTopic(broker.url, "records");
  const empty = buildRequest("GET", "/empty");
  const insert = buildRequest("POST", "/insert", { body: randomBytes(RECORD_BYTES) });
  const append = appendRequest("records", randomBatch(1, RECORD_BYTES));
  const raw = buildRequest("POST", "/v1/topics/records/records?partition=0", {
    headers: { "content-type": "application/octet-stream" },
    body: randomBytes(RECORD_BYTES),
  });
  const perSecond = async (port: number, request: Buffer, count = COUNT) =>
    (await load({ port, inFlight: IN_FLIGHT, count, request: () => request })).requestsPerSecond;
  const figures = await takeTurns({
    "empty call": () => perSecond(reference.port, empty),
    "raw value": () => perSecond(broker.port, raw),
    "batch of one": () => perSecond(broker.port, append),
    "bare insert, a commit each": () => perSecond(reference.port, insert, COUNT / 5),
  });
  printTurns(`1 KB records, one a request, ${IN_FLIGHT} in flight`, "/s", figures, "empty call");
});

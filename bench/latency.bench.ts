// From produce to fetch, one record at a time: a reader waits in a long poll, a writer produces one record, and the clock runs from the
// first byte of the produce to the last byte of the reader's answer. Against one bare request (the platform's and the client's own share)
// and one durable insert (which each record's acknowledgement contains).
//
//   npm run bench -- latency        goal: p50 2 x a bare request, p99 5 ms (docs: bench/README.md)

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { buildRequest, Connection } from "./support/http-load.ts";
import { format, quantile, sized, takeTurns } from "./support/rounds.ts";
import { createTopic, fetchRequest, withBrokerAndReference } from "./support/setting.ts";

const RECORDS_PER_TURN = sized(200, 10);
const RECORD_BYTES = 1024;
const FETCH_BYTES = 1 << 20;
const MAX_WAIT_MS = 30_000;

/** Time for the reader's request to arrive and begin its wait; not measured. */
const SETTLE_MS = 3;

await withBrokerAndReference(async (broker, reference) => {
  await createTopic(broker.url, "latency");
  const body = randomBytes(RECORD_BYTES);
  const produce = buildRequest("POST", "/v1/topics/latency/records?partition=0", {
    headers: { "content-type": "application/octet-stream" },
    body,
  });
  const nothing = buildRequest("GET", "/nothing");
  const insert = buildRequest("POST", "/insert", { body });
  const [writer, reader, bare] = [new Connection(broker.port), new Connection(broker.port), new Connection(reference.port)];
  const latencies: Record<string, number[]> = { "bare request": [], "bare insert": [], "produce to fetch": [], acknowledgement: [] };
  let offset = 0;

  const timeBare = async (name: string, request: Buffer) => {
    for (let i = 0; i < RECORDS_PER_TURN; i++) {
      await sleep(SETTLE_MS);
      const start = performance.now();
      await bare.send(request);
      latencies[name]!.push(performance.now() - start);
    }
    return 0;
  };
  const timeProduceToFetch = async () => {
    for (let i = 0; i < RECORDS_PER_TURN; i++) {
      const fetched = reader.send(fetchRequest("latency", offset++, FETCH_BYTES, MAX_WAIT_MS));
      await sleep(SETTLE_MS);
      const start = performance.now();
      const acknowledged = writer.send(produce).then(() => latencies.acknowledgement!.push(performance.now() - start));
      const bytes = await fetched;
      latencies["produce to fetch"]!.push(performance.now() - start);
      await acknowledged;
      if (bytes < RECORD_BYTES) throw new Error("the reader was answered before its record was there");
    }
    return 0;
  };

  await takeTurns({
    "bare request": () => timeBare("bare request", nothing),
    "produce to fetch": timeProduceToFetch,
    "bare insert": () => timeBare("bare insert", insert),
  });
  for (const connection of [writer, reader, bare]) connection.close();

  console.log("\none record at a time, ms");
  const medianOf = (name: string) => quantile(latencies[name]!, 0.5);
  for (const [name, values] of Object.entries(latencies)) {
    const [p50, p99] = [quantile(values, 0.5), quantile(values, 0.99)];
    const ratios = ["bare request", "bare insert"].map((base) => `${format(p50 / medianOf(base))} x ${base}`);
    console.log(`  ${name.padEnd(20)} p50 ${format(p50).padStart(6)}  p99 ${format(p99).padStart(6)}  p50 ${ratios.join(", ")}`);
  }
});

// What the platform would charge: rows written per megabyte, R2 operations per sealed segment, requests; counted in the broker's own
// stores while it works (bench/cost/), and multiplied with the price list (support/prices.ts). 1 KB records, 100 a batch, written once and
// read once:
//
//   one at a time     one producer, which waits for each batch, and a consumer at the end of the log, which waits for each batch: the dearest
//   together          four producers at a time, whose batches share calls and rows, and then a consumer that reads a megabyte a fetch
//
//   npm run bench -- cost        goal: below $0.08 a gigabyte in and out, storage aside (docs: bench/README.md)

import { type Counts, sumOf } from "./cost/counts.ts";
import { type CountedBroker, startCountedBroker } from "./support/counted-broker.ts";
import { settledSegments } from "./support/fill-partition.ts";
import { Connection, load } from "./support/http-load.ts";
import { priceTerms } from "./support/prices.ts";
import { cpuMs } from "./support/process-time.ts";
import { sized } from "./support/rounds.ts";
import { appendRequest, createTopic, fetchRequest, randomBatch } from "./support/setting.ts";

const RECORDS_PER_BATCH = 100;
const RECORD_BYTES = 1000;
const BATCHES = sized(2000, 40);

/** Smaller than the default of 1 GB, so that some are sealed: more operations a gigabyte, not fewer. */
const SEGMENT_BYTES = sized(32 * 2 ** 20, 2 ** 20);
const FETCH_BYTES = 1 << 20;
const MAX_WAIT_MS = 30_000;
const PRODUCERS = 4;
const BYTES_PER_SECOND = 1e6;
const GOAL_DOLLARS = 0.08;

const batch = randomBatch(RECORDS_PER_BATCH, RECORD_BYTES);

async function oneAtATime({ port }: CountedBroker, topic: string): Promise<void> {
  const [producer, consumer] = [new Connection(port), new Connection(port)];
  for (let n = 0; n < BATCHES; n++) {
    const fetched = consumer.send(fetchRequest(topic, n * RECORDS_PER_BATCH, FETCH_BYTES, MAX_WAIT_MS));
    await producer.send(appendRequest(topic, batch));
    await fetched;
  }
  producer.close();
  consumer.close();
}

async function together({ port, url }: CountedBroker, topic: string): Promise<void> {
  await load({ port, inFlight: PRODUCERS, count: BATCHES, request: () => appendRequest(topic, batch) });
  for (let offset = 0; offset < BATCHES * RECORDS_PER_BATCH; ) {
    const path = `/v1/topics/${topic}/partitions/0/records?offset=${offset}&maxBytes=${FETCH_BYTES}`;
    const answer = await fetch(url + path, { headers: { accept: "application/vnd.kafka.record-batches" } });
    await answer.arrayBuffer();
    offset = Number(answer.headers.get("x-next-offset"));
  }
}

async function measure(broker: CountedBroker, title: string, work: (broker: CountedBroker, topic: string) => Promise<void>): Promise<void> {
  const topic = title.replaceAll(" ", "-");
  await createTopic(broker.url, topic, { "segment.bytes": String(SEGMENT_BYTES) });
  await broker.resetCounts();
  const cpuBefore = cpuMs(broker.workerdPid);
  await work(broker, topic);
  const cpu = cpuMs(broker.workerdPid) - cpuBefore;
  const { workerRequests } = await broker.counts();
  const segments = await settledSegments(broker.url, topic); // asks again and again, which no client does
  const counts = { ...(await broker.counts()), workerRequests };
  report(title, counts, segments.length - 1, cpu);
}

function report(title: string, counts: Counts, sealedSegments: number, cpu: number): void {
  const bytes = BATCHES * RECORDS_PER_BATCH * RECORD_BYTES;
  const rows = sumOf(counts.rowsWritten) + counts.alarmsSet;
  console.log(`\n${title}: ${bytes / 1e6} MB in ${BATCHES} batches, ${sealedSegments} segments sealed`);
  console.log(`  rows written per MB: ${(rows / (bytes / 1e6)).toFixed(2)}; per batch: ${(rows / BATCHES).toFixed(3)}`);
  console.log(`  R2 per sealed segment: ${(sumOf(counts.r2ClassA) / Math.max(sealedSegments, 1)).toFixed(1)} class A`);
  console.log("\n  per GB            count   dollars   counted");
  const terms = priceTerms({ counts, bytes, cpuMs: cpu, bytesPerSecond: BYTES_PER_SECOND });
  for (const { what, count, dollars, why } of terms) {
    console.log(`  ${what.padEnd(16)}${count.toFixed(0).padStart(8)}   ${dollars.toFixed(5)}   ${why}`);
  }
  const total = terms.reduce((sum, { dollars }) => sum + dollars, 0);
  console.log(`  ${"in and out".padEnd(24)}   ${total.toFixed(5)}   goal: below ${GOAL_DOLLARS}`);
}

const broker = await startCountedBroker();
try {
  await measure(broker, "one at a time", oneAtATime);
  await measure(broker, "together", together);
} finally {
  await broker.stop();
}

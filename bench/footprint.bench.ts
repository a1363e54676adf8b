// Memory and start: the time from the start of the process to the first acknowledged record, the runtime's resident size when idle, and
// its peak while 2 GB are appended and read again, 4 requests in flight. A bare object that inserts and returns the same bytes shows the
// runtime's own share. Linux only (/proc).
//
//   npm run bench -- footprint        (docs: bench/README.md)

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWorker } from "../scripts/build-worker.ts";
import { startBroker } from "../test/support/broker.ts";
import { buildRequest, load } from "./support/http-load.ts";
import { startReference } from "./support/reference.ts";
import { format, sized } from "./support/rounds.ts";
import { appendRequest, createTopic, fetchRequest, randomBatch } from "./support/setting.ts";

const TOTAL_BYTES = sized(2e9, 5e7);
const RECORDS_PER_BATCH = 100;
const FETCH_BYTES = 1 << 20;
const BATCHES_PER_FETCH = 10;
const IN_FLIGHT = 4;
const IDLE_MS = sized(12_000, 100);

/** Resident size and its peak so far, in MB (proc(5): VmRSS, VmHWM). */
function memory(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)![1]) / 1000;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

function report(what: string, value: number, unit: string): void {
  console.log(`  ${what.padEnd(52)}${format(value).padStart(8)} ${unit}`);
}

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly workerdPid: number;
  /** Appends one batch. */
  readonly append: Buffer;
  /** Reads about a megabyte, the n-th from the start. */
  fetch(n: number): Buffer;
}

/** Resident size when idle, and its peak while `count` batches are appended and then read again. */
async function measureMemory({ name, port, workerdPid, append, fetch }: Contender, count: number): Promise<void> {
  await sleep(IDLE_MS);
  report(`${name}, idle`, memory(workerdPid).now, "MB");
  await load({ port, inFlight: IN_FLIGHT, count, request: () => append });
  report(`${name}, peak while ${format(TOTAL_BYTES / 1e9)} GB are appended`, memory(workerdPid).peak, "MB");
  await load({ port, inFlight: IN_FLIGHT, count: Math.floor(count / BATCHES_PER_FETCH), request: fetch });
  report(`${name}, peak after they are read again`, memory(workerdPid).peak, "MB");
  await sleep(IDLE_MS);
  report(`${name}, idle again`, memory(workerdPid).now, "MB");
}

console.log("\nmemory and start");
const batch = randomBatch(RECORDS_PER_BATCH, 1000);
const batchCount = Math.ceil(TOTAL_BYTES / batch.length);

const reference = await startReference();
try {
  const insert = buildRequest("POST", "/insert", { body: batch });
  const fetchRows = (n: number) => buildRequest("GET", `/row?id=${n * BATCHES_PER_FETCH + 1}&count=${BATCHES_PER_FETCH}`);
  await measureMemory({ name: "bare object", ...reference, append: insert, fetch: fetchRows }, batchCount);
} finally {
  await reference.stop();
}

// What every start but the first one takes: the bundle is there.
await buildWorker();
const start = performance.now();
const broker = await startBroker();
try {
  const { port, workerdPid, url } = broker;
  report("broker, start to listening", performance.now() - start, "ms");
  await createTopic(url, "footprint");
  const append = appendRequest("footprint", batch);
  await load({ port, inFlight: 1, count: 1, request: () => append });
  report("broker, start to the first acknowledged record", performance.now() - start, "ms");
  const fetch = (n: number) => fetchRequest("footprint", n * BATCHES_PER_FETCH * RECORDS_PER_BATCH, FETCH_BYTES);
  await measureMemory({ name: "broker", port, workerdPid, append, fetch }, batchCount);
} finally {
  await broker.stop();
}

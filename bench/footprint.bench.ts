// Memory and start: the time from the start of the process to the first acknowledged record, the runtime's resident size when idle, and
// its peak while 2 GB are appended and replayed. The bare reference Worker gives the runtime's own share. Linux only (/proc).
//
//   npm run bench -- footprint        (docs: bench/README.md)

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startBroker } from "../test/support/broker.ts";
import { load } from "./support/http-load.ts";
import { startReference } from "./support/reference.ts";
import { format, sized } from "./support/rounds.ts";
import { appendRequest, createTopic, fetchRequest, randomBatch } from "./support/setting.ts";

const TOTAL_BYTES = sized(2e9, 5e7);
const RECORDS_PER_BATCH = 100;
const FETCH_BYTES = 1 << 20;
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

/** The bundle is built before, so this is what every start but the first one takes. */
async function measureStart() {
  const start = performance.now();
  const broker = await startBroker();
  const listens = performance.now() - start;
  await createTopic(broker.url, "footprint");
  const batch = randomBatch(RECORDS_PER_BATCH, 1000);
  const append = appendRequest("footprint", batch);
  await load({ port: broker.port, inFlight: 1, count: 1, request: () => append });
  report("start to listening", listens, "ms");
  report("start to the first acknowledged record", performance.now() - start, "ms");
  return { broker, batch, append };
}

const reference = await startReference();
console.log("\nmemory and start");
await sleep(IDLE_MS);
report("bare reference, idle", memory(reference.workerdPid).now, "MB");
await reference.stop();

const { broker, batch, append } = await measureStart();
try {
  const { workerdPid, port } = broker;
  await sleep(IDLE_MS);
  report("broker, idle", memory(workerdPid).now, "MB");

  const count = Math.ceil(TOTAL_BYTES / batch.length);
  await load({ port, inFlight: 4, count, request: () => append });
  report(`broker, peak while ${format(TOTAL_BYTES / 1e9)} GB are appended`, memory(workerdPid).peak, "MB");

  const batchesPerFetch = Math.floor(FETCH_BYTES / batch.length);
  const fetches = Math.floor(count / batchesPerFetch);
  const offset = (n: number) => n * batchesPerFetch * RECORDS_PER_BATCH;
  await load({ port, inFlight: 4, count: fetches, request: (n) => fetchRequest("footprint", offset(n), FETCH_BYTES) });
  report("broker, peak after they are replayed too", memory(workerdPid).peak, "MB");
  await sleep(IDLE_MS);
  report("broker, idle again", memory(workerdPid).now, "MB");
} finally {
  await broker.stop();
}

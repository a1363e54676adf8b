// Webhooks: records a second through a subscription, against a bare loop that posts the same bodies to the same receiver with as many
// requests in flight; and the time from a produce to the receiver, one record at a time.
//
//   npm run bench -- webhooks        goal: 0.7 x the bare loop (docs: bench/README.md)

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startBroker } from "../test/support/broker.ts";
import { processMs } from "./support/process-time.ts";
import { format, quantile, sized } from "./support/rounds.ts";

const ROUNDS = sized(7, 1);
/** Of both, not counted: their code is compiled meanwhile. */
const WARM_UP_ROUNDS = sized(2, 0);
/** Of a round: a second or so, so that making the subscription's and its group's objects does not count. */
const RECORDS = sized(200_000, 200);
const LATENCY_RECORDS = sized(200, 10);
const RECORD_BYTES = 200;
const IN_FLIGHT = 5;
const RECORDS_PER_REQUEST = 1_000;
const BATCHES = [1, 100];

/** Time for the subscription to come to rest between records; not measured. */
const SETTLE_MS = 5;

const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    response.writeHead(204).end();
    arrived(Buffer.concat(chunks), request.headers["idempotency-key"]);
  });
});
let arrived: (body: Buffer, idempotencyKey: string | string[] | undefined) => void = () => undefined;
await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
const broker = await startBroker({ env: { SLUICE_ALLOW_PRIVATE_WEBHOOKS: "1" } });

async function call(method: string, path: string, body: unknown): Promise<void> {
  const init = { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(broker.url + path, init);
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
}

/** Resolves once the receiver has got so many records; keeps the bodies. */
function collect(count: number): Promise<Buffer[]> {
  return new Promise((resolve) => {
    const bodies: Buffer[] = [];
    let records = 0;
    arrived = (body, idempotencyKey) => {
      bodies.push(body);
      records += recordsIn(String(idempotencyKey));
      if (records < count) return;
      arrived = () => undefined;
      resolve(bodies);
    };
  });
}

/** By the key's ranges of offsets, `orders/0/4-9,12`: to look at each body would cost the receiver more than to take it. */
function recordsIn(idempotencyKey: string): number {
  const ranges = idempotencyKey.slice(idempotencyKey.lastIndexOf("/") + 1).split(",");
  return ranges.reduce((sum, range) => {
    const [first, last = first] = range.split("-").map(Number);
    return sum + last! - first! + 1;
  }, 0);
}

async function produce(topic: string, count: number): Promise<void> {
  const value = "x".repeat(RECORD_BYTES);
  for (let sent = 0; sent < count; sent += RECORDS_PER_REQUEST) {
    const records = Array.from({ length: Math.min(RECORDS_PER_REQUEST, count - sent) }, (_, i) => ({ key: `k${sent + i}`, value }));
    await call("POST", `/v1/topics/${topic}/records?offsets=false`, { records });
  }
}

interface Delivered {
  readonly perSecond: number;
  readonly bodies: Buffer[];
  /** Of the server's own time, for each call: what other work on the machine changes least. */
  readonly serverUs: number;
}

/** Records a second of a topic from its beginning, and the bodies of the calls. */
async function throughSubscription(topic: string, name: string, maxRecords: number, count: number): Promise<Delivered> {
  const config = { topics: [topic], url, order: "none", maxInFlight: IN_FLIGHT, batch: { maxRecords }, from: "earliest", paused: true };
  await call("PUT", `/v1/subscriptions/${name}`, config);
  const collected = collect(count);
  const [start, serverMs] = [performance.now(), processMs(broker.workerdPid)];
  await call("POST", `/v1/subscriptions/${name}/resume`, {});
  const bodies = await collected;
  const perSecond = (count / (performance.now() - start)) * 1_000;
  const serverUs = ((processMs(broker.workerdPid) - serverMs) / bodies.length) * 1_000;
  await call("DELETE", `/v1/subscriptions/${name}`, undefined);
  return { perSecond, bodies, serverUs };
}

/** The same bodies, posted by a loop that does nothing else, in this process's own fetch. */
async function throughBareLoop(bodies: readonly Buffer[], count: number): Promise<number> {
  const queue = bodies.values();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let next = queue.next(); !next.done; next = queue.next()) {
        const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: next.value as BodyInit });
        await answer.arrayBuffer();
      }
    }),
  );
  return (count / (performance.now() - start)) * 1_000;
}

for (const maxRecords of BATCHES) {
  const count = maxRecords === 1 ? Math.ceil(RECORDS / 10) : RECORDS;
  const topic = `bench-${maxRecords}`;
  const [ours, bare, server]: [number[], number[], number[]] = [[], [], []];
  await call("POST", "/v1/topics", { name: topic, partitions: 1 });
  await produce(topic, count);
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const { perSecond, bodies, serverUs } = await throughSubscription(topic, `${topic}-${round + WARM_UP_ROUNDS}`, maxRecords, count);
    const barePerSecond = await throughBareLoop(bodies, count);
    if (round < 0) continue;
    ours.push(perSecond);
    server.push(serverUs);
    bare.push(barePerSecond);
  }
  const [a, b] = [quantile(ours, 0.5), quantile(bare, 0.5)];
  const ratios = ours.map((perSecond, round) => perSecond / bare[round]!);
  console.log(`\n${maxRecords} record${maxRecords === 1 ? "" : "s"} a call, ${IN_FLIGHT} in flight, records/s`);
  console.log(`  subscription ${format(a).padStart(9)}    bare fetch loop ${format(b).padStart(9)}    ${format(quantile(ratios, 0.5))} x`);
  console.log(`  the server's own time, us a call: ${format(quantile(server, 0.5))} (at the least ${format(Math.min(...server))})`);
}

await call("POST", "/v1/topics", { name: "latency", partitions: 1 });
await call("PUT", "/v1/subscriptions/latency", { topics: ["latency"], url, from: "earliest" });
const latencies: number[] = [];
for (let i = 0; i < LATENCY_RECORDS; i++) {
  const collected = collect(1);
  const start = performance.now();
  await call("POST", "/v1/topics/latency/records?offsets=false", { records: [{ value: i }] });
  await collected;
  latencies.push(performance.now() - start);
  await sleep(SETTLE_MS);
}
console.log("\nfrom the first byte of a produce to the receiver, one record at a time, ms");
console.log(`  p50 ${format(quantile(latencies, 0.5))}  p99 ${format(quantile(latencies, 0.99))}`);

await broker.stop();
receiver.close();
receiver.closeAllConnections();

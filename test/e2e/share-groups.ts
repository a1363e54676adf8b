// Workers of a share group that fail and die at random, over a broker that is killed with kill -9 if wanted, and the proof from their recorded
// history that every record was acknowledged once or dead-lettered with its count, and that the order within each key was kept.
//
//   node test/e2e/share-groups.ts [--records 100000] [--workers 50] [--members 0] [--keys 1000] [--kills 0] [--seed N] [--subscription]
//
// With --subscription the group is that of a subscription that is pulled from, and between the records are others that its filter passes over.
//
// A worker pulls, works, and settles: 5 % of the records it gives back, with a delay or without, and with 2 % of the pulls it dies, that is, it
// settles nothing and another takes its place. So many of them as --members says are members by Kafka's protocol, the others use HTTP. What a
// kill leaves open, an ack whose answer never came, is in the history as just that.
//
// What is proven is in test/support/share-proof.ts.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Broker, startBroker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";
import { type DeadLetter, type Delivery, prove } from "../support/share-proof.ts";
import { type Attempt, httpWorker, kafkaWorker, type ShareDoor, type ShareWorker } from "./share-workers.ts";

const TOPIC = "work";
const DEAD_LETTERS = "work-dead";
const GROUP = "workers";
const PARTITIONS = 2;
const MAX_DELIVERIES = 4;
const LEASE_MS = 2_000;
const FAILURE_RATE = 0.05;
const DEATH_RATE = 0.02;
const MAX_PULL_RECORDS = 100;
const REQUEST_TIMEOUT_MS = 20_000;
const RETRY_DELAY_MS = 20;

export interface ShareGroupRun {
  readonly records: number;
  readonly workers: number;
  /** Of the workers, those that speak Kafka's protocol. */
  readonly members: number;
  readonly keys: number;
  /** Of the broker, with -9. */
  readonly kills: number;
  readonly seed: number;
  /** The group is a subscription's, with a filter. */
  readonly isSubscription?: boolean;
  /** Of the pulls, those that a worker dies with; 0.02 if absent. */
  readonly deathRate?: number;
}

export interface ShareGroupFigures {
  readonly acknowledged: number;
  readonly deadLettered: number;
  readonly deliveries: number;
  readonly failures: number;
  readonly deaths: number;
  readonly lostAnswers: number;
  readonly seconds: number;
}

/** What the filter of a subscription passes over: as many as there are records. */
const NOISE = "noise";

function doorOf({ isSubscription }: ShareGroupRun): ShareDoor {
  return isSubscription
    ? { path: `/v1/subscriptions/${GROUP}`, pull: {} }
    : { path: `/v1/share-groups/${GROUP}`, pull: { topics: [TOPIC] } };
}

interface Work {
  readonly worker: ShareWorker;
  readonly random: () => number;
  readonly history: Delivery[];
  readonly deathRate: number;
}

/** Runs it all; rejects at the first broken promise. */
export async function runShareGroup(options: ShareGroupRun): Promise<ShareGroupFigures> {
  const { records, workers: workerCount, members, kills, seed, deathRate = DEATH_RATE } = options;
  const door = doorOf(options);
  const startMs = performance.now();
  const broker = await startBroker();
  try {
    await prepare(broker, options);
    const history: Delivery[] = [];
    const over = new AbortController();
    const ask: Attempt = (path, body) => attempt(broker.url, path, body);
    const workers = Array.from({ length: workerCount }, async (_, index) => {
      const worker = index < members ? kafkaWorker(broker.kafkaAddress, GROUP, TOPIC) : httpWorker(ask, door);
      await work({ worker, random: seededRandom(seed + index), history, deathRate }, over.signal);
      worker.die();
    });
    const failed = Promise.all(workers).then(() => undefined);
    const finished = untilAllIsDecided(broker.url, door, options.isSubscription ? 2 * records : records);
    await Promise.race([killRepeatedly(broker, kills, seededRandom(seed)), failed]);
    await Promise.race([finished, failed]);
    over.abort();
    await failed;
    const deadLetters = await readDeadLetters(broker.url);
    return {
      ...prove(history, deadLetters, { records, maxDeliveries: MAX_DELIVERIES, hasKills: kills > 0 }),
      seconds: (performance.now() - startMs) / 1000,
    };
  } finally {
    await broker.stop();
  }
}

async function prepare(broker: Broker, options: ShareGroupRun): Promise<void> {
  const { records, keys, isSubscription } = options;
  await send(broker.url, "POST", "/v1/topics", { name: TOPIC, partitions: PARTITIONS });
  await send(broker.url, "POST", "/v1/topics", { name: DEAD_LETTERS, partitions: 1 });
  const settings = { order: "key", leaseMs: LEASE_MS, maxInFlight: 5_000, deadLetterTopic: DEAD_LETTERS };
  const retry = { maxAttempts: MAX_DELIVERIES };
  const subscription = { pull: true, topics: [TOPIC], from: "earliest", filter: `value != "${NOISE}"`, retry };
  await send(broker.url, "PUT", doorOf(options).path, {
    ...settings,
    ...(isSubscription ? subscription : { maxDeliveries: MAX_DELIVERIES }),
  });
  for (let first = 0; first < records; first += 5_000) {
    const count = Math.min(5_000, records - first);
    const batch = Array.from({ length: count }, (_, index) => {
      const record = { key: `k${(first + index) % keys}`, value: String(first + index) };
      return isSubscription ? [{ ...record, value: NOISE }, record] : [record];
    }).flat();
    await send(broker.url, "POST", "/v1/topics/work/records?offsets=false", { records: batch });
  }
}

/** Pulls and settles until the signal aborts. A worker that dies is another one from then on. */
async function work({ worker, random, history, deathRate }: Work, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const askedMs = performance.now();
    const pulled = await worker.pull(1 + Math.floor(random() * MAX_PULL_RECORDS), 500);
    if (pulled === null) {
      await sleep(RETRY_DELAY_MS);
      continue;
    }
    const deliveredMs = performance.now();
    const deliveries = pulled.map((record): Delivery => {
      return { record, askedMs, deliveredMs, settledMs: Number.POSITIVE_INFINITY, answeredMs: Number.POSITIVE_INFINITY, outcome: "died" };
    });
    history.push(...deliveries);
    if (deliveries.length === 0) continue;
    if (random() >= deathRate) await settle(worker, deliveries, random);
    else worker.die();
  }
}

async function settle(worker: ShareWorker, deliveries: readonly Delivery[], random: () => number): Promise<void> {
  const fails = new Set(deliveries.filter(() => random() < FAILURE_RATE));
  const settledMs = performance.now();
  const refused = await worker.settle(deliveries, fails, random);
  const answeredMs = performance.now();
  for (const delivery of deliveries) {
    const outcome = fails.has(delivery) ? "released" : "acknowledged";
    delivery.outcome = refused === null ? "lost" : refused.has(delivery.record.leaseId) ? "refused" : outcome;
    Object.assign(delivery, { settledMs, answeredMs });
  }
}

async function killRepeatedly(broker: Broker, kills: number, random: () => number): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await sleep(500 + random() * 1_500);
    await broker.kill9();
    await broker.restart();
  }
}

/** @param records in the log */
async function untilAllIsDecided(url: string, { path }: ShareDoor, records: number): Promise<void> {
  for (;;) {
    const group = await attempt<{ partitions: { lag: number; endOffset: number }[] }>(url, path, undefined, "GET");
    const partitions = group?.partitions ?? [];
    const taken = partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
    if (taken === records && partitions.every(({ lag }) => lag === 0)) return;
    await sleep(100);
  }
}

async function readDeadLetters(url: string): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (let offset = 0; ; ) {
    const path = `/v1/topics/${DEAD_LETTERS}/partitions/0/records?offset=${offset}`;
    const page = (await send(url, "GET", path)) as { records: { headers: { key: string; value: string }[] }[]; nextOffset: number };
    if (page.records.length === 0) return letters;
    for (const { headers } of page.records) {
      const told = new Map(headers.map(({ key, value }) => [key.replace("__dlq.errors.", ""), value]));
      letters.push({ place: `${told.get("partition")}/${told.get("offset")}`, deliveryCount: Number(told.get("delivery.count")) });
    }
    offset = page.nextOffset;
  }
}

/** null: no answer came, or none that tells what was done. */
async function attempt<T>(url: string, path: string, body: unknown, method = "POST"): Promise<T | null> {
  try {
    const answer = (await send(url, method, path, body)) as T & { code?: string };
    return answer.code === undefined || "errors" in answer ? answer : null;
  } catch {
    return null; // the broker was killed: nobody knows what it has done
  }
}

async function send(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  if (response.status >= 500) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

export function describeShareGroupFigures(figures: ShareGroupFigures): string {
  const { acknowledged, deadLettered, deliveries, failures, deaths, lostAnswers, seconds } = figures;
  const rate = Math.round((acknowledged + deadLettered) / seconds);
  const ends = `${acknowledged} acknowledged once, ${deadLettered} dead-lettered after ${MAX_DELIVERIES} deliveries`;
  return `${ends}; ${deliveries} deliveries, ${failures} given back, ${deaths} died with, ${lostAnswers} answers lost; ${seconds.toFixed(1)} s, ${rate} records/s`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      records: { type: "string", default: "100000" },
      workers: { type: "string", default: "50" },
      members: { type: "string", default: "0" },
      keys: { type: "string", default: "1000" },
      kills: { type: "string", default: "0" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      subscription: { type: "boolean", default: false },
    },
  });
  const [records, workers, members, keys] = [values.records, values.workers, values.members, values.keys].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  console.log(`seed ${values.seed}`);
  const rest = { kills: Number(values.kills), seed: Number(values.seed), isSubscription: values.subscription };
  console.log(describeShareGroupFigures(await runShareGroup({ records, workers, members, keys, ...rest })));
}

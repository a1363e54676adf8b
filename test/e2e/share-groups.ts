// Workers of a share group that fail and die at random, over a broker that is killed with kill -9 if wanted, and the proof from their recorded
// history that every record was acknowledged once or dead-lettered with its count, and that the order within each key was kept.
//
//   node test/e2e/share-groups.ts [--records 100000] [--workers 50] [--keys 1000] [--kills 0] [--seed N]
//
// A worker pulls, works, and settles: 5 % of the records it gives back, with a delay or without, and with 2 % of the pulls it dies, that is, it
// settles nothing and another takes its place. What a kill leaves open, an ack whose answer never came, is in the history as just that.
//
// Proven, by key and by record:
//   - a record is delivered only after every earlier one of its key was acknowledged or given up, and while nobody else's lease on it lasts;
//   - every record has one acknowledgement that was answered or is one of a lost answer, or is in the dead-letter topic, once; never both;
//   - delivery counts go up by one from 1 (by more where a kill lost a pull's answer), and to maxDeliveries for what is dead-lettered;
//   - nothing is delivered again after an answered acknowledgement.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Broker, startBroker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";

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
  readonly keys: number;
  /** Of the broker, with -9. */
  readonly kills: number;
  readonly seed: number;
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

interface LeasedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly leaseId: string;
  readonly deliveryCount: number;
}

type Outcome = "acknowledged" | "refused" | "released" | "lost" | "died";

/** What became of one delivery; times are of one clock (ms). */
interface Delivery {
  readonly record: LeasedRecord;
  /** When the pull was sent, and when its answer was there. */
  readonly askedMs: number;
  readonly deliveredMs: number;
  /** When the settlement was sent, and when its answer was there. */
  settledMs: number;
  answeredMs: number;
  outcome: Outcome;
}

interface Worker {
  readonly random: () => number;
  readonly history: Delivery[];
}

/** Runs it all; rejects at the first broken promise. */
export async function runShareGroup(options: ShareGroupRun): Promise<ShareGroupFigures> {
  const { records, workers: workerCount, kills, seed } = options;
  const startMs = performance.now();
  const broker = await startBroker();
  try {
    await prepare(broker, options);
    const history: Delivery[] = [];
    const over = new AbortController();
    const workers = Array.from({ length: workerCount }, (_, index) =>
      work(broker.url, { random: seededRandom(seed + index), history }, over.signal),
    );
    const failed = Promise.all(workers).then(() => undefined);
    const finished = untilAllIsDecided(broker.url, records);
    await Promise.race([killRepeatedly(broker, kills, seededRandom(seed)), failed]);
    await Promise.race([finished, failed]);
    over.abort();
    await failed;
    const deadLetters = await readDeadLetters(broker.url);
    return { ...prove(history, deadLetters, options), seconds: (performance.now() - startMs) / 1000 };
  } finally {
    await broker.stop();
  }
}

async function prepare(broker: Broker, { records, keys }: ShareGroupRun): Promise<void> {
  await send(broker.url, "POST", "/v1/topics", { name: TOPIC, partitions: PARTITIONS });
  await send(broker.url, "POST", "/v1/topics", { name: DEAD_LETTERS, partitions: 1 });
  await send(broker.url, "PUT", `/v1/share-groups/${GROUP}`, {
    order: "key",
    leaseMs: LEASE_MS,
    maxDeliveries: MAX_DELIVERIES,
    maxInFlight: 5_000,
    deadLetterTopic: DEAD_LETTERS,
  });
  for (let first = 0; first < records; first += 5_000) {
    const count = Math.min(5_000, records - first);
    const batch = Array.from({ length: count }, (_, index) => ({ key: `k${(first + index) % keys}`, value: String(first + index) }));
    await send(broker.url, "POST", "/v1/topics/work/records?offsets=false", { records: batch });
  }
}

/** Pulls and settles until the signal aborts. A worker that dies is another one from then on. */
async function work(url: string, { random, history }: Worker, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const askedMs = performance.now();
    const pull = { topics: [TOPIC], maxRecords: 1 + Math.floor(random() * MAX_PULL_RECORDS), maxWaitMs: 500 };
    const pulled = await attempt<{ records: LeasedRecord[] }>(url, `/v1/share-groups/${GROUP}/pull`, pull);
    if (pulled === null) {
      await sleep(RETRY_DELAY_MS);
      continue;
    }
    const deliveredMs = performance.now();
    const deliveries = pulled.records.map((record): Delivery => {
      return { record, askedMs, deliveredMs, settledMs: Number.POSITIVE_INFINITY, answeredMs: Number.POSITIVE_INFINITY, outcome: "died" };
    });
    history.push(...deliveries);
    if (deliveries.length > 0 && random() >= DEATH_RATE) await settle(url, deliveries, random);
  }
}

async function settle(url: string, deliveries: readonly Delivery[], random: () => number): Promise<void> {
  const fails = new Set(deliveries.filter(() => random() < FAILURE_RATE));
  const acks = deliveries.filter((one) => !fails.has(one)).map(({ record }) => record.leaseId);
  const releases = [...fails].map(({ record: { leaseId } }) => ({ leaseId, delayMs: random() < 0.5 ? 0 : Math.floor(random() * 300) }));
  const settledMs = performance.now();
  const answer = await attempt<{ errors?: { leaseId: string }[] }>(url, `/v1/share-groups/${GROUP}/ack`, { acks, releases });
  const answeredMs = performance.now();
  const refused = new Set(answer?.errors?.map(({ leaseId }) => leaseId));
  for (const delivery of deliveries) {
    const outcome = fails.has(delivery) ? "released" : "acknowledged";
    delivery.outcome = answer === null ? "lost" : refused.has(delivery.record.leaseId) ? "refused" : outcome;
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

async function untilAllIsDecided(url: string, records: number): Promise<void> {
  for (;;) {
    const group = await attempt<{ partitions: { lag: number; endOffset: number }[] }>(url, `/v1/share-groups/${GROUP}`, undefined, "GET");
    const partitions = group?.partitions ?? [];
    const taken = partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
    if (taken === records && partitions.every(({ lag }) => lag === 0)) return;
    await sleep(100);
  }
}

interface DeadLetter {
  readonly place: string;
  readonly deliveryCount: number;
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

/** Throws at the first broken promise. */
export function prove(history: readonly Delivery[], deadLetters: readonly DeadLetter[], { records, kills }: ShareGroupRun) {
  const byRecord = groupBy(history, ({ record: { partition, offset } }) => `${partition}/${offset}`);
  const dead = new Map(deadLetters.map((letter) => [letter.place, letter]));
  if (dead.size !== deadLetters.length) throw new Error(`${deadLetters.length - dead.size} records are dead-lettered twice`);
  /** When each record was decided, at the latest; before then none behind it may be delivered. */
  for (const [place, deliveries] of byRecord) proveRecord(place, deliveries, dead.get(place), kills > 0);
  const decided = new Set([...byRecord.keys(), ...dead.keys()]);
  if (decided.size !== records) throw new Error(`${decided.size} of ${records} records were ever delivered`);
  for (const [key, deliveries] of groupBy(history, ({ record: { partition, key } }) => `${partition}/${key}`)) proveKey(key, deliveries);
  const count = (outcome: Outcome): number => history.filter((delivery) => delivery.outcome === outcome).length;
  return {
    acknowledged: [...byRecord.values()].filter((deliveries) => deliveries.some(isAcknowledged)).length,
    deadLettered: dead.size,
    deliveries: history.length,
    failures: count("released"),
    deaths: count("died"),
    lostAnswers: count("lost"),
  };
}

function proveRecord(place: string, deliveries: readonly Delivery[], dead: DeadLetter | undefined, hasKills: boolean): void {
  const inOrder = deliveries.toSorted((one, other) => one.record.deliveryCount - other.record.deliveryCount);
  const told = `record ${place}: ${JSON.stringify(inOrder.map(({ record, outcome }) => [record.deliveryCount, outcome]))}`;
  const acknowledgements = inOrder.filter(isAcknowledged);
  if (acknowledgements.length > 1) throw new Error(`acknowledged twice, ${told}`);
  if (acknowledgements.length === 1 && dead !== undefined) throw new Error(`acknowledged and dead-lettered, ${told}`);
  if (acknowledgements.length === 1 && inOrder.at(-1) !== acknowledgements[0])
    throw new Error(`delivered after its acknowledgement, ${told}`);
  const mayBeDecided = dead !== undefined || inOrder.some(({ outcome }) => outcome === "lost");
  if (acknowledgements.length === 0 && !mayBeDecided) throw new Error(`neither acknowledged nor dead-lettered, ${told}`);
  if (dead !== undefined && dead.deliveryCount !== MAX_DELIVERIES) throw new Error(`dead-lettered after ${dead.deliveryCount}, ${told}`);
  let before = 0;
  for (const { record, askedMs, deliveredMs } of inOrder) {
    const isNext = hasKills ? record.deliveryCount > before : record.deliveryCount === before + 1;
    if (!isNext || record.deliveryCount > MAX_DELIVERIES) throw new Error(`its deliveries do not count on, ${told}`);
    before = record.deliveryCount;
    if (deliveredMs < askedMs) throw new Error(`the clock went back, ${told}`);
  }
}

/** Between two deliveries of a key to different records, the first record was decided: its settlement was sent, or its lease was over. */
function proveKey(key: string, deliveries: readonly Delivery[]): void {
  const inOrder = deliveries.toSorted((one, other) => one.deliveredMs - other.deliveredMs);
  const open = new Map<number, Delivery>();
  for (const delivery of inOrder) {
    const { offset } = delivery.record;
    for (const [other, earlier] of open) {
      if (other === offset || !isUndecided(earlier, delivery)) continue;
      const told = `${other} (${earlier.outcome}, delivery ${earlier.record.deliveryCount}) was open when ${offset} was delivered`;
      throw new Error(`key ${key} is out of order: ${told}`);
    }
    open.set(offset, delivery);
  }
  for (const [offset, last] of open) {
    const later = inOrder.find(({ record, askedMs }) => record.offset < offset && askedMs > last.answeredMs && isAcknowledged(last));
    if (later !== undefined) throw new Error(`key ${key} is out of order: ${later.record.offset} came after ${offset} was acknowledged`);
  }
}

/** The last delivery of a record was still open, beyond any doubt, when a record behind it was delivered. */
function isUndecided(earlier: Delivery, later: Delivery): boolean {
  if (earlier.record.offset > later.record.offset) return true; // a later record of the key was delivered first
  if (earlier.outcome === "released" && earlier.record.deliveryCount < MAX_DELIVERIES) return true; // it waits for its retry
  if (earlier.outcome === "died" && earlier.record.deliveryCount < MAX_DELIVERIES) return true; // it comes again
  if (isAcknowledged(earlier)) return earlier.settledMs > later.deliveredMs;
  return false;
}

function isAcknowledged({ outcome }: Delivery): boolean {
  return outcome === "acknowledged";
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
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
      keys: { type: "string", default: "1000" },
      kills: { type: "string", default: "0" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const [records, workers, keys] = [Number(values.records), Number(values.workers), Number(values.keys)];
  console.log(`seed ${values.seed}`);
  console.log(
    describeShareGroupFigures(await runShareGroup({ records, workers, keys, kills: Number(values.kills), seed: Number(values.seed) })),
  );
}

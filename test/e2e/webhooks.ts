// Webhooks against a hostile receiver while the broker is killed with kill -9 again and again.
//
//   node test/e2e/webhooks.ts [--kills 20] [--seed N]     nothing lost, order kept, dead letters complete
//   node test/e2e/webhooks.ts --poison                    one poisoned key in a thousand: the latency of the others
//   node test/e2e/webhooks.ts --fan-out 1000              as many subscriptions on one topic, each record to each
//
// The receiver fails, hangs, closes halfway, answers 500, 301, 429 with Retry-After, 410 and gigabytes of body, at random. It keeps what it
// got, and from that alone is judged: every record was taken or is a dead letter; no record was sent before the one before it of its key
// was done with; calls with one Idempotency-Key carry the same records; no record came with another key than before, unless the receiver
// had refused it; every poisoned record is a dead letter.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Broker, startBroker } from "../support/broker.ts";
import { changedKeys, confusedKeys, disorder, missing, originOf } from "../support/hook-history.ts";
import { type Behaviour, type ReceivedCall, type Receiver, startReceiver } from "../support/hook-receiver.ts";
import type { SeenCall, SeenDeadLetter, SentRecord } from "../support/hook-world.ts";
import { seededRandom } from "../support/random.ts";
import { until } from "../support/until.ts";

const TOPIC = "hooked";
const DEAD = "hooked.dead";
const PARTITIONS = 2;
const KEYS = 40;
const MAX_UPTIME_MS = 1_500;

/** Nothing was delivered for so long: nothing will be. */
const STANDSTILL_MS = 10_000;
const ENVIRONMENT = { SLUICE_ALLOW_PRIVATE_WEBHOOKS: "1" };

export interface WebhookFigures {
  readonly kills: number;
  readonly records: number;
  readonly calls: number;
  /** Taken again by the receiver. */
  readonly repeats: number;
  readonly deadLetters: number;
  readonly seconds: number;
}

export interface WebhookCrashOptions {
  readonly kills: number;
  readonly seed: number;
}

export async function callJson<T>(broker: Pick<Broker, "url">, method: string, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const answer = await fetch(broker.url + path, { method, ...init });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
  return (text === "" ? null : JSON.parse(text)) as T;
}

/** Rejects at the first broken promise. */
export async function crashUnderWebhooks({ kills, seed }: WebhookCrashOptions): Promise<WebhookFigures> {
  const random = seededRandom(seed);
  const start = performance.now();
  const taken = new Map<ReceivedCall, number>();
  const refused = new Map<ReceivedCall, number>();
  let isHostile = true;
  const receiver = await startReceiver((call) => {
    const behaviour = call.records.some(isPoisoned) ? "fail" : isHostile ? hostile(random) : "accept";
    if (isTaking(behaviour)) taken.set(call, Date.now());
    else if (isRefusing(behaviour)) refused.set(call, Date.now());
    return behaviour;
  });
  const broker = await startBroker({ env: ENVIRONMENT });
  try {
    await callJson(broker, "POST", "/v1/topics", { name: TOPIC, partitions: PARTITIONS });
    await callJson(broker, "PUT", "/v1/subscriptions/hook", {
      topics: [TOPIC],
      url: receiver.url,
      order: "key",
      from: "earliest",
      timeoutMs: 400,
      batch: { maxRecords: 20 },
      retry: { maxAttempts: 6, minBackoffMs: 20, maxBackoffMs: 200 },
      deadLetterTopic: DEAD,
    });
    const expected: SentRecord[] = [];
    for (let round = 0; round <= kills; round++) {
      const killAt = Date.now() + random() * MAX_UPTIME_MS;
      await resumeIfPaused(broker);
      do expected.push(...(await produceSome(broker, random, expected.length)));
      while (Date.now() < killAt);
      if (round === kills) break;
      await broker.kill9();
      await broker.restart();
    }
    isHostile = false;
    const calls = (): SeenCall[] => receiver.calls.map((call) => toSeen(call, taken.get(call) ?? null, refused.get(call) ?? null));
    await untilNothingIsMissing(broker, async () => missing(expected, calls(), await readDeadLetters(broker)));
    await until("the group has no lag", async () => (await lagOf(broker)) === 0);
    const deadLetters = await readDeadLetters(broker);
    judge(expected, calls(), deadLetters);
    const acceptedRecords = [...taken.keys()].reduce((sum, { records }) => sum + records.length, 0);
    const dead = new Set(deadLetters.map(originOf)).size;
    return {
      kills,
      records: expected.length,
      calls: receiver.calls.length,
      repeats:
        acceptedRecords -
        new Set([...taken.keys()].flatMap(({ records }) => records.map(({ partition, offset }) => `${partition}/${offset}`))).size,
      deadLetters: dead,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await broker.stop();
    await receiver.close();
  }
}

/** As long as it goes on, it may take its time; it rejects with what the subscription says of itself once it stands still. */
async function untilNothingIsMissing(broker: Broker, look: () => Promise<readonly string[]>): Promise<void> {
  let left = await look();
  while (left.length > 0) {
    await resumeIfPaused(broker);
    await sleep(STANDSTILL_MS);
    const next = await look();
    if (next.length > 0 && next.length === left.length) {
      const status = await callJson(broker, "GET", "/v1/subscriptions/hook");
      throw new Error(`${next.length} records are missing (${next.slice(0, 5)}):\n${JSON.stringify(status, null, 2)}\n${broker.output()}`);
    }
    left = next;
  }
}

const isPoisoned = ({ value }: SentRecord): boolean => value?.startsWith("poison") ?? false;
const isTaking = (behaviour: Behaviour): boolean => typeof behaviour === "object" || behaviour.startsWith("accept");

/** It answers, and clearly so: a call that hangs or is cut off may have been taken, for all that the broker knows. */
const isRefusing = (behaviour: Behaviour): boolean => !isTaking(behaviour) && behaviour !== "hang" && behaviour !== "cut";

function hostile(random: () => number): Behaviour {
  const die = random();
  if (die < 0.7) return { afterMs: random() * 20 };
  const others: Behaviour[] = ["fail", "busy", "moved", "hang", "cut", "endless", "acceptEndless", "acceptCut"];
  return die < 0.995 ? others[Math.floor(random() * others.length)]! : "gone";
}

function toSeen({ startMs, headers, records }: ReceivedCall, acceptedMs: number | null, refusedMs: number | null): SeenCall {
  const idempotencyKey = headers["idempotency-key"]!;
  return { startMs, idempotencyKey, attempt: 0, records, headers: new Headers(headers), acceptedMs, refusedMs };
}

function judge(expected: readonly SentRecord[], calls: readonly SeenCall[], deadLetters: readonly SeenDeadLetter[]): void {
  const dead = new Set(deadLetters.map(originOf));
  const problems = [
    ...disorder(expected, calls, deadLetters, "key"),
    ...confusedKeys(calls),
    ...changedKeys(calls),
    ...expected
      .filter((record) => isPoisoned(record) && !dead.has(`${TOPIC}/${record.partition}/${record.offset}`))
      .map(({ value }) => `no dead letter of ${value}`),
  ];
  if (problems.length > 0) throw new Error(`${problems.length} broken promises:\n${problems.slice(0, 20).join("\n")}`);
}

/** Records are produced while the broker runs: each request is acknowledged, so that what is expected is known. */
async function produceSome(broker: Broker, random: () => number, first: number): Promise<SentRecord[]> {
  const records = Array.from({ length: 1 + Math.floor(random() * 15) }, (_, i) => {
    const value = `${random() < 0.01 ? "poison" : "value"} ${first + i}`;
    return { key: `k${Math.floor(random() * KEYS)}`, value };
  });
  const { offsets } = await callJson<{ offsets: [number, number][] }>(broker, "POST", `/v1/topics/${TOPIC}/records`, { records });
  return records.map((record, i) => ({ topic: TOPIC, partition: offsets[i]![0], offset: offsets[i]![1], ...record }));
}

/** 410 pauses: somebody has to say that it was not meant. */
async function resumeIfPaused(broker: Broker): Promise<void> {
  const { paused } = await callJson<{ paused: boolean }>(broker, "GET", "/v1/subscriptions/hook");
  if (paused) await callJson(broker, "POST", "/v1/subscriptions/hook/resume", {});
}

async function lagOf(broker: Broker): Promise<number> {
  const { offsets } = await callJson<{ offsets: { lag: number }[] }>(broker, "GET", "/v1/groups/hook/offsets");
  return offsets.length < PARTITIONS ? Number.NaN : offsets.reduce((sum, { lag }) => sum + lag, 0);
}

interface FetchedRecord {
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
}

async function readDeadLetters(broker: Broker): Promise<SeenDeadLetter[]> {
  const path = `/v1/topics/${DEAD}/partitions/0/records?offset=0&maxRecords=100000`;
  const { records } = await callJson<{ records: FetchedRecord[] }>(broker, "GET", path);
  return records.map(({ timestamp, headers }) => ({ atMs: timestamp, record: { key: null, value: null, headers } }));
}

// ----------------------------------------------------------------------------------------------------------------- poison

export interface PoisonFigures {
  readonly delivered: number;
  /** ms from the produce to the receiver, for records of the keys that are not poisoned. */
  readonly p50: { readonly healthy: number; readonly poisoned: number };
  readonly p99: { readonly healthy: number; readonly poisoned: number };
}

/** One key in a thousand fails always: what the other 999 see of it, against a run without it. */
export async function poisonOneKey(rounds: number): Promise<PoisonFigures> {
  const broker = await startBroker({ env: ENVIRONMENT });
  try {
    const healthy = await latencies(broker, "healthy", rounds, false);
    const poisoned = await latencies(broker, "poisoned", rounds, true);
    const at = (share: number) => ({ healthy: quantile(healthy, share), poisoned: quantile(poisoned, share) });
    return { delivered: poisoned.length, p50: at(0.5), p99: at(0.99) };
  } finally {
    await broker.stop();
  }
}

async function latencies(broker: Broker, topic: string, rounds: number, hasPoison: boolean): Promise<number[]> {
  const arrived = new Map<string, number>();
  const receiver = await startReceiver(({ records, startMs }) => {
    if (hasPoison && records.some(({ key }) => key === "k500")) return "fail";
    for (const { value } of records) arrived.set(value!, startMs);
    return "accept";
  });
  const sent = new Map<string, number>();
  await callJson(broker, "POST", "/v1/topics", { name: topic, partitions: 2 });
  const retry = { maxAttempts: 1_000, minBackoffMs: 100, maxBackoffMs: 1_000 };
  await callJson(broker, "PUT", `/v1/subscriptions/${topic}`, {
    topics: [topic],
    url: receiver.url,
    order: "key",
    from: "earliest",
    retry,
  });
  for (let round = 0; round < rounds; round++) {
    for (let first = 0; first < 1_000; first += 50) {
      const records = Array.from({ length: 50 }, (_, i) => ({ key: `k${first + i}`, value: `${round}-${first + i}` }));
      for (const { value } of records) sent.set(value, Date.now());
      await callJson(broker, "POST", `/v1/topics/${topic}/records?offsets=false`, { records });
      await sleep(10);
    }
  }
  const wanted = [...sent.keys()].filter((value) => !hasPoison || !value.endsWith("-500"));
  await until("all but the poisoned key are delivered", () => wanted.every((value) => arrived.has(value)));
  await callJson(broker, "DELETE", `/v1/subscriptions/${topic}`);
  await receiver.close();
  return wanted.map((value) => arrived.get(value)! - sent.get(value)!);
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}

// ---------------------------------------------------------------------------------------------------------------- fan-out

/** Each record to each of many subscriptions on one topic. @returns seconds, and calls made */
export async function fanOut(subscriptions: number, records: number): Promise<{ seconds: number; calls: number }> {
  const broker = await startBroker({ env: ENVIRONMENT });
  const got = new Map<string, Set<number>>();
  const receiver = await startReceiver(({ headers, records: sent }) => {
    const name = headers["sluice-subscription"]!;
    const offsets = got.get(name) ?? new Set();
    got.set(name, offsets);
    for (const { offset } of sent) offsets.add(offset);
    return "accept";
  });
  try {
    await callJson(broker, "POST", "/v1/topics", { name: TOPIC, partitions: 1 });
    for (let i = 0; i < subscriptions; i++) {
      await callJson(broker, "PUT", `/v1/subscriptions/s${i}`, { topics: [TOPIC], url: receiver.url, from: "earliest" });
    }
    const start = performance.now();
    for (let i = 0; i < records; i++) await callJson(broker, "POST", `/v1/topics/${TOPIC}/records`, { records: [{ value: i }] });
    await until(
      "each record is with each subscription",
      () => got.size === subscriptions && [...got.values()].every(({ size }) => size === records),
    );
    return { seconds: (performance.now() - start) / 1000, calls: receiver.calls.length };
  } finally {
    await broker.stop();
    await receiver.close();
  }
}

export type { Receiver };

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "20" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      poison: { type: "boolean", default: false },
      "fan-out": { type: "string" },
    },
  });
  if (values.poison) console.log(await poisonOneKey(10));
  else if (values["fan-out"] !== undefined) console.log(await fanOut(Number(values["fan-out"]), 10));
  else {
    console.log(`seed ${values.seed}`);
    console.log(await crashUnderWebhooks({ kills: Number(values.kills), seed: Number(values.seed) }));
  }
}

// What the clients of transaction-checker.ts share: the broker, the history that they write, and HTTP calls that may stay without an answer.

import { setTimeout as sleep } from "node:timers/promises";
import type { Broker } from "../../support/broker.ts";
import type { Operation, Outcome, Place } from "../../support/history/history.ts";
import { seededRandom } from "../../support/random.ts";

export const TOPICS = { input: "in", outputs: ["out", "log"] } as const;
export const PARTITIONS = 2;
export const PLACES: readonly Place[] = [TOPICS.input, ...TOPICS.outputs].flatMap((topic) =>
  Array.from({ length: PARTITIONS }, (_, partition) => `${topic}/${partition}`),
);

/** A transaction that nobody ends is aborted after this: short, so that it happens in a test. */
export const TRANSACTION_TIMEOUT_MS = 1_500;

/** Of each record, so that segments fill up. */
const PADDING = "x".repeat(300);

const REQUEST_TIMEOUT_MS = 15_000;
const RETRY_DELAY_MS = 20;

/** Of requests that may be repeated: so many go out twice at once, as from a client that is too impatient to wait. */
const TWICE_SHARE = 0.05;

/** What a run breaks on purpose, by what clients do; test/support/history/faults.ts spoils what is recorded. */
export const CLIENT_FAULTS = ["uncommitted-readers", "resend", "truncate", "reset-offsets"] as const;
export type ClientFault = (typeof CLIENT_FAULTS)[number];

export class Work {
  readonly broker: Broker;
  readonly history: Operation[] = [];
  readonly fault: ClientFault | null;
  readonly #seed: number;
  #lastValue = 0;
  #clients = 0;
  readonly #impatience: Random;
  isOver = false;

  constructor(broker: Broker, seed: number, fault: ClientFault | null) {
    this.broker = broker;
    this.fault = fault;
    this.#seed = seed;
    this.#impatience = this.newRandom();
  }

  /** Whether the next request goes out twice. */
  isImpatient(): boolean {
    return this.#impatience.isChance(TWICE_SHARE);
  }

  /** Numbers of its own for each client that asks. */
  newRandom(): Random {
    return new Random(seededRandom(this.#seed + ++this.#clients));
  }

  newValues(count: number): string[] {
    return Array.from({ length: count }, () => `v${++this.#lastValue}`);
  }

  record(operation: Operation): void {
    this.history.push(operation);
  }

  /** ms, of the clock of all operations. */
  now(): number {
    return performance.now();
  }
}

export class Random {
  readonly #next: () => number;

  constructor(next: () => number) {
    this.#next = next;
  }

  /** From 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  isChance(share: number): boolean {
    return this.#next() < share;
  }

  of<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!;
  }
}

export function splitPlace(place: Place): { topic: string; partition: number } {
  const [topic, partition] = place.split("/") as [string, string];
  return { topic, partition: Number(partition) };
}

/** A record as the HTTP API takes it. */
export function padded(value: string, partition: number): object {
  return { key: PADDING, value, partition };
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Null: it is not known whether it was done. The broker may be dead, on its way up, or has said that it does not know. */
export async function call(work: Work, method: string, path: string, body?: object): Promise<Answer | null> {
  try {
    const answer = await fetch(work.broker.url + path, {
      method,
      ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await answer.text();
    if (answer.status >= 500 || answer.status === 429) return null;
    return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
  } catch {
    return null; // cut off, or nobody listens
  }
}

export interface Repeated {
  /** Null where it was given up without an answer. */
  readonly answer: Answer | null;
  /** Whether an earlier try may have been done. */
  readonly isRepeated: boolean;
}

/** Calls again and again until there is an answer that is not "try again", for what may be called twice. Gives up when the work is over. */
export async function callUntilAnswered(work: Work, method: string, path: string, body: object): Promise<Repeated> {
  let isRepeated = false;
  for (;;) {
    const answer = await call(work, method, path, body);
    const isBusy = codeOf(answer) === "CONCURRENT_TRANSACTIONS";
    if (answer !== null && !isBusy) return { answer, isRepeated };
    if (answer === null) isRepeated = true;
    if (work.isOver) return { answer: null, isRepeated };
    await pause();
  }
}

/** Between a try and the next. */
export function pause(): Promise<void> {
  return sleep(RETRY_DELAY_MS);
}

/** The code of a problem; null of an answer that is none. */
export function codeOf(answer: Answer | null): string | null {
  return answer !== null && answer.status >= 400 ? ((answer.body as { code?: string }).code ?? String(answer.status)) : null;
}

/** The same for what may be under way twice at a time. An answer that it was done counts more than one that refuses. */
export async function callImpatiently(work: Work, method: string, path: string, body: object): Promise<Repeated> {
  const once = () => callUntilAnswered(work, method, path, body);
  if (!work.isImpatient()) return once();
  const both = await Promise.all([once(), once()]);
  const done = both.find(({ answer }) => answer !== null && codeOf(answer) === null);
  // Whatever the one was answered, the other may have been done.
  if (done !== undefined) return { answer: done.answer, isRepeated: true };
  return { answer: both[0].answer, isRepeated: both.some(({ answer, isRepeated }) => isRepeated || answer === null) };
}

/** Done for sure, surely not, or perhaps by a try before. */
export function outcomeOf({ answer, isRepeated }: Repeated): Outcome {
  if (answer === null) return "unknown";
  if (codeOf(answer) === null) return "ok";
  return isRepeated ? "unknown" : "fail";
}

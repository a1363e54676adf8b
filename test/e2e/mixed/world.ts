// What the parts of the mixed crash test share: the broker, how a part asks it, and when to end.

import { setTimeout as sleep } from "node:timers/promises";
import type { Broker } from "../../support/broker.ts";

/** Longer than the broker takes for anything here, shorter than it takes to doubt it. */
const REQUEST_TIMEOUT_MS = 20_000;
const RETRY_DELAY_MS = 20;

/** One kind of client, or several of a kind. */
export interface Part {
  readonly name: string;
  /** Works until the world stops; rejects at the first broken promise. */
  run(): Promise<void>;
  /** Judges all that there is in the end. Rejects at the first broken promise. @returns figures, in a few words */
  check(): Promise<string>;
}

export class World {
  readonly broker: Broker;
  /** Nothing new is begun; what is begun is repeated until it is answered. */
  isStopping = false;
  /** Everything ends at once: the run has failed. */
  isAbandoned = false;
  /** Requests that were not answered, over all parts. */
  lostAnswers = 0;

  constructor(broker: Broker) {
    this.broker = broker;
  }

  /** One request; null where no answer came, or one that says to try again. */
  async attempt<T>(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T | null> {
    const answer = await this.#ask(method, path, body, headers);
    if (answer === null || answer.status >= 500 || answer.status === 429) {
      this.lostAnswers++;
      return null;
    }
    if (answer.status >= 400) throw new Error(`${method} ${path} was refused (${answer.status}): ${answer.text}`);
    return JSON.parse(answer.text || "{}") as T;
  }

  /** Again and again until it is answered; null where the run was abandoned. */
  async ask<T>(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T | null> {
    return this.repeat(() => this.attempt<T>(method, path, body, headers));
  }

  /** Tries again and again until something is answered; null where the run was abandoned. */
  async repeat<T>(attempt: () => Promise<T | null>): Promise<T | null> {
    while (!this.isAbandoned) {
      const answer = await attempt();
      if (answer !== null) return answer;
      await sleep(RETRY_DELAY_MS);
    }
    return null;
  }

  async #ask(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>) {
    try {
      const isBytes = body instanceof Uint8Array;
      const text = isBytes || typeof body === "string" || body === undefined ? body : JSON.stringify(body);
      const response = await fetch(this.broker.url + path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        body: (text ?? null) as BodyInit | null,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      return { status: response.status, text: await response.text() };
    } catch {
      return null; // the broker was killed, or is not up yet
    }
  }
}

export interface ReadRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
}

/** A whole partition, committed records only; rejects where the offsets do not go up. */
export async function readPartition(world: World, topic: string, partition: number): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  for (let offset = 0; ; ) {
    const path = `/v1/topics/${topic}/partitions/${partition}/records?offset=${offset}&maxBytes=4000000&isolation=read_committed`;
    const page = await world.ask<{ records: ReadRecord[]; nextOffset: number }>("GET", path);
    if (page === null || page.nextOffset === offset) return records;
    for (const record of page.records) {
      if (record.offset < offset) throw new Error(`${topic}/${partition}: offset ${record.offset} comes after ${offset}`);
      records.push(record);
    }
    offset = page.nextOffset;
  }
}

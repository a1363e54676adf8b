// Kills the broker with kill -9 again and again while writers produce, and proves that nothing acknowledged is lost, doubled or moved.
//
//   node test/e2e/crash.ts [--rounds 20] [--writers 8] [--seed N]
//
// Each writer is an idempotent producer (Kafka's KIP-98): it repeats a request, same sequence and same records, until it is acknowledged.
// Every round kills the runtime at a random moment, starts it again on the same data and, with the writers at work, reads everything back:
//
//   - offsets run from 0 without a hole or a repetition;
//   - the records of each writer are there once each, in the order it sent them;
//   - every record acknowledged before the read began is at the offset that the acknowledgement named.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Broker, startBroker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";

const TOPIC = "crash";
const PARTITIONS = 4;
const MAX_RECORDS_PER_REQUEST = 20;

/** A kill comes this long after the broker is up again, at most. Short enough to hit objects that are still starting. */
const MAX_UPTIME_MS = 1_500;
const REQUEST_TIMEOUT_MS = 20_000;
const RETRY_DELAY_MS = 10;

export interface CrashOptions {
  readonly rounds: number;
  readonly writers: number;
  readonly seed: number;
}

export interface CrashFigures {
  readonly rounds: number;
  readonly acknowledgedRecords: number;
  readonly acknowledgedRequests: number;
  /** Requests that a kill cut off, or that found no broker, and that were sent again. */
  readonly repeatedRequests: number;
  readonly readBackRecords: number;
  readonly seconds: number;
}

/** Runs all rounds; rejects at the first broken promise. */
export async function crashRepeatedly({ rounds, writers: writerCount, seed }: CrashOptions): Promise<CrashFigures> {
  const random = seededRandom(seed);
  const start = performance.now();
  const broker = await startBroker();
  const writers: Writer[] = [];
  let readBackRecords = 0;
  try {
    await createTopic(broker.url);
    for (let i = 0; i < writerCount; i++) writers.push(await createWriter(broker.url, i, seed));
    const writing = Promise.all(writers.map((writer) => writer.run()));
    const failed = writing.then(() => null);
    for (let round = 0; round < rounds; round++) {
      await Promise.race([sleep(random() * MAX_UPTIME_MS), failed]);
      await broker.kill9();
      await broker.restart();
      readBackRecords += await Promise.race([readBack(broker, writers), failed.then(() => 0)]);
    }
    for (const writer of writers) writer.stop();
    await writing;
    const total = (figure: (writer: Writer) => number) => writers.reduce((sum, writer) => sum + figure(writer), 0);
    const acknowledgedRecords = total((writer) => writer.acknowledged.length);
    const storedRecords = await readBack(broker, writers);
    if (storedRecords !== acknowledgedRecords) throw new Error(`${storedRecords} records stored, ${acknowledgedRecords} acknowledged`);
    readBackRecords += storedRecords;
    return {
      rounds,
      acknowledgedRecords,
      acknowledgedRequests: total((writer) => writer.acknowledgedRequests),
      repeatedRequests: total((writer) => writer.repeatedRequests),
      readBackRecords,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    for (const writer of writers) writer.abandon();
    await broker.stop();
  }
}

async function createTopic(url: string): Promise<void> {
  await postJson(`${url}/v1/topics`, { name: TOPIC, partitions: PARTITIONS });
}

async function createWriter(url: string, index: number, seed: number): Promise<Writer> {
  const identity = (await postJson(`${url}/v1/producers`, {})) as ProducerIdentity;
  return new Writer(url, index, identity, seededRandom(seed + index + 1));
}

interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

interface ProduceAnswer {
  readonly results: readonly { readonly baseOffset: number; readonly count: number; readonly code?: string }[];
}

/** What a writer stores in each record. */
interface Mark {
  readonly writer: number;
  readonly sequence: number;
}

class Writer {
  readonly index: number;
  readonly partition: number;
  /** Offset of each acknowledged record, by its sequence. */
  readonly acknowledged: number[] = [];
  acknowledgedRequests = 0;
  repeatedRequests = 0;
  readonly #url: string;
  readonly #identity: ProducerIdentity;
  readonly #random: () => number;
  #stopping = false;
  #abandoned = false;

  constructor(url: string, index: number, identity: ProducerIdentity, random: () => number) {
    this.#url = url;
    this.index = index;
    this.partition = index % PARTITIONS;
    this.#identity = identity;
    this.#random = random;
  }

  /** Ends after the present request is acknowledged. */
  stop(): void {
    this.#stopping = true;
  }

  /** Ends without an acknowledgement: the run has failed. */
  abandon(): void {
    this.#stopping = true;
    this.#abandoned = true;
  }

  async run(): Promise<void> {
    while (!this.#stopping) await this.#produceUntilAcknowledged(1 + Math.floor(this.#random() * MAX_RECORDS_PER_REQUEST));
  }

  async #produceUntilAcknowledged(count: number): Promise<void> {
    const baseSequence = this.acknowledged.length;
    const records = Array.from({ length: count }, (_, i) => {
      const value: Mark = { writer: this.index, sequence: baseSequence + i };
      return { key: `writer ${this.index}`, value, partition: this.partition };
    });
    const body = JSON.stringify({ records, ...this.#identity, baseSequence });
    while (!this.#abandoned) {
      const baseOffset = await this.#produce(body);
      if (baseOffset !== null) {
        for (let i = 0; i < count; i++) this.acknowledged.push(baseOffset + i);
        this.acknowledgedRequests++;
        return;
      }
      this.repeatedRequests++;
      await sleep(RETRY_DELAY_MS);
    }
  }

  /** Null: not acknowledged, so to be sent again. */
  async #produce(body: string): Promise<number | null> {
    let status: number;
    let text: string;
    try {
      const answer = await fetch(`${this.#url}/v1/topics/${TOPIC}/records?offsets=false`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      [status, text] = [answer.status, await answer.text()];
    } catch {
      return null; // the broker was killed, or is not up yet
    }
    if (status >= 500 || status === 429) return null;
    const result = status === 200 ? (JSON.parse(text) as ProduceAnswer).results[0] : undefined;
    if (result === undefined || result.code !== undefined) throw new Error(`writer ${this.index} was refused (${status}): ${text}`);
    return result.baseOffset;
  }
}

/** Checks every partition against what was acknowledged before; resolves to how many records there are. */
async function readBack(broker: Broker, writers: readonly Writer[]): Promise<number> {
  const expected = writers.map(({ index, partition, acknowledged }) => ({ index, partition, acknowledged: [...acknowledged] }));
  let count = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const bySequence = await readPartition(broker.url, partition);
    for (const { index, acknowledged } of expected.filter((writer) => writer.partition === partition)) {
      const found = bySequence.get(index) ?? [];
      const wrong = acknowledged.findIndex((offset, sequence) => found[sequence] !== offset);
      if (wrong >= 0) {
        throw new Error(
          `writer ${index}, record ${wrong}: acknowledged at offset ${acknowledged[wrong]}, found at ${found[wrong] ?? "none"}`,
        );
      }
    }
    for (const offsets of bySequence.values()) count += offsets.length;
  }
  return count;
}

/** The offsets of each writer's records, by their sequence. Throws where offsets or sequences have a hole or a repetition. */
async function readPartition(url: string, partition: number): Promise<Map<number, number[]>> {
  const bySequence = new Map<number, number[]>();
  let expectedOffset = 0;
  for (let end = 1; expectedOffset < end; ) {
    const path = `/v1/topics/${TOPIC}/partitions/${partition}/records?offset=${expectedOffset}&maxBytes=4000000&encoding=json`;
    const answer = (await getJson(url + path)) as FetchAnswer;
    end = answer.highWatermark;
    for (const { offset, value } of answer.records) {
      if (offset !== expectedOffset++) throw new Error(`partition ${partition}: offset ${offset} where ${expectedOffset - 1} comes next`);
      const offsets = bySequence.get(value.writer) ?? [];
      if (value.sequence !== offsets.length) {
        throw new Error(
          `partition ${partition}, offset ${offset}: record ${value.sequence} of writer ${value.writer} where ${offsets.length} comes next`,
        );
      }
      offsets.push(offset);
      bySequence.set(value.writer, offsets);
    }
    if (answer.records.length === 0 && expectedOffset < end)
      throw new Error(`partition ${partition}: no records at offset ${expectedOffset} of ${end}`);
  }
  return bySequence;
}

interface FetchAnswer {
  readonly records: readonly { readonly offset: number; readonly value: Mark }[];
  readonly highWatermark: number;
}

async function getJson(url: string): Promise<unknown> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

async function postJson(url: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

export function describeFigures(figures: CrashFigures): string {
  return (
    `${figures.rounds} kills in ${figures.seconds.toFixed(1)} s: ${figures.acknowledgedRecords} records acknowledged in ` +
    `${figures.acknowledgedRequests} requests, ${figures.repeatedRequests} requests repeated, ${figures.readBackRecords} records read back, ` +
    "none lost, doubled or out of order"
  );
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "20" },
      writers: { type: "string", default: "8" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const [rounds, writers, seed] = [Number(values.rounds), Number(values.writers), Number(values.seed)];
  console.log(`seed ${seed}`);
  console.log(describeFigures(await crashRepeatedly({ rounds, writers, seed })));
}

// Kills the broker with kill -9 again and again while writers produce, and proves that nothing acknowledged is lost, doubled or moved.
//
//   node test/e2e/crash.ts [--rounds 20] [--writers 8] [--seed N]
//
// Each writer is an idempotent producer (Kafka's KIP-98): it repeats a request, same sequence and same records, until it is acknowledged.
// Every round kills the runtime at a random moment, starts it again on the same data and, with the writers at work, reads everything back:
//
//   - offsets run from the log start without a hole or a repetition;
//   - the records of each writer are there once each, in the order it sent them;
//   - every record acknowledged before the read began is at the offset that the acknowledgement named, or below the log start.
//
// tiering.ts does the same to a topic whose segments are archived and expire, beside one that is compacted.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Broker, startBroker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";

const TOPIC = "crash";
const DEFAULT_PARTITIONS = 4;
const MAX_RECORDS_PER_REQUEST = 20;

/** A kill comes this long after the broker is up again, at most. Short enough to hit objects that are still starting. */
const MAX_UPTIME_MS = 1_500;
const REQUEST_TIMEOUT_MS = 20_000;
const RETRY_DELAY_MS = 10;

export interface CrashOptions {
  readonly rounds: number;
  readonly writers: number;
  readonly seed: number;
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** As BrokerOptions has it. */
  readonly archive?: string;
  /** Added to each record. */
  readonly paddingBytes?: number;
  /** What else goes on with the broker. */
  readonly alongside?: (broker: Broker) => Promise<Alongside>;
  /** Looks at the broker once all is written and read back. */
  readonly finish?: (broker: Broker, topic: string) => Promise<void>;
}

/** Work that goes on over the kills. */
export interface Alongside {
  /** Rejects at the first broken promise. */
  readonly working: Promise<void>;
  /** Reads back, after each kill and at the end. Rejects at the first broken promise. */
  check(): Promise<void>;
  /** Ends `working` after what is under way is acknowledged; with `true` at once. */
  stop(isAbandoned?: boolean): void;
}

export interface CrashFigures {
  readonly rounds: number;
  readonly acknowledgedRecords: number;
  readonly acknowledgedRequests: number;
  /** Requests that a kill cut off, or that found no broker, and that were sent again. */
  readonly repeatedRequests: number;
  readonly readBackRecords: number;
  /** Below the log start at the end. */
  readonly expiredRecords: number;
  readonly seconds: number;
}

/** Runs all rounds; rejects at the first broken promise. */
export async function crashRepeatedly(options: CrashOptions): Promise<CrashFigures> {
  const { rounds, writers: writerCount, seed, partitions = DEFAULT_PARTITIONS, configs = {}, archive, paddingBytes = 0 } = options;
  const random = seededRandom(seed);
  const start = performance.now();
  const broker = await startBroker(archive === undefined ? {} : { archive });
  const writers: Writer[] = [];
  let alongside: Alongside | undefined;
  let readBackRecords = 0;
  try {
    await postJson(`${broker.url}/v1/topics`, { name: TOPIC, partitions, configs });
    for (let i = 0; i < writerCount; i++) {
      const identity = (await postJson(`${broker.url}/v1/producers`, {})) as ProducerIdentity;
      const place = { index: i, partition: i % partitions, paddingBytes };
      writers.push(new Writer(broker.url, place, identity, seededRandom(seed + i + 1)));
    }
    alongside = await options.alongside?.(broker);
    const writing = Promise.all([...writers.map((writer) => writer.run()), alongside?.working]);
    const failed = writing.then(() => null);
    for (let round = 0; round < rounds; round++) {
      await Promise.race([sleep(random() * MAX_UPTIME_MS), failed]);
      await broker.kill9();
      await broker.restart();
      readBackRecords += await Promise.race([readBack(broker, writers, partitions), failed.then(() => 0)]);
      await Promise.race([alongside?.check(), failed]);
    }
    for (const writer of writers) writer.stop();
    alongside?.stop();
    await writing;
    await alongside?.check();
    const total = (figure: (writer: Writer) => number) => writers.reduce((sum, writer) => sum + figure(writer), 0);
    const acknowledgedRecords = total((writer) => writer.acknowledged.length);
    const storedRecords = await readBack(broker, writers, partitions);
    const { count: endRecords, expired: expiredRecords } = await countOffsets(broker.url);
    if (endRecords !== acknowledgedRecords) throw new Error(`${endRecords} records stored, ${acknowledgedRecords} acknowledged`);
    readBackRecords += storedRecords;
    await options.finish?.(broker, TOPIC);
    return {
      rounds,
      acknowledgedRecords,
      acknowledgedRequests: total((writer) => writer.acknowledgedRequests),
      repeatedRequests: total((writer) => writer.repeatedRequests),
      readBackRecords,
      expiredRecords,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    for (const writer of writers) writer.abandon();
    alongside?.stop(true);
    await broker.stop();
  }
}

/** Records ever written to all partitions, and those of them below the log starts. */
async function countOffsets(url: string): Promise<{ count: number; expired: number }> {
  const { partitions } = (await getJson(`${url}/v1/topics/${TOPIC}`)) as TopicAnswer;
  const total = (figure: (partition: TopicAnswer["partitions"][number]) => number) => partitions.reduce((sum, one) => sum + figure(one), 0);
  return { count: total((partition) => partition.highWatermark), expired: total((partition) => partition.logStartOffset) };
}

interface TopicAnswer {
  readonly partitions: readonly { readonly logStartOffset: number; readonly highWatermark: number }[];
}

export interface ProducerIdentity {
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

interface WriterPlace {
  readonly index: number;
  readonly partition: number;
  readonly paddingBytes: number;
}

class Writer {
  readonly index: number;
  readonly partition: number;
  /** Offset of each acknowledged record, by its sequence. */
  readonly acknowledged: number[] = [];
  acknowledgedRequests = 0;
  repeatedRequests = 0;
  readonly #url: string;
  readonly #padding: string;
  readonly #identity: ProducerIdentity;
  readonly #random: () => number;
  #stopping = false;
  #abandoned = false;

  constructor(url: string, place: WriterPlace, identity: ProducerIdentity, random: () => number) {
    this.#url = url;
    this.index = place.index;
    this.partition = place.partition;
    this.#padding = "x".repeat(place.paddingBytes);
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
      return { key: `writer ${this.index}${this.#padding}`, value, partition: this.partition };
    });
    const baseOffset = await produceUntilAcknowledged({
      ...{ url: this.#url, topic: TOPIC, body: { records, ...this.#identity, baseSequence } },
      isAbandoned: () => this.#abandoned,
      onRepeat: () => {
        this.repeatedRequests++;
      },
    });
    if (baseOffset === null) return;
    for (let i = 0; i < count; i++) this.acknowledged.push(baseOffset + i);
    this.acknowledgedRequests++;
  }
}

export interface RepeatedProduce {
  readonly url: string;
  readonly topic: string;
  /** Of an idempotent producer, to one partition. */
  readonly body: unknown;
  readonly isAbandoned: () => boolean;
  readonly onRepeat?: () => void;
}

/**
 * Sends a request again and again until it is acknowledged.
 * @returns its base offset, null where it was abandoned
 * @throws where it is refused
 */
export async function produceUntilAcknowledged({ url, topic, body, isAbandoned, onRepeat }: RepeatedProduce): Promise<number | null> {
  const text = JSON.stringify(body);
  while (!isAbandoned()) {
    const baseOffset = await produceOnce(url, topic, text);
    if (baseOffset !== null) return baseOffset;
    onRepeat?.();
    await sleep(RETRY_DELAY_MS);
  }
  return null;
}

/** Null: not acknowledged, so to be sent again. */
async function produceOnce(url: string, topic: string, body: string): Promise<number | null> {
  let status: number;
  let text: string;
  try {
    const answer = await fetch(`${url}/v1/topics/${topic}/records?offsets=false`, {
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
  if (result === undefined || result.code !== undefined) throw new Error(`a produce to ${topic} was refused (${status}): ${text}`);
  return result.baseOffset;
}

/** Checks every partition against what was acknowledged before; resolves to how many records it read. */
async function readBack(broker: Broker, writers: readonly Writer[], partitions: number): Promise<number> {
  const expected = writers.map(({ index, partition, acknowledged }) => ({ index, partition, acknowledged: [...acknowledged] }));
  let count = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const { logStartOffset, offsets } = await readPartition(broker.url, partition);
    for (const { index, acknowledged } of expected.filter((writer) => writer.partition === partition)) {
      const found = offsets.get(index) ?? new Map<number, number>();
      const wrong = acknowledged.findIndex((offset, sequence) => offset >= logStartOffset && found.get(sequence) !== offset);
      if (wrong >= 0) {
        throw new Error(
          `writer ${index}, record ${wrong}: acknowledged at offset ${acknowledged[wrong]}, found at ${found.get(wrong) ?? "none"}`,
        );
      }
      count += found.size;
    }
  }
  return count;
}

interface PartitionContent {
  /** The largest that the read met: what expired while it was under way counts as gone. */
  readonly logStartOffset: number;
  /** Of each writer's records, by their sequence. */
  readonly offsets: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

/** Reads all that a partition holds. Throws where offsets or a writer's sequences have a hole or a repetition. */
async function readPartition(url: string, partition: number): Promise<PartitionContent> {
  const offsets = new Map<number, Map<number, number>>();
  let next: Map<number, number> = new Map();
  let [logStartOffset, expectedOffset] = [0, 0];
  for (let end = 1; expectedOffset < end; ) {
    const path = `/v1/topics/${TOPIC}/partitions/${partition}/records?offset=${expectedOffset}&maxBytes=4000000&encoding=json`;
    const answer = (await getJson(url + path, OUT_OF_RANGE)) as FetchAnswer;
    end = answer.highWatermark;
    if (answer.logStartOffset > expectedOffset) {
      [logStartOffset, expectedOffset, next] = [answer.logStartOffset, answer.logStartOffset, new Map()]; // it expired under the read
      continue;
    }
    for (const { offset, value } of answer.records) {
      if (offset !== expectedOffset++) throw new Error(`partition ${partition}: offset ${offset} where ${expectedOffset - 1} comes next`);
      const { writer, sequence } = value;
      const due = next.get(writer) ?? sequence;
      if (sequence !== due) {
        throw new Error(`partition ${partition}, offset ${offset}: record ${sequence} of writer ${writer} where ${due} comes next`);
      }
      next.set(writer, sequence + 1);
      offsets.set(writer, (offsets.get(writer) ?? new Map<number, number>()).set(sequence, offset));
    }
    if (answer.records.length === 0 && expectedOffset < end)
      throw new Error(`partition ${partition}: no records at offset ${expectedOffset} of ${end}`);
  }
  return { logStartOffset, offsets };
}

interface FetchAnswer {
  readonly records: readonly { readonly offset: number; readonly value: Mark }[];
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

const OUT_OF_RANGE = 416;

export async function getJson(url: string, accepted?: number): Promise<unknown> {
  const answer = await fetch(url);
  if (!answer.ok && answer.status !== accepted) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

export async function postJson(url: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

export function describeFigures(figures: CrashFigures): string {
  return (
    `${figures.rounds} kills in ${figures.seconds.toFixed(1)} s: ${figures.acknowledgedRecords} records acknowledged in ` +
    `${figures.acknowledgedRequests} requests, ${figures.repeatedRequests} requests repeated, ${figures.readBackRecords} records read back, ` +
    `${figures.expiredRecords} expired, ` +
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

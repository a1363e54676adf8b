// A compacted topic beside the others of a crash run (crash.ts): idempotent writers overwrite and delete their own few keys again and
// again, while its segments are sealed, archived, compacted and merged, and the broker is killed.
//
// Whoever reads it from the start, at any moment, must find:
//
//   - offsets that go up, and at each what was acknowledged there;
//   - for each key its newest acknowledged value, or a newer one; a deleted key may be gone, but never be back with an older value;
//   - no more offsets at the end than records were acknowledged: nothing is written twice.

import type { Broker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";
import { type Alongside, getJson, type ProducerIdentity, postJson, produceUntilAcknowledged } from "./crash.ts";

export const COMPACTED_TOPIC = "crash-compacted";

const WRITERS = 2;
const KEYS_PER_WRITER = 25;
const MAX_RECORDS_PER_REQUEST = 20;

/** One record in so many is a tombstone. */
const TOMBSTONE_ONE_IN = 8;

const PADDING = "x".repeat(500);

/** A reader that takes no longer learns of every deletion; one that does may have read what a tombstone that is gone had deleted. */
const DELETE_RETENTION_MS = 10_000;

const CONFIGS = {
  ...{ "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0", "delete.retention.ms": String(DELETE_RETENTION_MS) },
  ...{ "segment.bytes": "60000", "index.interval.bytes": "1000" },
};

export interface CompactedFigures {
  readonly acknowledgedRecords: number;
  /** Left of them when it was compacted to the end. */
  readonly records: number;
  /** That have a value at the end. */
  readonly liveKeys: number;
}

interface SentRecord {
  readonly key: string;
  /** null: a tombstone */
  readonly value: string | null;
}

/** Records by their offset, as a read from the start finds them. */
type Found = ReadonlyMap<number, SentRecord>;

export class CompactedTopic implements Alongside {
  readonly working: Promise<void>;
  readonly #url: string;
  readonly #writers: readonly KeyedWriter[];

  private constructor(url: string, writers: readonly KeyedWriter[]) {
    this.#url = url;
    this.#writers = writers;
    this.working = Promise.all(writers.map((writer) => writer.run())).then(() => undefined);
  }

  static async create({ url }: Broker, seed: number): Promise<CompactedTopic> {
    await postJson(`${url}/v1/topics`, { name: COMPACTED_TOPIC, partitions: 1, configs: CONFIGS });
    const writers: KeyedWriter[] = [];
    for (let index = 0; index < WRITERS; index++) {
      const identity = (await postJson(`${url}/v1/producers`, {})) as ProducerIdentity;
      writers.push(new KeyedWriter(url, index, identity, seededRandom(seed + 1000 + index)));
    }
    return new CompactedTopic(url, writers);
  }

  stop(isAbandoned = false): void {
    for (const writer of this.#writers) writer.stop(isAbandoned);
  }

  async check(): Promise<void> {
    const acknowledged = new Map(this.#writers.flatMap((writer) => [...writer.acknowledged]));
    const found = await readInTime(this.#url);
    for (const [offset, { key, value }] of found) {
      const sent = acknowledged.get(offset);
      if (sent !== undefined && (sent.key !== key || sent.value !== value))
        throw new Error(`offset ${offset} was acknowledged for ${sent.key} = ${brief(sent.value)}, and has ${key} = ${brief(value)}`);
    }
    const newest = newestOf(acknowledged);
    const present = newestOf(found);
    for (const [key, offset] of newest) checkKey(key, offset, acknowledged.get(offset)!, present.get(key));
  }

  /** Whether each key that has a value is there once, and nothing else, but for the active segment. */
  async isDone(activeBaseOffset: number): Promise<boolean> {
    const keys = [...(await readAll(this.#url))].filter(([offset]) => offset < activeBaseOffset).map(([, { key }]) => key);
    return new Set(keys).size === keys.length;
  }

  /** Once all is done. */
  async figures(): Promise<CompactedFigures> {
    const acknowledged = new Map(this.#writers.flatMap((writer) => [...writer.acknowledged]));
    const { highWatermark } = await fetchFrom(this.#url, 0);
    if (highWatermark !== acknowledged.size) throw new Error(`${acknowledged.size} records were acknowledged, ${highWatermark} written`);
    const found = await readAll(this.#url);
    const liveKeys = [...newestOf(found).values()].filter((offset) => found.get(offset)!.value !== null).length;
    return { acknowledgedRecords: acknowledged.size, records: found.size, liveKeys };
  }
}

/** Overwrites and deletes keys of its own. */
class KeyedWriter {
  readonly acknowledged = new Map<number, SentRecord>();
  readonly #url: string;
  readonly #index: number;
  readonly #identity: ProducerIdentity;
  readonly #random: () => number;
  #sequence = 0;
  #isStopping = false;
  #isAbandoned = false;

  constructor(url: string, index: number, identity: ProducerIdentity, random: () => number) {
    this.#url = url;
    this.#index = index;
    this.#identity = identity;
    this.#random = random;
  }

  stop(isAbandoned: boolean): void {
    this.#isStopping = true;
    this.#isAbandoned = isAbandoned;
  }

  async run(): Promise<void> {
    while (!this.#isStopping) {
      const baseSequence = this.#sequence;
      const records = Array.from({ length: 1 + this.#below(MAX_RECORDS_PER_REQUEST) }, () => this.#newRecord());
      const body = { ...this.#identity, baseSequence, records: records.map((record) => ({ ...record, partition: 0 })) };
      const request = { url: this.#url, topic: COMPACTED_TOPIC, body, isAbandoned: () => this.#isAbandoned };
      const baseOffset = await produceUntilAcknowledged(request);
      if (baseOffset === null) return;
      for (const [index, record] of records.entries()) this.#acknowledge(baseOffset + index, record);
    }
  }

  #acknowledge(offset: number, record: SentRecord): void {
    if (this.acknowledged.has(offset)) throw new Error(`offset ${offset} was acknowledged twice`);
    this.acknowledged.set(offset, record);
  }

  #newRecord(): SentRecord {
    const key = `writer ${this.#index} key ${this.#below(KEYS_PER_WRITER)}`;
    const sequence = this.#sequence++;
    return { key, value: this.#below(TOMBSTONE_ONE_IN) === 0 ? null : `${sequence} ${PADDING}` };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** @param presentOffset of the newest record of the key that was found */
function checkKey(key: string, offset: number, { value }: SentRecord, presentOffset: number | undefined): void {
  if (presentOffset !== undefined && presentOffset >= offset) return;
  if (value !== null) throw new Error(`${key} = ${brief(value)}, acknowledged at ${offset}, is lost: found at ${presentOffset}`);
  if (presentOffset !== undefined) throw new Error(`${key} was deleted at ${offset}, and is back at ${presentOffset}`);
}

/** The newest offset of each key. */
function newestOf(records: Found): Map<string, number> {
  const newest = new Map<string, number>();
  for (const [offset, { key }] of records) newest.set(key, Math.max(offset, newest.get(key) ?? -1));
  return newest;
}

/** Reads again where tombstones may have gone under the read. */
async function readInTime(url: string): Promise<Found> {
  for (;;) {
    const startMs = performance.now();
    const found = await readAll(url);
    if (performance.now() - startMs < DELETE_RETENTION_MS) return found;
  }
}

async function readAll(url: string): Promise<Found> {
  const found = new Map<number, SentRecord>();
  let lastOffset = -1;
  for (let next = 0, end = 1; next < end; ) {
    const answer = await fetchFrom(url, next);
    if (next === 0) end = answer.highWatermark;
    for (const { offset, key, value } of answer.records) {
      if (offset <= lastOffset) throw new Error(`${COMPACTED_TOPIC}: offset ${offset} after ${lastOffset}`);
      lastOffset = offset;
      found.set(offset, { key, value });
    }
    if (answer.nextOffset <= next && next < end) throw new Error(`${COMPACTED_TOPIC}: nothing at offset ${next} of ${end}`);
    next = answer.nextOffset;
  }
  return found;
}

interface FetchAnswer {
  readonly records: readonly { readonly offset: number; readonly key: string; readonly value: string | null }[];
  readonly nextOffset: number;
  readonly highWatermark: number;
}

async function fetchFrom(url: string, offset: number): Promise<FetchAnswer> {
  const path = `/v1/topics/${COMPACTED_TOPIC}/partitions/0/records?offset=${offset}&maxBytes=4000000&maxRecords=100000&encoding=string`;
  return (await getJson(url + path)) as FetchAnswer;
}

function brief(value: string | null): string {
  return value === null ? "null" : value.slice(0, 20);
}

// `sluice/outbox`: events of a Durable Object into topics, exactly once and in order, by the transactional outbox pattern. An event is
// stored in the object's own SQLite, in one transaction with the change that it tells of, and the object's alarm sends it.
//
// What makes it exactly once: events are packed into a batch that has its producer id and sequence from then on, and that batch is stored
// before it is sent (the runtime holds a request back until the writes before it are durable). Wherever the object dies, the same bytes
// are sent again, and the broker knows them again. It does so for a day (producer.id.expiration.ms): an answer that was lost, with no
// attempt after it for so long, may leave an event written twice.
//
// Order: the events of one key, and all those without a key, in the order of their sends; what goes to one partition, in that order too.

import { MAX_ROW_BYTES } from "../../common/limits/platform.ts";
import { partitionForKey } from "../../common/murmur2.ts";
import { BATCHES_TYPE } from "../../contract/media-types.ts";
import {
  BatchBuilder,
  type BatchProducer,
  batchSizeBound,
  NO_PRODUCER,
  type RecordBytes,
  recordBytes,
  setProducer,
} from "../../record/batch-builder.ts";
import { readRecords } from "../../record/batch-reader.ts";
import type { DecodedRecord } from "../../record/codec.ts";
import { BATCH_HEADER_BYTES, readBatchHeader, viewOf } from "../../record/record-batch.ts";
import { pathOf } from "../admin/topic-admin.ts";
import { type Backoff, backoffMs } from "../backoff.ts";
import { type Client, readJson } from "../client.ts";
import { errorOf, SluiceError } from "../errors.ts";
import { requireInteger, withDefaults } from "../option-checks.ts";
import { encodeRecord, type ProducerRecord } from "../producer/records.ts";
import { TopicCache } from "../topics.ts";
import { type OutboxStorage, OutboxStore, type Run, type StoredEvent, type StoredSequence } from "./outbox-store.ts";

export interface OutboxOptions {
  /** Most events in a batch. */
  readonly maxBatchEvents?: number;
  /** Most bytes of a batch, up to 1,900,000: a row of the object holds 2 MB. */
  readonly maxBatchBytes?: number;
  /** Between attempts while the broker cannot be reached (ms). */
  readonly backoff?: Backoff;
  /**
   * Where the object uses its alarm for other things too: called with the time (ms) at which `alarm` is to be called. The outbox sets the
   * object's alarm itself where this is absent.
   */
  readonly setAlarm?: (atMs: number) => void;
  /**
   * The broker refuses a batch for good: too large for the topic, no right to write. `retry` (the default) keeps it, and all events
   * behind it, until the cause is gone; `drop` loses these events.
   */
  readonly onRefused?: (error: SluiceError, records: readonly DecodedRecord[]) => "retry" | "drop";
}

const DEFAULTS = {
  maxBatchEvents: 500,
  maxBatchBytes: 512 * 1024,
  backoff: { initialMs: 500, maxMs: 60_000 },
};

/** Batches that one alarm sends: an invocation may make so many requests, and others want their turn. */
const MAX_RUNS_PER_ALARM = 100;

const MAX_EPOCH = 32_767;

/**
 * Sends what an object tells.
 *
 * ```ts
 * export class Order extends DurableObject<Env> {
 *   outbox = new Outbox(this.ctx.storage, createClient({ binding: this.env.SLUICE, token: this.env.SLUICE_TOKEN }));
 *
 *   place(item: string) {
 *     this.ctx.storage.transactionSync(() => {
 *       this.ctx.storage.sql.exec("INSERT INTO items VALUES (?)", item);
 *       this.outbox.send({ topic: "orders", key: this.ctx.id.toString(), value: { item } });
 *     });
 *   }
 *
 *   alarm() {
 *     return this.outbox.alarm();
 *   }
 * }
 * ```
 */
export class Outbox {
  readonly #storage: OutboxStorage;
  readonly #client: Client;
  readonly #options: OutboxOptions & typeof DEFAULTS;
  readonly #store: OutboxStore;
  readonly #topics: TopicCache;
  #failures = 0;
  #draining: Promise<void> | null = null;

  /** @throws RangeError that names the option which cannot be */
  constructor(storage: OutboxStorage, client: Client, options: OutboxOptions = {}) {
    this.#storage = storage;
    this.#client = client;
    this.#options = withDefaults(DEFAULTS, options);
    requireInteger("maxBatchEvents", this.#options.maxBatchEvents, 1);
    requireInteger("maxBatchBytes", this.#options.maxBatchBytes, 1, MAX_ROW_BYTES);
    this.#store = new OutboxStore(storage);
    this.#topics = new TopicCache(client);
  }

  /** Events that are not known to be written yet. */
  get pending(): number {
    return this.#store.countPending();
  }

  /**
   * Stores an event, to be sent once what the object writes now is durable. Without waiting, so that it shares the transaction, explicit or
   * not, of the writes around it.
   * @throws TypeError, RangeError or SluiceError (MESSAGE_TOO_LARGE) for what cannot be sent
   */
  send({ topic, partition, ...record }: ProducerRecord): void {
    const bytes = encodeRecord(record);
    if (partition !== undefined) requireInteger("partition", partition, 0); // it would be refused later, for ever, with all behind it
    const { maxBatchBytes } = this.#options;
    const size = batchSizeBound(bytes);
    if (size > maxBatchBytes) throw errorOf("MESSAGE_TOO_LARGE", `the event takes ${size} bytes, maxBatchBytes is ${maxBatchBytes}`);
    const batch = encodeBatch([bytes], NO_PRODUCER);
    if (this.#store.addEvent(topic, partition ?? null, batch)) this.#wakeAt(Date.now());
  }

  /** To be called by the object's alarm. Sends what there is, and sets the alarm again where something is left. */
  async alarm(): Promise<void> {
    this.#store.alarmRang();
    try {
      await this.drain(MAX_RUNS_PER_ALARM);
      this.#failures = 0;
      if (this.#store.hasWork()) this.#wakeAt(Date.now());
    } catch (error) {
      const retryAfterMs = error instanceof SluiceError ? error.retryAfterMs : 0;
      this.#wakeAt(Date.now() + backoffMs(this.#options.backoff, this.#failures++, retryAfterMs));
      if (!(error instanceof SluiceError)) throw error;
    }
  }

  /** Sends at most so many batches now. Rejects with the SluiceError that stops it: what is left is sent by a later alarm. */
  async drain(maxRuns = Number.POSITIVE_INFINITY): Promise<void> {
    while (this.#draining !== null) await this.#draining.catch(() => undefined); // its caller was told
    this.#draining = this.#drain(maxRuns).finally(() => {
      this.#draining = null;
    });
    await this.#draining;
  }

  async #drain(maxRuns: number): Promise<void> {
    for (let runs = 0; runs < maxRuns; runs++) {
      const run = this.#store.firstRun() ?? (await this.#pack());
      if (run === null) return;
      await this.#deliver(run);
    }
  }

  /** Makes the oldest events of one partition a run; null where there are none. */
  async #pack(): Promise<Run | null> {
    const topic = this.#store.firstTopic();
    if (topic === null) return null;
    const partitionCount = this.#topics.known(topic, Date.now()) ?? (await this.#topics.ask(topic));
    const producerId = this.#store.producerId() ?? (await this.#newProducerId());
    const { events, records, partition } = this.#choose(topic, partitionCount, producerId);
    const { producerEpoch, nextSequence } = this.#store.sequence(topic, partition);
    const batch = encodeBatch(records, { producerId, producerEpoch, baseSequence: nextSequence, isTransactional: false });
    this.#store.pack(events, { topic, partition, batch }, { producerEpoch, nextSequence });
    return this.#store.firstRun();
  }

  /** The oldest event, and those after it that go to the same partition, as many as a batch may have. */
  #choose(topic: string, partitionCount: number, producerId: number) {
    const { maxBatchEvents, maxBatchBytes } = this.#options;
    const events: StoredEvent[] = [];
    const records: RecordBytes[] = [];
    let chosen = -1;
    let bytes = 0;
    for (const event of this.#store.events(topic, maxBatchEvents, maxBatchBytes)) {
      const record = recordOf(event);
      // Without a key: always the same partition, for their order; another one for each outbox.
      const keyed = record.key === null ? producerId % partitionCount : partitionForKey(record.key, partitionCount);
      const partition = event.partition ?? keyed;
      if (chosen === -1) chosen = partition;
      if (partition !== chosen) continue;
      bytes += batchSizeBound(record);
      if (events.length > 0 && bytes > maxBatchBytes) break;
      events.push(event);
      records.push(record);
    }
    return { events, records, partition: chosen };
  }

  async #deliver(run: Run): Promise<void> {
    try {
      const headers = { "content-type": BATCHES_TYPE };
      await this.#client.attempt("POST", `${pathOf(run.topic, run.partition)}/batches`, { body: run.batch, headers }, readJson);
      this.#store.finish(run);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (error.code === "DUPLICATE_SEQUENCE_NUMBER") return this.#store.finish(run);
      if (LOST_TRACK.has(error.code)) await this.#renumber(run);
      else if (!error.retriable && !error.isInDoubt && this.#isDropped(run, error)) return this.#drop(run);
      throw error;
    }
  }

  /** The broker does not know the producer as we do. */
  async #renumber(run: Run): Promise<void> {
    const { producerId, ...next } = await this.#nextEpoch(run);
    setProducer(run.batch, { producerId, producerEpoch: next.producerEpoch, baseSequence: 0, isTransactional: false });
    this.#store.renumber(run, next);
  }

  async #drop(run: Run): Promise<void> {
    this.#store.drop(run, await this.#nextEpoch(run));
  }

  /** The partition goes on from 0 under the next epoch, or another producer id where epochs are used up. */
  async #nextEpoch({ batch }: Run): Promise<StoredSequence & { readonly producerId: number }> {
    const { producerEpoch, producerId } = readBatchHeader(viewOf(batch));
    if (producerEpoch < MAX_EPOCH) return { producerId, producerEpoch: producerEpoch + 1, nextSequence: 0 };
    return { producerId: await this.#newProducerId(), producerEpoch: 0, nextSequence: 0 };
  }

  #isDropped({ batch }: Run, error: SluiceError): boolean {
    const records = readRecords(readBatchHeader(viewOf(batch)), batch.subarray(BATCH_HEADER_BYTES), 0);
    return this.#options.onRefused?.(error, records) === "drop";
  }

  async #newProducerId(): Promise<number> {
    const { producerId } = await this.#client.call<{ producerId: number }>("POST", "/v1/producers", { body: {} });
    this.#store.setProducerId(producerId);
    return producerId;
  }

  /** Without waiting: an alarm that is set in the same run of the code is part of the same transaction. */
  #wakeAt(atMs: number): void {
    if (this.#options.setAlarm !== undefined) this.#options.setAlarm(atMs);
    else void this.#storage.setAlarm(atMs);
  }
}

const LOST_TRACK: ReadonlySet<string> = new Set(["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID", "INVALID_PRODUCER_EPOCH"]);

function recordOf({ batch }: StoredEvent): RecordBytes {
  const [record] = readRecords(readBatchHeader(viewOf(batch)), batch.subarray(BATCH_HEADER_BYTES), 0);
  return recordBytes(record!);
}

function encodeBatch(records: readonly RecordBytes[], producer: BatchProducer): Uint8Array<ArrayBuffer> {
  const builder = new BatchBuilder(new Uint8Array(records.reduce((sum, record) => sum + batchSizeBound(record), 0)));
  for (const record of records) builder.append(record);
  return builder.finish(producer);
}

export type { OutboxStorage };

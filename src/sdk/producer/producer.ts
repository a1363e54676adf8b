// The producer: records in, promises of their offsets out. `send` encodes a record into the batch of its partition at once where the topic
// is known and there is memory; else it waits its turn, behind every record that waits already, so that records go in the order in which
// they were sent. The batches are sent by sender.ts.

import { batchSizeBound, type RecordBytes } from "../../record/batch-builder.ts";
import type { Client } from "../client.ts";
import { ClosedError, errorOf, TimeoutError } from "../errors.ts";
import { Fifo } from "../fifo.ts";
import { TopicCache } from "../topics.ts";
import { BufferPool } from "./buffer-pool.ts";
import { type ProducerOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { StickyPartitions } from "./partitioners.ts";
import { type ProducerMetrics, SenderMetrics } from "./producer-metrics.ts";
import { RecordAccumulator } from "./record-accumulator.ts";
import { encodeRecord, type ProducerRecord, type RecordMetadata } from "./records.ts";
import { Sender } from "./sender.ts";
import { ProducerIds } from "./sequences.ts";
import { type GroupMember, type OffsetToCommit, Transactions } from "./transactions.ts";

/** A record that waits for memory, or to learn of its topic. */
interface Waiting {
  readonly record: ProducerRecord;
  readonly bytes: RecordBytes;
  /** undefined where it is not chosen yet. */
  readonly partition: number | undefined;
  /** ms */
  readonly deadline: number;
  readonly sent: PromiseWithResolvers<RecordMetadata>;
  /** Once it waits no longer, whatever became of it. */
  readonly left: PromiseWithResolvers<void>;
}

/**
 * Writes records.
 *
 * ```ts
 * const producer = new Producer(createClient({ url: "http://127.0.0.1:8787" }));
 * const { partition, offset } = await producer.send({ topic: "clicks", key: "u1", value: { page: "/" } });
 * await producer.close();
 * ```
 */
export class Producer {
  readonly #options: ResolvedOptions;
  readonly #topics: TopicCache;
  readonly #pool: BufferPool;
  readonly #accumulator: RecordAccumulator;
  readonly #sender: Sender;
  readonly #sticky: StickyPartitions;
  readonly #metrics = new SenderMetrics();
  readonly #transactions: Transactions | null;
  readonly #waiting = new Fifo<Waiting>();
  #ready: PromiseWithResolvers<void> | null = null;
  #isClosed = false;

  /** @throws TypeError or RangeError that names the option which cannot be */
  constructor(client: Client, options: ProducerOptions = {}) {
    const resolved = resolveOptions(options);
    const { batchSize, lingerMs, bufferMemory, transactionalId, transactionTimeoutMs } = resolved;
    const ids = resolved.idempotence ? new ProducerIds(client) : null;
    this.#options = resolved;
    this.#topics = new TopicCache(client);
    this.#pool = new BufferPool({ totalBytes: bufferMemory, poolableBytes: batchSize, onChange: () => this.#settleReady() });
    this.#accumulator = new RecordAccumulator({ pool: this.#pool, batchSize, lingerMs });
    this.#sticky = new StickyPartitions(batchSize);
    const onIdentity = (identity: { producerId: number; producerEpoch: number }) => {
      this.#accumulator.resetSequences();
      ids?.set(identity);
    };
    this.#transactions =
      transactionalId === undefined ? null : new Transactions({ client, transactionalId, transactionTimeoutMs, onIdentity });
    this.#sender = new Sender({
      ...resolved,
      client,
      ids,
      transactionalId,
      topics: this.#topics,
      accumulator: this.#accumulator,
      metrics: this.#metrics,
      onFailure: (error) => this.#transactions?.fail(error),
    });
  }

  /** Resolves when a record would be taken at once: await it before sending, and memory stays within `bufferMemory`. */
  get ready(): Promise<void> {
    if (this.#hasRoom) return Promise.resolve();
    this.#ready ??= Promise.withResolvers<void>();
    return this.#ready.promise;
  }

  /** Bytes of `bufferMemory` that are free. */
  get bufferAvailable(): number {
    return this.#pool.availableBytes;
  }

  /**
   * Writes a record. The promise tells its offset once it is durable, or rejects with a SluiceError; nobody has to look at it (`flush`
   * waits for all). Mistakes in the record itself reject too, with a TypeError or a RangeError.
   */
  send(record: ProducerRecord): Promise<RecordMetadata> {
    const { interceptors } = this.#options;
    return interceptors.length === 0 ? this.#send(record) : this.#sendIntercepted(record);
  }

  /** Writes records, and resolves once all are durable: their places in the order of the records. */
  async sendAll(records: Iterable<ProducerRecord>): Promise<RecordMetadata[]> {
    return Promise.all(Array.from(records, (record) => this.send(record)));
  }

  /** Resolves when every record that was sent before is written, or has failed. */
  async flush(): Promise<void> {
    await this.#accumulator.flushing(async () => {
      await this.#waiting.last()?.left.promise;
      await this.#accumulator.flushing(async (incomplete) => {
        this.#sender.wake();
        await Promise.all(incomplete.map((batch) => batch.done));
      });
    });
  }

  /** Flushes, for `timeoutMs` at most: what is not written then fails. Nothing can be sent any more. */
  async close({ timeoutMs = this.#options.deliveryTimeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, timeoutMs);
    await Promise.race([this.flush(), timeout.promise]);
    clearTimeout(timer);
    this.#sender.close();
    this.#pool.close();
    this.#accumulator.abortUnsent(new ClosedError("producer"));
  }

  metrics(): ProducerMetrics {
    const { records, bytes, batches, requests, retries, failedRecords, latency } = this.#metrics;
    return {
      ...{ records, bytes, batches, requests, retries, failedRecords },
      latency: latency.percentiles(),
      bufferTotalBytes: this.#pool.totalBytes,
      bufferAvailableBytes: this.#pool.availableBytes,
      bufferAllocations: this.#pool.allocationCount,
      waitingRecords: this.#waiting.length,
    };
  }

  // ------------------------------------------------------------------------------------------------------- transactions

  /**
   * Runs `work` in a transaction: committed when it returns, aborted when it throws.
   * @returns what `work` returns
   */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.beginTransaction();
    try {
      const result = await work();
      await this.commitTransaction();
      return result;
    } catch (error) {
      await this.abortTransaction().catch(() => undefined); // the first error says why; the broker aborts what stays open by itself
      throw error;
    }
  }

  /** Begins a transaction: what is sent from now on becomes visible together, or not at all. */
  async beginTransaction(): Promise<void> {
    await this.#transactional.begin();
  }

  /** Makes a group's offsets part of the transaction: what was read counts as read only if what was made of it is visible. */
  async sendOffsets(offsets: readonly OffsetToCommit[], member: GroupMember): Promise<void> {
    await this.#transactional.sendOffsets(offsets, member);
  }

  /** Flushes and commits. Rejects where a record was not written: abort then. After a timeout it may be called again. */
  async commitTransaction(): Promise<void> {
    const transactions = this.#transactional;
    transactions.beginCommit();
    await this.flush();
    await transactions.commit();
  }

  /** Drops what was not sent, and takes back what was. */
  async abortTransaction(): Promise<void> {
    const transactions = this.#transactional;
    await this.#waiting.last()?.left.promise;
    this.#accumulator.abortUnsent(errorOf("TRANSACTION_ABORTABLE", "the transaction is aborted"));
    await this.flush();
    await transactions.abort();
  }

  get #transactional(): Transactions {
    if (this.#transactions === null) throw new TypeError("the producer has no transactionalId");
    return this.#transactions;
  }

  // ------------------------------------------------------------------------------------------------------------ records

  get #hasRoom(): boolean {
    return this.#isClosed || (this.#waiting.length === 0 && this.#pool.hasRoom);
  }

  #sendIntercepted(record: ProducerRecord): Promise<RecordMetadata> {
    let given: ProducerRecord;
    try {
      given = this.#options.interceptors.reduce((one, interceptor) => interceptor.onSend?.(one) ?? one, record);
    } catch (error) {
      return rejected(this.#failed(error));
    }
    const sent = this.#send(given);
    sent
      .then(
        (metadata) => this.#acknowledge(metadata, null),
        (error: unknown) => this.#acknowledge(null, error),
      )
      .catch(() => {}); // what an observer throws changes nothing, as Kafka's ProducerInterceptor has it
    return sent;
  }

  #send(record: ProducerRecord): Promise<RecordMetadata> {
    try {
      if (this.#isClosed) throw new ClosedError("producer");
      this.#transactions?.noteRecord();
    } catch (error) {
      this.#metrics.failedRecords++; // it is no part of the transaction that is ending, if one is: that does not fail by it
      return rejected(error);
    }
    try {
      const bytes = encodeRecord(record);
      this.#checkSize(bytes);
      const partitionCount = this.#waiting.length === 0 ? this.#topics.known(record.topic, Date.now()) : undefined;
      if (partitionCount === undefined) return this.#sendLater(record, bytes, undefined);
      const partition = this.#choose(record, bytes, partitionCount);
      return this.#append(record.topic, partition, bytes, null) ?? this.#sendLater(record, bytes, partition);
    } catch (error) {
      return rejected(this.#failed(error));
    }
  }

  /** @param spare a buffer for the batch that may have to be opened. @returns null where that is so, and there is no memory for it */
  #append(topic: string, partition: number, bytes: RecordBytes, spare: Uint8Array<ArrayBuffer> | null): Promise<RecordMetadata> | null {
    const sent = this.#accumulator.append(topic, partition, bytes);
    if (sent !== null) {
      if (spare !== null) this.#pool.deallocate(spare);
      return sent;
    }
    const buffer = spare ?? this.#pool.tryAllocate(this.#accumulator.bufferSize(bytes));
    if (buffer === null) return null;
    this.#sender.wake();
    return this.#accumulator.open(topic, partition, bytes, buffer, Date.now());
  }

  #choose(record: ProducerRecord, { key, value }: RecordBytes, partitionCount: number): number {
    const { topic } = record;
    const partition = record.partition ?? this.#options.partitioner({ topic, partitionCount, key, value });
    if (partition === null) {
      const chosen = this.#sticky.choose(topic, partitionCount, (one) => this.#accumulator.queueLength(topic, one));
      this.#sticky.produced(topic, (key?.length ?? 0) + (value?.length ?? 0));
      return chosen;
    }
    if (Number.isInteger(partition) && partition >= 0 && partition < partitionCount) return partition;
    throw new RangeError(`topic ${topic} has the partitions 0 to ${partitionCount - 1}, not ${partition}`);
  }

  #sendLater(record: ProducerRecord, bytes: RecordBytes, partition: number | undefined): Promise<RecordMetadata> {
    const deadline = Date.now() + this.#options.maxBlockMs;
    const sent = Promise.withResolvers<RecordMetadata>();
    sent.promise.catch(() => {}); // as ProducerBatch.fail has it, for a promise of its own
    const isFirst = this.#waiting.length === 0;
    this.#waiting.push({ record, bytes, partition, deadline, sent, left: Promise.withResolvers() });
    if (isFirst) void this.#serveWaiting();
    return sent.promise;
  }

  /** Sends those who wait, one after the other, at one go as far as nothing is missing. Never rejects. */
  async #serveWaiting(): Promise<void> {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const { record, bytes, deadline, sent, left } = next;
      try {
        const count = this.#topics.known(record.topic, Date.now()) ?? (await this.#partitionCount(record.topic, deadline));
        const partition = next.partition ?? this.#choose(record, bytes, count);
        const taken = this.#append(record.topic, partition, bytes, null);
        sent.resolve(taken ?? this.#append(record.topic, partition, bytes, await this.#room(bytes, deadline))!);
      } catch (error) {
        sent.reject(this.#failed(error));
      }
      left.resolve();
      this.#waiting.shift();
    }
    this.#settleReady();
  }

  async #room(bytes: RecordBytes, deadline: number): Promise<Uint8Array<ArrayBuffer>> {
    const room = this.#pool.allocate(this.#accumulator.bufferSize(bytes), Math.max(0, deadline - Date.now()));
    this.#sender.wake(); // what is not full is sent too while somebody waits
    return room;
  }

  async #partitionCount(topic: string, deadline: number): Promise<number> {
    const timeout = Promise.withResolvers<never>();
    const expire = () => timeout.reject(new TimeoutError(`topic ${topic} did not become known in time (maxBlockMs)`));
    const timer = setTimeout(expire, deadline - Date.now());
    try {
      return await Promise.race([this.#topics.ask(topic), timeout.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A record that does not get as far as a batch. */
  #failed(error: unknown): unknown {
    this.#metrics.failedRecords++;
    this.#transactions?.fail(error);
    return error;
  }

  #checkSize(bytes: RecordBytes): void {
    const { maxRequestSize, bufferMemory } = this.#options;
    const size = batchSizeBound(bytes);
    const [limit, name] = maxRequestSize < bufferMemory ? [maxRequestSize, "maxRequestSize"] : [bufferMemory, "bufferMemory"];
    if (size > limit) throw errorOf("MESSAGE_TOO_LARGE", `the record takes ${size} bytes, ${name} is ${limit}`);
  }

  #settleReady(): void {
    if (this.#ready === null || !this.#hasRoom) return;
    this.#ready.resolve();
    this.#ready = null;
  }

  #acknowledge(metadata: RecordMetadata | null, error: unknown): void {
    for (const { onAcknowledgement } of this.#options.interceptors) onAcknowledgement?.(metadata, error);
  }
}

/** A rejection that nobody has to look at. */
function rejected(error: unknown): Promise<never> {
  const rejection = Promise.reject(error);
  rejection.catch(() => {});
  return rejection;
}

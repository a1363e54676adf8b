// `sluice/share`: a worker of a share group (KIP-932) over HTTP. Any number of them lease single records of the same partitions, and settle
// each by itself; what fails or hangs holds up nobody. Delivery is at least once: what was handled and could not be acknowledged in time
// comes again.

import { DEFAULT_SHARE_HANDLING_MS, MAX_SHARE_DELAY_MS } from "../../common/limits/share-groups.ts";
import type { ShareOrder } from "../../common/share-settings.ts";
import { type Backoff, backoffMs, sleep } from "../backoff.ts";
import type { Client } from "../client.ts";
import { ClosedError } from "../errors.ts";
import { LeaseSource } from "./lease-source.ts";
import type { Lease, LeasedRecord } from "./leased-record.ts";
import { type Settlement, Settler } from "./settler.ts";

export type { LeasedRecord } from "./leased-record.ts";

export interface ShareConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** The order that the handler relies on: a group of another one refuses the consumer, and one that it makes gets it. */
  readonly order?: ShareOrder;
  /** How long a record is this consumer's (ms); the group's where absent. */
  readonly leaseMs?: number;
  /** Most records of one pull, and most that wait for the handler. As many are only pulled where they can be handled in time. */
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  /** Longest wait of one pull (ms), and of `close` for the last one. */
  readonly maxWaitMs?: number;
  /**
   * Of `for await`, Kafka's share.acknowledgement.mode. `implicit`: a record that is not settled by then is acknowledged once the next is
   * asked for, and its lease is renewed meanwhile. `explicit`: what is not settled comes again when its lease ends.
   */
  readonly acknowledgement?: "implicit" | "explicit";
  /** How long a lease is renewed while its record is handled (ms). */
  readonly maxHandlingMs?: number;
  /**
   * Told of what does not end the consumer: an error of the handler, a settlement that was refused (with the record), a pull that failed and
   * is made again (null).
   */
  readonly onError?: (error: unknown, record: LeasedRecord | null) => void;
}

export type LeasedRecordHandler = (record: LeasedRecord) => void | Promise<void>;

export interface ShareRunOptions {
  /** Records that are handled at a time. Of a group that is ordered by partition, one of each partition. */
  readonly concurrency?: number;
  /** How long a record that failed waits for its next delivery: doubled with each. */
  readonly retry?: Backoff;
  /** Errors of these classes will not go away: the record is rejected, not released. */
  readonly rejectOn?: readonly (abstract new (
    ...args: never[]
  ) => unknown)[];
}

/** From a second to a minute: five deliveries, the default of groups, take 15 s. */
const DEFAULT_RETRY: Backoff = { initialMs: 1_000, maxMs: 60_000 };
/** max.poll.records */
const DEFAULT_MAX_RECORDS = 500;
/** Short beside other consumers': it is waited for when the consumer is closed. */
const DEFAULT_MAX_WAIT_MS = 5_000;
const DEFAULT_CLOSE_MS = 30_000;

interface Reading {
  readonly source: LeaseSource;
  /** Resolved when the handlers have ended; null for a loop, which ends with whoever leaves it. */
  readonly ended: Promise<void> | null;
  /** Whether what was given out, and is neither settled nor to be any more, goes back at once. */
  readonly isReleasing: boolean;
}

/**
 * Works off the records of topics together with the other workers of a share group.
 *
 * ```ts
 * const consumer = new ShareConsumer(client, { groupId: "workers", topics: ["jobs"] });
 * await consumer.run(async (record) => work(asJson(record.value)), { concurrency: 16, rejectOn: [SyntaxError] });
 * ```
 */
export class ShareConsumer implements AsyncIterable<LeasedRecord> {
  readonly #client: Client;
  readonly #options: ShareConsumerOptions;
  readonly #settler: Settler;
  #reading: Reading | null = null;
  /** Those that may have a pull under way. */
  readonly #sources = new Set<LeaseSource>();
  #isClosed = false;

  constructor(client: Client, options: ShareConsumerOptions) {
    this.#client = client;
    this.#options = options;
    this.#settler = new Settler(client, options.groupId);
  }

  /** Records whose lease it holds: those being handled, and those that wait for that. */
  get held(): number {
    return this.#reading?.source.held ?? 0;
  }

  /**
   * One record after the other, for ever: ends when the consumer is closed. Leave the loop, or throw, and what was not settled goes back.
   * @throws SluiceError where a pull is refused for good
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<LeasedRecord> {
    const isImplicit = this.#options.acknowledgement !== "explicit";
    const reading = this.#begin(1, isImplicit);
    const { source } = reading;
    try {
      for (let lease = await source.next(); lease !== null; lease = await source.next()) {
        yield lease;
        source.done(lease);
        if (isImplicit && lease.isOpen) void lease.ack();
      }
    } finally {
      this.#leave(reading);
      await this.#settler.flush();
    }
  }

  /**
   * Hands every record to `handler`: acknowledges it when that returns, releases it, to be delivered again after a while, when that throws,
   * and rejects it where the error says so. A handler may also settle its record itself. Leases are renewed while handlers run.
   *
   * Resolves when the consumer is closed. @throws SluiceError where a pull is refused for good, once the handlers have ended
   */
  async run(handler: LeasedRecordHandler, options: ShareRunOptions = {}): Promise<void> {
    const { concurrency = 1 } = options;
    const ended = Promise.withResolvers<void>();
    const reading = this.#begin(concurrency, true, ended.promise);
    const { source } = reading;
    const work = async () => {
      try {
        for (let lease = await source.next(); lease !== null; lease = await source.next()) {
          await this.#handle(lease, handler, options);
          source.done(lease);
        }
      } catch (error) {
        source.fail(error);
        throw error;
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: concurrency }, work));
    ended.resolve();
    this.#leave(reading);
    await this.#settler.flush();
    for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
  }

  /**
   * Pulls no more, gives back what waits, lets handlers end, and sends what is to be acknowledged. The last pull may wait for up to
   * `maxWaitMs`: what it brings is given back too. Not to be awaited inside a handler.
   * @param timeoutMs after it, records that are still handled, and what a pull still brings, are left to their leases
   */
  async close({ timeoutMs = DEFAULT_CLOSE_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#isClosed = true;
    const reading = this.#reading;
    reading?.source.stop();
    if (reading?.ended === null) this.#leave(reading); // a loop is not waited for: it may be the one that calls
    const timeUp = new AbortController();
    const sources = [...this.#sources];
    const over = Promise.all([reading?.ended, ...sources.map((source) => source.ended())]);
    await Promise.race([over, sleep(timeoutMs, timeUp.signal).catch(() => undefined)]); // nobody waits any more
    timeUp.abort();
    if (reading !== null) this.#leave(reading);
    for (const source of sources) source.hangUp();
    await this.#settler.flush();
  }

  #begin(concurrency: number, isRenewed: boolean, ended: Promise<void> | null = null): Reading {
    if (this.#isClosed) throw new ClosedError("share consumer");
    if (this.#reading !== null) throw new TypeError("the share consumer is being read already");
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) throw new RangeError(`concurrency is a count from 1 up, not ${concurrency}`);
    const { groupId, topics, order, leaseMs, maxBytes, maxRecords, maxWaitMs, maxHandlingMs } = this.#options;
    const source = new LeaseSource(this.#client, {
      ...{ groupId, topics, order, leaseMs, maxBytes, concurrency },
      maxRecords: maxRecords ?? DEFAULT_MAX_RECORDS,
      maxWaitMs: maxWaitMs ?? DEFAULT_MAX_WAIT_MS,
      renewForMs: isRenewed ? (maxHandlingMs ?? DEFAULT_SHARE_HANDLING_MS) : 0,
      settle: (lease, settlement) => this.#settle(source, lease, settlement),
      report: (error, lease) => this.#report(error, lease),
    });
    this.#sources.add(source);
    this.#reading = { source, ended, isReleasing: isRenewed && ended === null };
    return this.#reading;
  }

  /** Ends a reading, once. */
  #leave(reading: Reading): void {
    const { source, isReleasing } = reading;
    if (this.#reading !== reading) return;
    this.#reading = null;
    source.stop();
    const left = source.drop();
    if (isReleasing) for (const lease of left) if (lease.isOpen) void lease.release();
    void source.ended().then(() => this.#sources.delete(source));
  }

  async #handle(lease: Lease, handler: LeasedRecordHandler, { retry = DEFAULT_RETRY, rejectOn = [] }: ShareRunOptions): Promise<void> {
    try {
      await handler(lease);
      if (lease.isOpen) void lease.ack();
    } catch (error) {
      if (lease.isOpen) {
        if (rejectOn.some((final) => error instanceof final)) void lease.reject();
        else void lease.release({ delayMs: Math.min(Math.round(backoffMs(retry, lease.deliveryCount - 1)), MAX_SHARE_DELAY_MS) });
      }
      this.#report(error, lease);
    }
  }

  #settle(source: LeaseSource, lease: Lease, settlement: Settlement): Promise<void> {
    source.settling(lease, settlement);
    const settled = this.#settler.settle(lease.leaseId, settlement);
    settled.catch((error: unknown) => this.#report(error, lease));
    return settled;
  }

  #report(error: unknown, lease: Lease | null): void {
    try {
      this.#options.onError?.(error, lease);
    } catch (thrown) {
      this.#reading?.source.fail(thrown);
    }
  }
}

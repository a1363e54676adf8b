// Reads one partition ahead of its consumer, a bounded number of bytes: fetches wait at the broker for what comes next, and stop while as
// much is buffered as may be, and while the partition is paused. A seek makes whatever is buffered or under way void.

import type { DecodedRecord } from "../../record/codec.ts";
import { backoffMs, sleep } from "../backoff.ts";
import type { Client } from "../client.ts";
import { OffsetOutOfRangeError, SluiceError } from "../errors.ts";
import { Fifo } from "../fifo.ts";
import type { Slots } from "../slots.ts";
import { type FetchedPage, type FetchOptions, fetchPage } from "./fetch-batches.ts";
import type { TopicPartition } from "./records.ts";
import type { SharedWait } from "./shared-wait.ts";

export type OffsetReset = "earliest" | "latest" | "none";

export interface FetcherOptions extends Pick<FetchOptions, "maxBytes" | "maxWaitMs" | "isolation" | "codecs" | "checkCrcs"> {
  readonly client: Client;
  /** Requests at a time, of all partitions. */
  readonly slots: Slots;
  /** Where partitions wait together, when there are more of them than slots; null while each waits for itself. */
  readonly sharedWait: () => SharedWait | null;
  readonly autoOffsetReset: OffsetReset;
  /** A partition that has so many pages buffered is not fetched. */
  readonly prefetchPages: number;
  /** Something is buffered, or the partition has failed. */
  readonly onChange: () => void;
}

export interface Page {
  readonly records: readonly DecodedRecord[];
  readonly nextOffset: number;
}

export class PartitionFetcher {
  readonly place: TopicPartition;
  readonly #options: FetcherOptions;
  readonly #pages = new Fifo<Page>();
  #fetchFrom: number | "earliest" | "latest";
  #run = new AbortController();
  #isRunning = false;
  #isPaused = false;
  #isDecodedByBroker = false;
  #endOffset = -1;
  #failure: SluiceError | null = null;

  constructor(place: TopicPartition, from: number | "earliest" | "latest", options: FetcherOptions) {
    this.place = place;
    this.#options = options;
    this.#fetchFrom = from;
  }

  /** The end of what may be read, as of the last answer; -1 before the first. */
  get endOffset(): number {
    return this.#endOffset;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** What ended the reading; thrown to the consumer once. */
  takeFailure(): SluiceError | null {
    const failure = this.#failure;
    this.#failure = null;
    return failure;
  }

  /** The next page, if one is there and the partition is not paused. */
  takePage(): Page | null {
    if (this.#isPaused) return null;
    const page = this.#pages.shift() ?? null;
    if (page !== null) this.start();
    return page;
  }

  /** Goes on reading, if it may. */
  start(): void {
    if (this.#isRunning || this.#failure !== null || !this.#isWanted) return;
    this.#isRunning = true;
    void this.#read(this.#run.signal);
  }

  seek(from: number | "earliest" | "latest"): void {
    this.stop();
    this.#fetchFrom = from;
    this.start();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#options.onChange();
    this.start();
  }

  /** Forgets what is buffered, and ends what is under way. */
  stop(): void {
    this.#run.abort();
    this.#run = new AbortController();
    this.#isRunning = false;
    this.#failure = null;
    this.#pages.drain();
  }

  get #isWanted(): boolean {
    return !this.#isPaused && this.#pages.length < this.#options.prefetchPages;
  }

  /** Never rejects. */
  async #read(signal: AbortSignal): Promise<void> {
    for (let failures = 0; this.#isWanted && !signal.aborted; ) {
      try {
        const page = await this.#options.slots.run(() => this.#fetch(signal));
        if (signal.aborted) return;
        failures = 0;
        this.#take(page);
        if (page.records.length === 0) await this.#options.sharedWait()?.for({ ...this.place, offset: page.nextOffset }, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(await this.#recover(error, failures++, signal))) break;
      }
    }
    if (!signal.aborted) this.#isRunning = false;
  }

  /**
   * From a named offset without waiting: its answer tells the number. A wait for `latest` that broke would begin at another end, and what was
   * written meanwhile would be passed over.
   */
  #fetch(signal: AbortSignal): Promise<FetchedPage> {
    const { client, maxWaitMs, sharedWait, ...options } = this.#options;
    const mayWait = typeof this.#fetchFrom === "number" && sharedWait() === null;
    return fetchPage(client, this.place, {
      ...options,
      signal,
      offset: this.#fetchFrom,
      maxWaitMs: mayWait ? maxWaitMs : 0,
      isDecodedByBroker: this.#isDecodedByBroker,
    });
  }

  #take({ records, nextOffset, highWatermark, lastStableOffset, isDecodedByBroker }: FetchedPage): void {
    this.#fetchFrom = nextOffset;
    this.#endOffset = this.#options.isolation === "read_committed" ? lastStableOffset : highWatermark;
    this.#isDecodedByBroker = isDecodedByBroker;
    this.#pages.push({ records, nextOffset });
    this.#options.onChange();
  }

  /** @returns whether to go on; otherwise the failure is the consumer's to hear of */
  async #recover(error: unknown, failures: number, signal: AbortSignal): Promise<boolean> {
    const { autoOffsetReset, client, onChange } = this.#options;
    if (error instanceof OffsetOutOfRangeError && autoOffsetReset !== "none") {
      this.#fetchFrom = autoOffsetReset;
      return true;
    }
    if (error instanceof SluiceError && error.retriable && error.status !== 404) {
      await sleep(backoffMs(client.backoff, failures, error.retryAfterMs), signal).catch(() => undefined); // aborted: the loop sees it
      return true;
    }
    this.#failure =
      error instanceof SluiceError ? error : new SluiceError("CORRUPT_MESSAGE", String(error), { cause: error, retriable: false });
    onChange();
    return false;
  }
}

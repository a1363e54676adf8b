// A consumer of partitions that its program names (Kafka's assign): it reads them side by side, ahead by a bounded amount, and gives
// records in the order of each partition. A record is processed once the next one is asked for; that is what auto-commit commits.
//
// Members of groups, which are told their partitions, are group-consumer.ts.

import { GroupAdmin } from "../admin/group-admin.ts";
import { type Isolation, TopicAdmin } from "../admin/topic-admin.ts";
import type { Client } from "../client.ts";
import { type Codecs, PLATFORM_CODECS } from "../compression.ts";
import { ClosedError, refusalOf } from "../errors.ts";
import { MAX_TIMER_MS, requireInteger, withDefaults } from "../option-checks.ts";
import { Slots } from "../slots.ts";
import { type OffsetReset, PartitionFetcher } from "./partition-fetcher.ts";
import { type ProcessOptions, Progress, processRecords, type RecordHandler } from "./process.ts";
import { type ConsumerRecord, type Position, placeKey, type TopicPartition } from "./records.ts";
import { SharedWait } from "./shared-wait.ts";

export interface ConsumerInterceptor {
  /** Sees each page before it is given, and may give other records instead. */
  onConsume?(records: readonly ConsumerRecord[]): readonly ConsumerRecord[];
  /** Sees what was committed. */
  onCommit?(offsets: readonly Position[]): void;
}

export interface ConsumerOptions {
  /** Whose committed offsets are read and written. The group must have no members. */
  readonly groupId?: string;
  readonly isolation?: Isolation;
  /** Where partitions begin that have no offset, or one that is gone; `none`: with an error. */
  readonly autoOffsetReset?: OffsetReset;
  /** Commit what is processed so often (ms), and on close; 0: only when asked to. */
  readonly autoCommitMs?: number;
  /** Bytes of a fetch (max.partition.fetch.bytes). */
  readonly maxBytes?: number;
  /** How long a fetch waits at the broker for something new (ms, fetch.max.wait.ms). */
  readonly maxWaitMs?: number;
  /** Fetched pages that may wait for the program, for each partition. */
  readonly prefetchPages?: number;
  /** Fetches under way at a time. */
  readonly maxInFlight?: number;
  readonly checkCrcs?: boolean;
  readonly codecs?: Codecs;
  readonly interceptors?: readonly ConsumerInterceptor[];
}

/** A partition and where to begin: where the group is, or else as `autoOffsetReset` has it, if absent. */
export interface Assignment extends TopicPartition {
  readonly offset?: number | "earliest" | "latest";
}

interface Assigned {
  readonly fetcher: PartitionFetcher;
  /** How often it was sought: a page from before is void. */
  seeks: number;
  /** The next offset to fetch a page from, as far as pages were given; null until the first is known. */
  position: number | null;
  /** The next offset to commit; null while nothing is processed. */
  processed: number | null;
}

/** What was fetched at once of one partition, and is being processed. */
interface Page {
  readonly assigned: Assigned;
  readonly seeks: number;
  readonly records: readonly ConsumerRecord[];
  readonly nextOffset: number;
}

type ResolvedOptions = Required<Omit<ConsumerOptions, "groupId">> & Pick<ConsumerOptions, "groupId">;

const DEFAULTS: ResolvedOptions = {
  isolation: "read_committed",
  autoOffsetReset: "latest",
  autoCommitMs: 5_000,
  maxBytes: 1024 * 1024,
  maxWaitMs: 20_000, // an idle fetch costs a request each time it ends
  prefetchPages: 2,
  maxInFlight: 5, // browsers and Workers have six connections to a host
  checkCrcs: true,
  codecs: PLATFORM_CODECS,
  interceptors: [],
};

/** @throws RangeError that names the option */
function resolveOptions(options: ConsumerOptions): ResolvedOptions {
  const resolved = withDefaults(DEFAULTS, options);
  for (const name of ["maxBytes", "prefetchPages", "maxInFlight"] as const) requireInteger(name, resolved[name], 1);
  for (const name of ["autoCommitMs", "maxWaitMs"] as const) requireInteger(name, resolved[name], 0, MAX_TIMER_MS);
  return resolved;
}

/**
 * Reads partitions.
 *
 * ```ts
 * const consumer = new Consumer(createClient({ url: "http://127.0.0.1:8787" }));
 * await consumer.assign([{ topic: "clicks", partition: 0, offset: "earliest" }]);
 * for await (const record of consumer) console.log(record.offset, asText(record.value));
 * ```
 */
export class Consumer implements AsyncIterable<ConsumerRecord> {
  readonly #client: Client;
  readonly #options: ResolvedOptions;
  readonly #topics: TopicAdmin;
  readonly #groups: GroupAdmin;
  readonly #slots: Slots;
  readonly #sharedWait: SharedWait;
  readonly #progress = new Progress();
  /** The one that was given last at the end: all get their turn. */
  readonly #assigned = new Map<string, Assigned>();
  #leftOver: Page | null = null;
  #change = Promise.withResolvers<void>();
  #lastCommitMs = Date.now();
  #isClosed = false;

  /** @throws RangeError that names the option which cannot be */
  constructor(client: Client, options: ConsumerOptions = {}) {
    this.#client = client;
    this.#options = resolveOptions(options);
    this.#topics = new TopicAdmin(client);
    this.#groups = new GroupAdmin(client);
    this.#slots = new Slots(this.#options.maxInFlight);
    this.#sharedWait = new SharedWait(client, this.#options.isolation, this.#options.maxWaitMs);
  }

  // --------------------------------------------------------------------------------------------------------- assignment

  /** Reads these partitions from now on, and no others. Those that were assigned before go on where they are, unless an offset is given. */
  async assign(assignments: readonly Assignment[]): Promise<void> {
    this.#requireOpen();
    const committed = await this.#committed(assignments.some(({ offset }) => offset === undefined));
    const wanted = new Map(assignments.map((assignment) => [placeKey(assignment), assignment]));
    const added = [...wanted].flatMap(([key, { topic, partition, offset }]) => {
      return this.#assigned.has(key) ? [] : [{ place: { topic, partition }, from: offset ?? committed.get(key) ?? this.#beginning }];
    });
    for (const [key, { fetcher }] of this.#assigned) {
      const assignment = wanted.get(key);
      if (assignment === undefined) {
        fetcher.stop();
        this.#assigned.delete(key);
      } else if (assignment.offset !== undefined) this.seek(assignment, assignment.offset);
    }
    for (const { place, from } of added) this.#add(place, from);
    for (const { fetcher } of this.#assigned.values()) fetcher.start();
  }

  /** Assigns every partition that the topic has now. */
  async assignTopic(topic: string, offset?: Assignment["offset"]): Promise<void> {
    const { partitions } = await this.#topics.describe(topic);
    await this.assign(partitions.map(({ partition }) => ({ topic, partition, ...(offset === undefined ? {} : { offset }) })));
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#assigned.values()].map(({ fetcher }) => fetcher.place);
  }

  /** Goes on at another offset. */
  seek(place: TopicPartition, offset: number | "earliest" | "latest"): void {
    const assigned = this.#find(place);
    assigned.position = typeof offset === "number" ? offset : null;
    assigned.processed = assigned.position;
    assigned.seeks++;
    assigned.fetcher.seek(offset);
  }

  /** The next offset to process; null until the first fetch has told. */
  position(place: TopicPartition): number | null {
    const assigned = this.#find(place);
    const page = this.#leftOver; // as long as nothing of the first page is done, its first record is the next
    if (assigned.processed === null && page?.assigned === assigned && !this.#isVoid(page)) return page.records[0]!.offset;
    return assigned.processed ?? assigned.position;
  }

  /** Records between the position and the end, as of the last fetch; null before it. */
  lag(place: TopicPartition): number | null {
    const { fetcher } = this.#find(place);
    const position = this.position(place);
    return position === null || fetcher.endOffset < 0 ? null : Math.max(0, fetcher.endOffset - position);
  }

  /** Gives nothing of these partitions until `resume`. What is buffered stays. */
  pause(places: readonly TopicPartition[] = this.assignment): void {
    for (const place of places) this.#find(place).fetcher.pause();
  }

  resume(places: readonly TopicPartition[] = this.assignment): void {
    for (const place of places) this.#find(place).fetcher.resume();
  }

  get paused(): readonly TopicPartition[] {
    return [...this.#assigned.values()].filter(({ fetcher }) => fetcher.isPaused).map(({ fetcher }) => fetcher.place);
  }

  /** The first offset at or after each time (ms); null where there is none. */
  async offsetsForTimes(times: readonly (TopicPartition & { readonly timestamp: number })[]): Promise<(Position | null)[]> {
    return Promise.all(
      times.map(async ({ topic, partition, timestamp }) => {
        const { offset } = await this.#topics.offset(topic, partition, timestamp, this.#options.isolation);
        return offset < 0 ? null : { topic, partition, offset };
      }),
    );
  }

  // ------------------------------------------------------------------------------------------------------------ reading

  /** Records, for ever: ends when the consumer is closed. Who leaves the loop and comes back gets the last record again: it was not processed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord> {
    for await (const page of this.#pages()) {
      for (const record of page.records) {
        if (this.#isClosed || this.#isVoid(page)) break;
        yield record;
        this.#done(page, record);
        await this.#autoCommit();
      }
    }
  }

  /** Records of one partition at a time, as they were fetched. They count as processed when the next are asked for. */
  async *batches(): AsyncGenerator<readonly ConsumerRecord[]> {
    for await (const { records } of this.#pages()) yield records;
  }

  /**
   * Hands every record to `handler`, several at a time where told to, in order within each lane. Ends when the consumer is closed.
   * Rejects when the handler throws: what it was done with is processed, the record that it threw for is not.
   */
  async run(handler: RecordHandler, options: ProcessOptions = {}): Promise<void> {
    for await (const page of this.#pages()) {
      const isOver = (): boolean => this.#isClosed || this.#isVoid(page);
      const handleOwn: RecordHandler = (record) => (isOver() ? undefined : handler(record));
      await processRecords(page.records, handleOwn, options, (record) => this.#done(page, record));
    }
  }

  // ---------------------------------------------------------------------------------------------------------- committing

  /** Commits what is processed, or these offsets. @throws SluiceError where one is refused */
  async commit(offsets: readonly Position[] = this.#processedOffsets()): Promise<void> {
    const { groupId, interceptors } = this.#options;
    if (groupId === undefined) throw new TypeError("the consumer has no groupId to commit for");
    this.#lastCommitMs = Date.now();
    if (offsets.length === 0) return;
    const answer = await this.#groups.commit(groupId, { offsets: [...offsets] });
    for (const part of answer.offsets) {
      const refusal = refusalOf(part);
      if (refusal !== null) throw refusal;
    }
    for (const { onCommit } of interceptors) onCommit?.(offsets);
  }

  /** Ends the reading; commits what is processed, if that is the consumer's to do. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { fetcher } of this.#assigned.values()) fetcher.stop();
    this.#wake();
    if (this.#commitsByItself) await this.commit();
  }

  get #commitsByItself(): boolean {
    return this.#options.groupId !== undefined && this.#options.autoCommitMs > 0;
  }

  get #beginning(): "earliest" | "latest" {
    const { autoOffsetReset } = this.#options;
    if (autoOffsetReset === "none") throw new RangeError("a partition has no offset to begin at, and autoOffsetReset is none");
    return autoOffsetReset;
  }

  async #committed(isNeeded: boolean): Promise<Map<string, number>> {
    const { groupId } = this.#options;
    if (groupId === undefined || !isNeeded) return new Map();
    const { offsets } = await this.#groups.offsets(groupId).catch((error: { code?: string }) => {
      if (error.code === "GROUP_ID_NOT_FOUND") return { offsets: [] };
      throw error;
    });
    return new Map(offsets.map((committed) => [placeKey(committed), committed.offset]));
  }

  #add(place: TopicPartition, from: number | "earliest" | "latest"): void {
    const fetcher = new PartitionFetcher(place, from, {
      ...this.#options,
      client: this.#client,
      slots: this.#slots,
      sharedWait: () => (this.#assigned.size > this.#options.maxInFlight ? this.#sharedWait : null),
      onChange: () => this.#wake(),
    });
    this.#assigned.set(placeKey(place), { fetcher, seeks: 0, position: typeof from === "number" ? from : null, processed: null });
  }

  /** Pages with records. One is processed, to its end, once the next is asked for. */
  async *#pages(): AsyncGenerator<Page> {
    for (const { fetcher } of this.#assigned.values()) fetcher.start(); // one whose failure was thrown has stopped
    while (!this.#isClosed) {
      const changed = this.#change.promise;
      const page = this.#takeLeftOver() ?? this.#takePage();
      if (page === null) {
        await changed;
        continue;
      }
      if (page.records.length > 0) {
        this.#progress.begin(page.records);
        this.#leftOver = page;
        yield page;
        this.#leftOver = null;
      }
      if (!this.#isVoid(page)) page.assigned.processed = page.nextOffset;
      await this.#autoCommit();
    }
  }

  /** What was not processed of a page whose reader went away in the middle of it. */
  #takeLeftOver(): Page | null {
    const page = this.#leftOver;
    this.#leftOver = null;
    if (page === null || this.#isVoid(page)) return null;
    const { processed } = page.assigned;
    return { ...page, records: page.records.filter(({ offset }) => processed === null || offset >= processed) };
  }

  /** What is buffered of the partition whose turn it is; null where nothing is. */
  #takePage(): Page | null {
    for (const [key, assigned] of this.#assigned) {
      const failure = assigned.fetcher.takeFailure();
      if (failure !== null) throw failure;
      const page = assigned.fetcher.takePage();
      if (page === null) continue;
      this.#assigned.delete(key);
      this.#assigned.set(key, assigned);
      const { topic, partition } = assigned.fetcher.place;
      const { nextOffset } = page;
      assigned.position = nextOffset;
      const fetched: readonly ConsumerRecord[] = page.records.map((record) => ({ topic, partition, ...record }));
      const records = this.#options.interceptors.reduce((given, one) => one.onConsume?.(given) ?? given, fetched);
      return { assigned, seeks: assigned.seeks, records, nextOffset };
    }
    return null;
  }

  #done(page: Page, record: ConsumerRecord): void {
    const offset = this.#progress.done(record);
    if (offset !== null && !this.#isVoid(page)) page.assigned.processed = offset;
  }

  /** Whether the partition was taken away, or is read from somewhere else by now. */
  #isVoid({ assigned, seeks }: Page): boolean {
    return this.#assigned.get(placeKey(assigned.fetcher.place)) !== assigned || assigned.seeks !== seeks;
  }

  #processedOffsets(): Position[] {
    return [...this.#assigned.values()].flatMap(({ fetcher, processed }) => {
      return processed === null ? [] : [{ ...fetcher.place, offset: processed }];
    });
  }

  async #autoCommit(): Promise<void> {
    if (this.#commitsByItself && Date.now() - this.#lastCommitMs >= this.#options.autoCommitMs) await this.commit();
  }

  #find(place: TopicPartition): Assigned {
    this.#requireOpen();
    const assigned = this.#assigned.get(placeKey(place));
    if (assigned === undefined) throw new RangeError(`partition ${place.partition} of ${place.topic} is not assigned`);
    return assigned;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new ClosedError("consumer");
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

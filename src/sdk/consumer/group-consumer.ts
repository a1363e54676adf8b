// A member of a consumer group over HTTP (contract/group-members.ts): one request joins, keeps the membership, commits what was processed
// and brings the next records. The group's state is all at the broker; what is not committed comes again, to whoever has the partition
// then.
//
// While a page is processed the next one is fetched, where there is more; and a member that is processing for long shows itself with requests
// that read nothing. Each request says of which partitions the member has records: when the group wants such a partition back, its other
// records are passed over, and it is given back, with what was processed of it committed, once the record that is being handled is done.
// Where that takes too long the partition goes all the same, and the record comes again elsewhere.

import { backoffMs, sleep } from "../backoff.ts";
import type { Client } from "../client.ts";
import { ClosedError, FencedMemberError, SluiceError } from "../errors.ts";
import { beginTurn, GroupAssignment, isPaused, isToLetGo, type OwnedPartition, placesOf, topicsOf } from "./group-assignment.ts";
import { type GroupAnswer, GroupMembership, type MemberCall } from "./group-membership.ts";
import type { GroupConsumerOptions } from "./group-options.ts";
import { EMPTY_PAGE, endPage, type GroupPage, ownerOf, partitionsOf, processedOwner, refusalIn, takePage, turnsOf } from "./group-page.ts";
import { type ProcessOptions, Progress, processRecords, type RecordHandler } from "./process.ts";
import { type ConsumerRecord, type Position, placeKey, type TopicPartition } from "./records.ts";

/** Times that a member shows itself in a session; and after one such time it waits no longer for a record of a partition that is wanted back. */
const HEARTBEATS_PER_SESSION = 3;
const DEFAULT_SESSION_TIMEOUT_MS = 45_000;
const DEFAULT_WAIT_MS = 20_000; // an idle fetch costs a request each time it ends

/** Why a request that waits is given up: what it says is not so any more. */
const OUTDATED = new Error("the request is out of date");

/**
 * Reads topics together with the other members of a group.
 *
 * ```ts
 * const consumer = new GroupConsumer(client, { groupId: "billing", topics: ["orders"] });
 * for await (const record of consumer) await handle(record);   // committed once the next is asked for
 * ```
 */
export class GroupConsumer implements AsyncIterable<ConsumerRecord> {
  readonly #client: Client;
  readonly #options: GroupConsumerOptions;
  readonly #membership: GroupMembership;
  readonly #assignment: GroupAssignment;
  readonly #progress = new Progress();
  readonly #closing = new AbortController();
  /** The page that is processed, and the one after it. */
  #page: GroupPage | null = null;
  #ahead: GroupPage | null = null;
  /** Of the request that waits for records, or would. */
  #waiting = new AbortController();
  /** The loop over pages that goes on, if any: what an earlier one had fetched ahead ends with it. */
  #reading: symbol | null = null;
  #isBeating = false;

  constructor(client: Client, options: GroupConsumerOptions) {
    const { groupId, topics, instanceId, sessionTimeoutMs, autoOffsetReset, isolation } = options;
    this.#client = client;
    this.#options = options;
    this.#assignment = new GroupAssignment(options);
    this.#membership = new GroupMembership(client, groupId, {
      topics: topics as string[] | { pattern: string },
      ...(instanceId && { instanceId }),
      ...(sessionTimeoutMs && { sessionTimeoutMs }),
      ...(autoOffsetReset && { autoOffsetReset }),
      ...(isolation && { isolation }),
    });
  }

  get memberId(): string | null {
    return this.#membership.memberId;
  }

  get assignment(): readonly TopicPartition[] {
    return this.#assignment.owned.map(({ place }) => place);
  }

  // ------------------------------------------------------------------------------------------------------------ reading

  /** Records, for ever: ends when the consumer is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord> {
    for await (const page of this.#pages()) {
      for (const record of page.records) {
        if (!this.#begin(page, record)) continue;
        let isDone = false;
        try {
          yield record;
          isDone = true;
        } finally {
          this.#end(page, record, isDone);
        }
      }
    }
  }

  /** The records of one answer at a time, of several partitions. They count as processed when the next are asked for. */
  async *batches(): AsyncGenerator<readonly ConsumerRecord[]> {
    for await (const page of this.#pages()) {
      const records = page.records.filter((record) => this.#begin(page, record));
      let isDone = false;
      try {
        if (records.length > 0) yield records;
        isDone = true;
      } finally {
        for (const record of records) this.#end(page, record, isDone);
      }
    }
  }

  /** Hands every record to `handler`: see Consumer.run. */
  async run(handler: RecordHandler, options: ProcessOptions = {}): Promise<void> {
    for await (const page of this.#pages()) {
      const handleOwn: RecordHandler = async (record) => {
        if (!this.#begin(page, record)) return;
        let isDone = false;
        try {
          await handler(record);
          isDone = true;
        } finally {
          this.#end(page, record, isDone);
        }
      };
      await processRecords(page.records, handleOwn, options, () => undefined);
    }
  }

  /** Goes on at another offset, of a partition that is the member's; the group's offset follows with the next commit. */
  seek(place: TopicPartition, offset: number): void {
    const partition = this.#find(place);
    beginTurn(partition, offset);
    partition.toCommit = offset;
    this.#outdate();
  }

  /** The next offset to process; null until the first records have told. */
  position(place: TopicPartition): number | null {
    const { processed, position } = this.#find(place);
    return processed ?? position;
  }

  /** Records between the position and the end, as of the last answer; null before the first. */
  lag(place: TopicPartition): number | null {
    const { endOffset } = this.#find(place);
    const position = this.position(place);
    return position === null || endOffset === null ? null : Math.max(0, endOffset - position);
  }

  /** Gives nothing more of these partitions until `resume`; lost with the partition. */
  pause(places: readonly TopicPartition[] = this.assignment): void {
    for (const partition of places.map((place) => this.#find(place))) {
      beginTurn(partition, partition.processed ?? partition.position);
      partition.isPaused = true;
    }
    this.#outdate();
  }

  resume(places: readonly TopicPartition[] = this.assignment): void {
    for (const partition of places.map((place) => this.#find(place))) partition.isPaused = false;
    this.#outdate();
  }

  get paused(): readonly TopicPartition[] {
    return this.#assignment.owned.filter(({ isPaused }) => isPaused).map(({ place }) => place);
  }

  // --------------------------------------------------------------------------------------------- committing and leaving

  /** Commits what is processed now. @throws SluiceError where an offset is refused */
  async commit(): Promise<void> {
    const offsets = this.#assignment.toCommit;
    if (offsets.length === 0) return;
    this.#outdate();
    await this.#membership.commit(offsets);
    this.#committed(offsets);
  }

  /** Ends the reading, commits what is processed, and leaves the group at once; a static member's place is kept until its session ends. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#closing.abort(new ClosedError("consumer"));
    await this.#membership.settled();
    try {
      if (this.#commitsByItself) await this.commit().catch(ignoreFenced);
    } finally {
      if (this.#options.instanceId === undefined) await this.#membership.leave();
      this.#assignment.clear("onRevoked");
    }
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  get #commitsByItself(): boolean {
    return this.#options.autoCommit ?? true;
  }

  get #heartbeatMs(): number {
    return (this.#options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS) / HEARTBEATS_PER_SESSION;
  }

  #find(place: TopicPartition): OwnedPartition {
    const partition = this.#assignment.find(place);
    if (partition === undefined) throw new RangeError(`${placeKey(place)} is not assigned`);
    return partition;
  }

  /** Pages with records: all that are fetched, one after the other, while the member shows itself. */
  async *#pages(): AsyncGenerator<GroupPage> {
    if (this.#reading !== null) throw new TypeError("the consumer is being read already");
    const reading = Symbol();
    this.#reading = reading;
    let next: Promise<GroupPage> | null = null;
    try {
      while (!this.#isClosed) {
        const page: GroupPage = await (next ?? this.#next(reading, this.#options.maxWaitMs ?? DEFAULT_WAIT_MS));
        next = null;
        if (page.records.length === 0) continue;
        this.#page = page;
        this.#ahead = null;
        this.#progress.begin(page.records);
        if (page.hasMore) next = this.#readAhead(reading);
        const stop = this.#showUp();
        try {
          yield page;
        } finally {
          stop();
          this.#page = null;
        }
        if (!this.#isClosed) endPage(page); // after a close records of it were passed over
      }
    } finally {
      this.#abandon();
    }
  }

  /** What was fetched and not processed is fetched again by whoever reads next. */
  #abandon(): void {
    this.#reading = null;
    this.#page = null;
    this.#ahead = null;
    this.#outdate();
    for (const partition of this.#assignment.all) beginTurn(partition, partition.processed ?? partition.position);
  }

  #readAhead(reading: symbol): Promise<GroupPage> {
    const next = this.#next(reading, 0);
    next.catch(() => undefined); // whoever asks for the page has the rejection
    return next;
  }

  /**
   * The next records, maybe none. Goes on where the broker cannot be reached, and joins again where the group put the member out.
   * @param reading whose they are: nobody would take what comes after it, and partitions would go on behind it
   */
  async #next(reading: symbol, maxWaitMs: number): Promise<GroupPage> {
    for (let failures = 0; !this.#isClosed && this.#reading === reading; failures++) {
      try {
        return await this.#fetchPage(maxWaitMs);
      } catch (error) {
        if (this.#isClosed) break;
        if (error === OUTDATED) continue;
        if (!isPassing(error)) throw error;
        if (error instanceof FencedMemberError && failures === 0) continue;
        await sleep(backoffMs(this.#client.backoff, failures, error.retryAfterMs), this.#closing.signal).catch(() => undefined); // closed
      }
    }
    return EMPTY_PAGE;
  }

  async #fetchPage(maxWaitMs: number): Promise<GroupPage> {
    const { maxRecords, maxBytes, interceptors = [] } = this.#options;
    const limits = { maxWaitMs, ...(maxRecords && { maxRecords }), ...(maxBytes && { maxBytes }) };
    let page = EMPTY_PAGE;
    await this.#ask(limits, AbortSignal.any([this.#closing.signal, this.#waiting.signal]), (answer, turns) => {
      const refusal = refusalIn(answer);
      if (refusal !== null) throw refusal;
      const taken = takePage(answer, this.#assignment, turns);
      page = { ...taken, records: interceptors.reduce((given, one) => one.onConsume?.(given) ?? given, taken.records) };
      this.#ahead = page;
      if (page.records.length === 0) endPage(page); // the interceptors left nothing of it
    });
    if (this.#assignment.all.some(isToLetGo)) this.#beat();
    return page;
  }

  /** Shows itself now and then until it is told to stop. */
  #showUp(): () => void {
    const timer = setInterval(() => this.#beat(), this.#heartbeatMs);
    return () => clearInterval(timer);
  }

  /** Commits, gives back what is wanted back, stays in the group. What goes wrong here goes wrong with the next fetch too. */
  #beat(): void {
    if (this.#isBeating || this.#isClosed) return;
    this.#isBeating = true;
    const ended = (isHeard: boolean): void => {
      this.#isBeating = false;
      if (isHeard && this.#assignment.all.some(isToLetGo)) this.#beat();
    };
    this.#ask({ maxWaitMs: 0, maxRecords: 0 }, this.#closing.signal, () => undefined).then(
      () => ended(true),
      () => ended(false),
    );
  }

  async #ask(
    limits: Pick<MemberCall, "maxWaitMs" | "maxRecords" | "maxBytes">,
    signal: AbortSignal,
    read: (answer: GroupAnswer, turns: ReturnType<typeof turnsOf>) => void,
  ): Promise<void> {
    let turns = turnsOf(this.#assignment);
    const makeCall = (): MemberCall => {
      turns = turnsOf(this.#assignment);
      const { positions, toCommit } = this.#assignment;
      const commit = this.#commitsByItself ? toCommit : [];
      return { ...limits, commit, positions, owned: topicsOf(this.#held()), paused: topicsOf(this.#assignment.owned.filter(isPaused)) };
    };
    const take = (answer: GroupAnswer, call: MemberCall): void => {
      this.#takeAssignment(answer, call);
      read(answer, turns);
    };
    try {
      await this.#membership.fetch(makeCall, take, signal);
    } catch (error) {
      if (error instanceof FencedMemberError) this.#lose();
      throw error;
    }
  }

  /** What the next request does not give back: partitions with records here; of those that are wanted back, for a while, one in the works. */
  #held(): readonly OwnedPartition[] {
    const withRecords = partitionsOf([this.#page, this.#ahead]);
    const nowMs = Date.now();
    return this.#assignment.all.filter((partition) => {
      if (partition.revokedAtMs === null) return withRecords.has(partition);
      return partition.busy > 0 && nowMs - partition.revokedAtMs < this.#heartbeatMs;
    });
  }

  #takeAssignment({ assignment, commits }: GroupAnswer, { commit, owned }: MemberCall): void {
    const held = new Set(placesOf(owned).map(placeKey));
    this.#committed(commit.filter((_, index) => commits[index]?.code === undefined));
    for (const [index, { code }] of commits.entries()) {
      const partition = code === undefined ? undefined : this.#assignment.find(commit[index]!);
      if (partition !== undefined) partition.toCommit = null;
    }
    this.#assignment.update(placesOf(assignment), held, Date.now());
  }

  /** The partitions are others' now, and what was not committed is theirs to do. */
  #lose(): void {
    this.#membership.lost();
    this.#assignment.clear("onLost");
  }

  /** The request that waits is made again, with what the program says now. */
  #outdate(): void {
    this.#waiting.abort(OUTDATED);
    this.#waiting = new AbortController();
  }

  /** false: the record is void. */
  #begin(page: GroupPage, record: ConsumerRecord): boolean {
    const partition = ownerOf(page, record);
    if (partition === null || this.#isClosed) return false;
    partition.busy += 1;
    return true;
  }

  #end(page: GroupPage, record: ConsumerRecord, isDone: boolean): void {
    const partition = page.owners.get(placeKey(record))!.partition;
    partition.busy -= 1;
    if (isDone) this.#done(page, record);
    if (isToLetGo(partition)) this.#beat();
  }

  #done(page: GroupPage, record: ConsumerRecord): void {
    const offset = this.#progress.done(record);
    const partition = processedOwner(page, record);
    if (offset === null || partition === null) return;
    partition.processed = offset;
    partition.toCommit = offset;
  }

  #committed(offsets: readonly Position[]): void {
    if (offsets.length === 0) return;
    for (const position of offsets) {
      const partition = this.#assignment.find(position);
      if (partition?.toCommit === position.offset) partition.toCommit = null;
    }
    for (const { onCommit } of this.#options.interceptors ?? []) onCommit?.(offsets);
  }
}

/** What was processed of partitions that are others' by now is theirs to do again. */
function ignoreFenced(error: unknown): void {
  if (!(error instanceof FencedMemberError)) throw error;
}

/** Whether trying again may help. A static member whose name is another's now would only take it back. */
function isPassing(error: unknown): error is SluiceError {
  if (!(error instanceof SluiceError) || error.code === "FENCED_INSTANCE_ID") return false;
  return error.retriable || error instanceof FencedMemberError;
}

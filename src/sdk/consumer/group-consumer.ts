// A member of a consumer group over HTTP (contract/group-members.ts): one request joins, keeps the membership, commits what was processed
// and brings the next records. The group's state is all at the broker; what is not committed comes again, to whoever has the partition
// then.
//
// While a page is processed for long, the member shows itself with requests in between, which also commit what is done by then and tell
// which partitions are its own no longer: what is left of those in the page is passed over.

import type { GroupFetchAnswer, GroupFetchRequest } from "../../contract/group-members.ts";
import { groupPath } from "../admin/group-admin.ts";
import type { Isolation } from "../admin/topic-admin.ts";
import { backoffMs, sleep } from "../backoff.ts";
import { type Client, readJson } from "../client.ts";
import { ClosedError, FencedMemberError, refusalOf, SluiceError } from "../errors.ts";
import type { ConsumerInterceptor } from "./consumer.ts";
import type { OffsetReset } from "./partition-fetcher.ts";
import { type ProcessOptions, Progress, processRecords, type RecordHandler } from "./process.ts";
import { type ConsumerRecord, fromJson, JSON_BYTES, type JsonRecord, type Position, placeKey, type TopicPartition } from "./records.ts";

export interface RebalanceListener {
  /** Partitions that are the member's from now on. */
  onAssigned?(partitions: readonly TopicPartition[]): void;
  /** Partitions that it gave back: what was processed of them is committed. */
  onRevoked?(partitions: readonly TopicPartition[]): void;
  /** Partitions that others may have already: the group put the member out, and what was not committed comes again there. */
  onLost?(partitions: readonly TopicPartition[]): void;
}

export interface GroupConsumerOptions extends RebalanceListener {
  readonly groupId: string;
  /** Names, or a regular expression (RE2) that whole names match: topics that are made later join by themselves. */
  readonly topics: readonly string[] | { readonly pattern: string };
  /** Makes the member a static one: who comes with the same takes its place over, without a rebalance. */
  readonly instanceId?: string;
  readonly autoOffsetReset?: OffsetReset;
  /** The member is out when the group has not heard of it for so long (ms). */
  readonly sessionTimeoutMs?: number;
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  readonly maxWaitMs?: number;
  readonly isolation?: Isolation;
  /** false: only `commit` commits, and what it has not comes again with the next page. */
  readonly autoCommit?: boolean;
  readonly interceptors?: readonly ConsumerInterceptor[];
}

type Answer = Omit<GroupFetchAnswer, "records"> & { readonly records: readonly (JsonRecord & TopicPartition)[] };

/** Times that a member shows itself in a session. */
const HEARTBEATS_PER_SESSION = 3;
const DEFAULT_SESSION_TIMEOUT_MS = 45_000;

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
  readonly #progress = new Progress();
  readonly #abort = new AbortController();
  /** Processed and not committed yet, by partition. */
  readonly #toCommit = new Map<string, Position>();
  #member: { readonly memberId: string; readonly memberEpoch: number } | null = null;
  #assigned = new Map<string, TopicPartition>();
  #isClosed = false;
  #isReading = false;
  /** Requests of a member go one after the other: each has the epoch of the answer before. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: Client, options: GroupConsumerOptions) {
    this.#client = client;
    this.#options = options;
  }

  get memberId(): string | null {
    return this.#member?.memberId ?? null;
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#assigned.values()];
  }

  /** Records, for ever: ends when the consumer is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord> {
    for await (const page of this.#pages()) {
      for (const record of page) {
        if (!this.#assigned.has(placeKey(record))) continue;
        yield record;
        this.#done(record);
      }
    }
  }

  /** The records of one answer at a time, of several partitions. They count as processed when the next are asked for. */
  async *batches(): AsyncGenerator<readonly ConsumerRecord[]> {
    for await (const page of this.#pages()) {
      yield page;
      for (const record of page) this.#done(record);
    }
  }

  /** Hands every record to `handler`: see Consumer.run. */
  async run(handler: RecordHandler, options: ProcessOptions = {}): Promise<void> {
    const handleOwn: RecordHandler = (record) => (this.#assigned.has(placeKey(record)) ? handler(record) : undefined);
    for await (const page of this.#pages()) await processRecords(page, handleOwn, options, (record) => this.#done(record));
  }

  /** Commits what is processed now. @throws SluiceError where an offset is refused */
  async commit(): Promise<void> {
    const offsets = [...this.#toCommit.values()];
    if (offsets.length === 0 || this.#member === null) return;
    const path = `${groupPath(this.#options.groupId)}/commit`;
    const answer = await this.#inTurn(() =>
      this.#client.call<{ offsets: { code?: string; detail?: string }[] }>("POST", path, { body: { offsets, ...this.#member } }),
    );
    const refusal = answer.offsets.map(refusalOf).find((one) => one !== null);
    if (refusal !== undefined) throw refusal;
    this.#committed(offsets);
  }

  /** Ends the reading, commits what is processed, and leaves the group at once. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#abort.abort(new ClosedError("consumer"));
    await this.#last.catch(() => undefined); // who asked was told
    if (this.#member === null) return;
    try {
      if (this.#commitsByItself) await this.commit();
    } finally {
      const { memberId } = this.#member;
      await this.#client.call("DELETE", `${groupPath(this.#options.groupId)}/members/${encodeURIComponent(memberId)}`).catch(ignoreGone);
      this.#change([], "onRevoked");
    }
  }

  get #commitsByItself(): boolean {
    return this.#options.autoCommit ?? true;
  }

  /** Pages with records: all that are fetched, one after the other, while the member shows itself. */
  async *#pages(): AsyncGenerator<readonly ConsumerRecord[]> {
    if (this.#isReading) throw new TypeError("the consumer is being read already");
    this.#isReading = true;
    try {
      while (!this.#isClosed) {
        const page = await this.#next();
        if (page.length === 0) continue;
        this.#progress.begin(page);
        const stop = this.#showUp();
        try {
          yield page;
        } finally {
          stop();
        }
      }
    } finally {
      this.#isReading = false;
    }
  }

  /** The next records, maybe none. Goes on where the broker cannot be reached, and joins again where the group put the member out. */
  async #next(): Promise<readonly ConsumerRecord[]> {
    const { maxWaitMs = 20_000, maxRecords, maxBytes } = this.#options;
    for (let failures = 0; !this.#isClosed; failures++) {
      try {
        const { records } = await this.#fetch({ maxWaitMs, ...(maxRecords && { maxRecords }), ...(maxBytes && { maxBytes }) });
        const decoded: readonly ConsumerRecord[] = records.map((record) => {
          return { topic: record.topic, partition: record.partition, ...fromJson(record) };
        });
        return (this.#options.interceptors ?? []).reduce((given, one) => one.onConsume?.(given) ?? given, decoded);
      } catch (error) {
        if (this.#isClosed) break;
        if (!(error instanceof SluiceError) || !(error.retriable || error instanceof FencedMemberError)) throw error;
        if (error instanceof FencedMemberError) continue;
        await sleep(backoffMs(this.#client.backoff, failures, error.retryAfterMs), this.#abort.signal).catch(() => undefined); // closed
      }
    }
    return [];
  }

  /** Shows itself now and then until it is told to stop. What it finds wrong, the next fetch finds too. */
  #showUp(): () => void {
    const { sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS } = this.#options;
    const timer = setInterval(() => {
      this.#fetch({ maxWaitMs: 0, maxRecords: 1, maxBytes: 1 }).catch(() => undefined);
    }, sessionTimeoutMs / HEARTBEATS_PER_SESSION);
    return () => clearInterval(timer);
  }

  #fetch(limits: Pick<GroupFetchRequest, "maxWaitMs" | "maxRecords" | "maxBytes">): Promise<Answer> {
    return this.#inTurn(async () => {
      const { groupId, topics, instanceId, autoOffsetReset, sessionTimeoutMs, isolation } = this.#options;
      const commit = this.#commitsByItself && this.#member !== null ? [...this.#toCommit.values()] : [];
      const settings = { ...(instanceId && { instanceId }), ...(autoOffsetReset && { autoOffsetReset }) };
      const more = { ...(sessionTimeoutMs && { sessionTimeoutMs }), ...(isolation && { isolation }), ...(commit.length > 0 && { commit }) };
      const body = { topics, ...settings, ...more, ...limits, ...this.#member };
      try {
        const read = async (response: Response) => (await readJson(response)) as Answer;
        const timeoutMs = (limits.maxWaitMs ?? 0) + this.#client.requestTimeoutMs;
        const options = { body, query: { encoding: JSON_BYTES }, timeoutMs, signal: this.#abort.signal };
        const answer = await this.#client.attempt("POST", `${groupPath(groupId)}/fetch`, options, read);
        this.#take(answer, commit);
        return answer;
      } catch (error) {
        if (error instanceof FencedMemberError) this.#lose();
        throw error;
      }
    });
  }

  #take({ memberId, memberEpoch, assignment, commits }: Answer, sent: readonly Position[]): void {
    const isRejoined = this.#member !== null && this.#member.memberId !== memberId;
    if (isRejoined) this.#lose();
    this.#member = { memberId, memberEpoch };
    this.#committed(sent.filter((_, index) => commits[index]?.code === undefined));
    for (const [index, { code }] of commits.entries()) if (code !== undefined) this.#toCommit.delete(placeKey(sent[index]!));
    this.#change(
      assignment.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
      "onRevoked",
    );
  }

  /** The partitions are others' now, and what was not committed is theirs to do. */
  #lose(): void {
    this.#member = null;
    this.#toCommit.clear();
    this.#change([], "onLost");
  }

  #change(partitions: readonly TopicPartition[], gone: "onRevoked" | "onLost"): void {
    const before = this.#assigned;
    this.#assigned = new Map(partitions.map((place) => [placeKey(place), place]));
    const left = [...before].filter(([key]) => !this.#assigned.has(key));
    const added = [...this.#assigned].filter(([key]) => !before.has(key));
    for (const [key] of left) this.#toCommit.delete(key);
    if (left.length > 0) this.#options[gone]?.(left.map(([, place]) => place));
    if (added.length > 0) this.#options.onAssigned?.(added.map(([, place]) => place));
  }

  #done(record: ConsumerRecord): void {
    const offset = this.#progress.done(record);
    const { topic, partition } = record;
    const key = placeKey(record);
    if (offset !== null && this.#assigned.has(key)) this.#toCommit.set(key, { topic, partition, offset });
  }

  #committed(offsets: readonly Position[]): void {
    if (offsets.length === 0) return;
    for (const position of offsets) {
      const key = placeKey(position);
      if (this.#toCommit.get(key)?.offset === position.offset) this.#toCommit.delete(key);
    }
    for (const { onCommit } of this.#options.interceptors ?? []) onCommit?.(offsets);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined); // its caller has the rejection; the next request goes all the same
    return result;
  }
}

/** Whoever is out already need not leave. */
function ignoreGone(error: unknown): void {
  if (error instanceof SluiceError && (error.code === "UNKNOWN_MEMBER_ID" || error.code === "GROUP_ID_NOT_FOUND")) return;
  throw error;
}

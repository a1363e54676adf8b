// Where a consumer's leased records come from: pulls that go on while records are handled, and the leases of what they brought.
//
// No more is held than can be handled in time. Beside what is being handled, as much is pulled ahead as takes a quarter of a lease at the
// pace of the last records, and nothing before a pace is known. When half of a lease is over, what is being handled is renewed, and what
// still waits is given back: others can have it at once.
//
// A pull that waits for records is not hung up on when the source is stopped: workerd tells a Worker nothing of a client that is gone, and
// what is written meanwhile would be leased to nobody.
//
// Of a group that is ordered by partition one record of a partition is given out at a time, and when one goes back those behind it have
// gone back with it (docs/decisions/0016-share-groups.md).

import { MIN_SHARE_LEASE_MS } from "../../common/limits/share-groups.ts";
import type { PullAnswer } from "../../contract/share-groups.ts";
import { shareGroupPath } from "../admin/share-group-admin.ts";
import { backoffMs, sleep } from "../backoff.ts";
import { ChangeSignal } from "../change-signal.ts";
import { type Client, isWorthRepeating, readJson } from "../client.ts";
import { JSON_BYTES, placeKey } from "../consumer/records.ts";
import { refusalOf, SluiceError } from "../errors.ts";
import { Lease, type LeasedJson } from "./leased-record.ts";
import type { Settlement } from "./settler.ts";

export interface LeaseSourceOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly order: PullAnswer["order"] | undefined;
  readonly leaseMs: number | undefined;
  /** Most of one pull, and most that wait. */
  readonly maxRecords: number;
  readonly maxBytes: number | undefined;
  readonly maxWaitMs: number;
  /** Records that are given out at a time. */
  readonly concurrency: number;
  /** How long what is given out is renewed (ms); 0: not at all. */
  readonly renewForMs: number;
  settle(lease: Lease, settlement: Settlement): Promise<void>;
  /** Of failures that do not end the source. */
  report(error: unknown, lease: Lease | null): void;
}

type Answer = Omit<PullAnswer, "records"> & { readonly records: readonly LeasedJson[] };

/** Of a lease: how much work may wait, and when it is looked at again. */
const AHEAD_OF_LEASE = 1 / 4;
const CHECK_OF_LEASE = 1 / 2;
/** Weight of the last record in the pace. */
const PACE_WEIGHT = 1 / 8;

export class LeaseSource {
  readonly #client: Client;
  readonly #options: LeaseSourceOptions;
  readonly #stopping = new AbortController();
  readonly #hangUp = new AbortController();
  readonly #changed = new ChangeSignal();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  /** In the order of their offsets, as pulled. */
  readonly #waiting: Lease[] = [];
  /** Given out and not done, with the time of that. */
  readonly #given = new Map<Lease, number>();
  #order: PullAnswer["order"] = "none";
  #leaseMs = MIN_SHARE_LEASE_MS;
  /** How long a record is handled (ms); null: none was yet. */
  #paceMs: number | null = null;
  #pulling: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(client: Client, options: LeaseSourceOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Leases that are held: waiting, or given out and not done. */
  get held(): number {
    return this.#waiting.length + this.#given.size;
  }

  /** The next record to handle; null once it is stopped. @throws what ended the source */
  async next(): Promise<Lease | null> {
    this.#pulling ??= this.#pullAll();
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#isStopped) return null;
      const lease = this.#take();
      if (lease !== null) return lease;
      await this.#changed.wait();
    }
  }

  /** The record is handled, well or not. */
  done(lease: Lease): void {
    const givenMs = this.#given.get(lease);
    if (givenMs === undefined) return;
    this.#given.delete(lease);
    const tookMs = Date.now() - givenMs;
    this.#paceMs = this.#paceMs === null ? tookMs : this.#paceMs + (tookMs - this.#paceMs) * PACE_WEIGHT;
    this.#changed.notify();
  }

  /** Ends the source for everybody: who asks for the next record has the error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stopping.abort();
    this.#changed.notify();
  }

  /** Pulls no more, and gives back what waits. What is given out stays renewed, until `drop`. */
  stop(): void {
    this.#stopping.abort();
    while (this.#waiting.length > 0) this.#giveBack(this.#waiting[0]!);
    this.#changed.notify();
  }

  /** Renews nothing any more. @returns what was given out, and not done: still to be settled, maybe */
  drop(): readonly Lease[] {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const left = [...this.#given.keys()];
    this.#given.clear();
    return left;
  }

  /** Of a source that is stopped: resolves once no pull is under way. What the last one brings is given back. */
  async ended(): Promise<void> {
    await this.#pulling;
  }

  /** Waits for the last pull no longer. The broker may not notice, and lease to nobody what comes until the pull's time is over. */
  hangUp(): void {
    this.#hangUp.abort();
  }

  /** To be called for each lease that is settled, before it is. */
  settling(lease: Lease, { action }: Settlement): void {
    if (action === "release" && this.#order === "partition") this.#forgetBehind(lease);
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #take(): Lease | null {
    if (this.#given.size >= this.#options.concurrency) return null;
    const [lease = null] = this.#waiting.splice(this.#firstFree, 1);
    if (lease === null) return null;
    this.#given.set(lease, Date.now());
    this.#changed.notify(); // there may be room for more
    return lease;
  }

  /** The index of the first that waits and may be given out; beyond the end where there is none. */
  get #firstFree(): number {
    if (this.#order !== "partition") return 0;
    const busy = new Set([...this.#given.keys()].map(placeKey));
    const index = this.#waiting.findIndex((lease) => !busy.has(placeKey(lease)));
    return index < 0 ? this.#waiting.length : index;
  }

  /** How many may wait. */
  get #ahead(): number {
    if (this.#paceMs === null) return 0;
    const inTime = (this.#leaseMs * AHEAD_OF_LEASE * this.#lanes) / Math.max(this.#paceMs, 0.01);
    return Math.min(this.#options.maxRecords, Math.floor(inTime));
  }

  /** How many of those that are held can be handled at a time. */
  get #lanes(): number {
    const { concurrency } = this.#options;
    if (this.#order !== "partition") return concurrency;
    return Math.min(concurrency, new Set([...this.#given.keys(), ...this.#waiting].map(placeKey)).size);
  }

  /** How many are to be pulled now: none until half of what may wait is gone, so that pulls are few, or until nothing that waits may begin. */
  get #wanted(): number {
    const free = this.#options.concurrency - this.#given.size;
    const ahead = this.#ahead;
    const hasEnough = this.#waiting.length > ahead / 2 && (free === 0 || this.#firstFree < this.#waiting.length);
    if (hasEnough) return 0;
    return Math.min(free + Math.max(0, ahead - this.#waiting.length), this.#options.maxRecords);
  }

  async #pullAll(): Promise<void> {
    for (let failures = 0; !this.#isStopped; ) {
      try {
        if (this.#wanted <= 0) await this.#changed.wait();
        else this.#receive(await this.#pull(this.#wanted));
        failures = 0;
      } catch (error) {
        if (this.#isStopped) return;
        if (!(error instanceof SluiceError) || !isWorthRepeating(error)) return this.fail(error);
        this.#options.report(error, null);
        await sleep(backoffMs(this.#client.backoff, failures++, error.retryAfterMs), this.#stopping.signal).catch(() => undefined); // stopped
      }
    }
  }

  #pull(maxRecords: number): Promise<Answer> {
    const { groupId, topics, order, leaseMs, maxBytes, maxWaitMs } = this.#options;
    const more = { ...(order && { order }), ...(leaseMs && { leaseMs }), ...(maxBytes && { maxBytes }) };
    return this.#client.attempt(
      "POST",
      `${shareGroupPath(groupId)}/pull`,
      {
        body: { topics, maxRecords, maxWaitMs, ...more },
        query: { encoding: JSON_BYTES },
        timeoutMs: maxWaitMs + this.#client.requestTimeoutMs,
        signal: this.#hangUp.signal,
      },
      async (response) => (await readJson(response)) as Answer,
    );
  }

  #receive({ records, leaseMs, order, errors = [] }: Answer): void {
    this.#order = order;
    const leases = records.map((record) => new Lease(record, (lease, settlement) => this.#options.settle(lease, settlement)));
    this.#waiting.push(...leases);
    if (this.#isStopped) {
      this.stop();
      return;
    }
    if (leaseMs !== null) {
      this.#leaseMs = Math.max(leaseMs, MIN_SHARE_LEASE_MS);
      this.#watch(leases, this.#leaseMs * CHECK_OF_LEASE);
    }
    for (const refused of errors) this.#options.report(refusalOf(refused), null);
    this.#changed.notify();
  }

  #watch(leases: readonly Lease[], inMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#check(leases);
    }, inMs);
    this.#timers.add(timer);
  }

  /** Half of these leases' time is over. */
  async #check(leases: readonly Lease[]): Promise<void> {
    const nowMs = Date.now();
    const isHandled = (lease: Lease): boolean => {
      const givenMs = this.#given.get(lease);
      return givenMs !== undefined && lease.isOpen && nowMs - givenMs < this.#options.renewForMs;
    };
    const handled = leases.filter(isHandled);
    for (const lease of leases) if (this.#waiting.includes(lease)) this.#giveBackInVain(lease);
    const leaseMs = this.#leaseMs;
    const renewed = await Promise.all(
      handled.map((lease) =>
        lease.renew({ leaseMs }).then(
          () => [lease],
          () => [], // it was reported, and its end will be refused
        ),
      ),
    );
    const kept = renewed.flat().filter((lease) => lease.isOpen && this.#given.has(lease));
    if (kept.length > 0) this.#watch(kept, Math.max(0, leaseMs * CHECK_OF_LEASE - (Date.now() - nowMs)));
  }

  /** The pace is another by now. */
  #giveBackInVain(lease: Lease): void {
    this.#paceMs = null;
    this.#giveBack(lease);
  }

  #giveBack(lease: Lease): void {
    this.#remove(lease);
    void lease.release();
  }

  /** Records behind one that goes back have gone back too, uncounted. */
  #forgetBehind(lease: Lease): void {
    for (const behind of this.#waiting.filter((one) => isSamePlace(one, lease) && one.offset > lease.offset)) {
      this.#remove(behind);
      behind.forget();
    }
  }

  #remove(lease: Lease): void {
    this.#waiting.splice(this.#waiting.indexOf(lease), 1);
  }
}

function isSamePlace(one: Lease, other: Lease): boolean {
  return placeKey(one) === placeKey(other);
}

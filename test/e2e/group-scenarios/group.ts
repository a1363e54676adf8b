// A group under test: members of the kinds of a line-up, one log of all that they see, and what the broker says of them by both doors.

import { expect } from "vitest";
import type { Broker } from "../../support/broker.ts";
import { kafkaClient } from "../../support/kafka-clients.ts";
import { until } from "../../support/until.ts";
import { DeliveryLog, type Ends, sameEnds } from "./delivery-log.ts";
import type { Kind, Lineup } from "./kinds.ts";
import { type Member, type MemberOptions, type Place, placeName, type Seen } from "./member.ts";

/** Longer than any test: whoever goes over this has left, and was not only silent. */
export const LONG_SESSION_MS = 300_000;

export type StartOptions = Partial<Omit<MemberOptions, "groupId">>;

export interface GroupMember extends Member {
  readonly kind: Kind;
  /** What its handler saw. */
  readonly seen: readonly Seen[];
}

interface Description {
  readonly state: string;
  readonly members: readonly { readonly memberId: string; readonly assignment: readonly { topic: string; partitions: number[] }[] }[];
}

export class Group {
  readonly log = new DeliveryLog();
  readonly groupId: string;
  readonly members = new Set<GroupMember>();
  readonly #broker: Broker;
  readonly #lineup: Lineup;
  readonly #defaults: StartOptions;
  readonly #partitions = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  #started = 0;
  #isOver = false;

  constructor(broker: Broker, groupId: string, lineup: Lineup, defaults: StartOptions) {
    this.#broker = broker;
    this.groupId = groupId;
    this.#lineup = lineup;
    this.#defaults = defaults;
  }

  /** Whether every kind of the line-up hands partitions over with nothing repeated. */
  get isExact(): boolean {
    return this.#lineup.kinds.every(({ cannot }) => cannot.exact === undefined);
  }

  async createTopic(name: string, partitions: number): Promise<void> {
    await this.#call("POST", "/v1/topics", { name, partitions });
    this.#partitions.set(name, partitions);
  }

  /** Writes records to each partition in turn. */
  async produce(topic: string, count: number): Promise<void> {
    const partitions = this.#partitions.get(topic)!;
    const records = Array.from({ length: count }, (_, index) => ({ value: `${index}`, partition: index % partitions }));
    await this.#call("POST", `/v1/topics/${topic}/records`, { records });
    for (const { partition } of records) {
      const name = placeName({ topic, partition });
      this.#ends.set(name, (this.#ends.get(name) ?? 0) + 1);
    }
  }

  /** Of all that was produced. */
  get ends(): Ends {
    return new Map(this.#ends);
  }

  /** A member of the kind whose turn it is, unless one is named. It may have nothing yet. */
  async start(options: StartOptions = {}, kind = this.#lineup.kinds[this.#started++ % this.#lineup.kinds.length]!): Promise<GroupMember> {
    const seen: Seen[] = [];
    const { handle, ...rest } = { ...this.#defaults, ...options };
    const member = await kind.start(this.#broker, {
      ...{ groupId: this.groupId, topics: [...this.#partitions.keys()], sessionTimeoutMs: LONG_SESSION_MS, ...rest },
      handle: async (record) => {
        if (this.#isOver) return;
        seen.push(record);
        this.log.note(record);
        await handle?.(record);
      },
    });
    const own: GroupMember = Object.defineProperties({ kind, seen } as unknown as GroupMember, Object.getOwnPropertyDescriptors(member));
    this.members.add(own);
    return own;
  }

  async startMany(count: number, options: StartOptions = {}): Promise<GroupMember[]> {
    return Promise.all(Array.from({ length: count }, () => this.start(options)));
  }

  async leave(...members: readonly GroupMember[]): Promise<void> {
    await Promise.all(members.map((member) => this.#end(member, "leave")));
  }

  async crash(...members: readonly GroupMember[]): Promise<void> {
    await Promise.all(members.map((member) => this.#end(member, "crash")));
  }

  /** Ends what is left, when the test is over. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.crash(...this.members);
  }

  /**
   * Until the members share all partitions: each has its own, within one as many as every other, and the broker says the same and that the
   * group is stable.
   */
  async atRest(): Promise<void> {
    let last = "";
    const isAtRest = async (): Promise<boolean> => {
      const shares = [...this.members].map((member) => member.assigned() ?? []);
      const described = await this.describe();
      const theirs = described.members.map(({ assignment }) =>
        assignment.flatMap(({ topic, partitions }) => partitions.map((partition) => placeName({ topic, partition }))),
      );
      last = `${described.state}; the members have ${show(shares)}; the broker says ${show(theirs)}`;
      return described.state === "Stable" && isFairShare(shares, this.#allPlaces()) && show(shares) === show(theirs);
    };
    await until("the group is at rest", () => this.#unlessFailed(isAtRest)).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${last}`, { cause: error });
    });
  }

  /** Until all that was produced was seen, since the mark. */
  async delivered(mark = 0): Promise<void> {
    const isDelivered = () => sameEnds(this.log.highest(mark), this.#ends);
    await until("everything was seen", () => this.#unlessFailed(isDelivered)).catch((error: unknown) => {
      const state = `seen up to ${JSON.stringify([...this.log.highest(mark)])} of ${JSON.stringify([...this.#ends])}`;
      throw new Error(`${String(error)}: ${state}`, { cause: error });
    });
  }

  /** Until a partition was seen up to an offset. */
  async seenUpTo(place: Place, end: number): Promise<void> {
    await until(`${placeName(place)} was seen up to ${end}`, () => (this.log.highest().get(placeName(place)) ?? 0) >= end);
  }

  /** All that was produced was seen: once, if every client of the line-up can, and at least once and in order with any. */
  expectDelivered(): void {
    if (this.isExact) this.log.expectOnce(new Map(), this.#ends);
    this.log.expectAtLeastOnce(this.#ends);
  }

  /**
   * Until the group has committed all that was produced; then HTTP and kafkajs' admin say the same. A client that does not wait for its
   * commits may have left before the last ones.
   */
  async expectCommitted(ends: Ends = this.#ends): Promise<void> {
    if (!this.isExact) return this.expectCommittedAtMost(ends);
    await until("all is committed", async () => sameEnds(await this.committed(), ends));
    expect(await this.#committedByKafka()).toEqual(await this.committed());
  }

  /** As far as what was committed goes: members that left in the middle of what came again have not committed all of it. */
  async expectCommittedAtMost(ends: Ends = this.#ends): Promise<void> {
    for (const [name, offset] of await this.committed()) expect(offset).toBeLessThanOrEqual(ends.get(name) ?? 0);
    expect(await this.#committedByKafka()).toEqual(await this.committed());
  }

  /** By HTTP. */
  async committed(): Promise<Ends> {
    const { offsets } = await this.#call<{ offsets: (Seen & { offset: number })[] }>("GET", `/v1/groups/${this.groupId}/offsets`);
    return new Map(offsets.map((one) => [placeName(one), one.offset]));
  }

  async #committedByKafka(): Promise<Ends> {
    const admin = kafkaClient(this.#broker.kafkaAddress, 2).admin();
    await admin.connect();
    try {
      const topics = await admin.fetchOffsets({ groupId: this.groupId, topics: [...this.#partitions.keys()] });
      const all = topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...one, offset: Number(one.offset) })));
      return new Map(all.filter(({ offset }) => offset >= 0).map((one) => [placeName(one), one.offset]));
    } finally {
      await admin.disconnect();
    }
  }

  /** Before the first member has joined there is no group. */
  async describe(): Promise<Description> {
    const response = await this.#send("GET", `/v1/groups/${this.groupId}`);
    return response.status === 404 ? { state: "Dead", members: [] } : ((await response.json()) as Description);
  }

  /** The status of a reset of all partitions. */
  async reset(topic: string, to: unknown): Promise<number> {
    return (await this.#send("POST", `/v1/groups/${this.groupId}/reset`, { topic, to })).status;
  }

  #allPlaces(): string[] {
    return [...this.#partitions].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => placeName({ topic, partition })),
    );
  }

  async #end(member: GroupMember, how: "leave" | "crash"): Promise<void> {
    this.members.delete(member);
    await member[how]();
  }

  /** A member that ended by itself ends the wait too. */
  async #unlessFailed(condition: () => boolean | Promise<boolean>): Promise<boolean> {
    for (const { kind, failure } of this.members) if (failure !== null) throw new Error(`a member by ${kind.name} failed: ${failure}`);
    return condition();
  }

  async #call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.#send(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  #send(method: string, path: string, body?: unknown): Promise<Response> {
    const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    return fetch(this.#broker.url + path, { method, ...json });
  }
}

/** In an order that says nothing. */
function show(shares: readonly (readonly string[])[]): string {
  return JSON.stringify(shares.map((share) => [...share].sort().join(" ")).sort());
}

function isFairShare(shares: readonly (readonly string[])[], all: readonly string[]): boolean {
  const counts = shares.map(({ length }) => length);
  return Math.max(...counts) - Math.min(...counts) <= 1 && String(shares.flat().sort()) === String([...all].sort());
}

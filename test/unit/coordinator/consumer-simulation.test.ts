// Clients of both protocols that join, leave, fall silent, restart, change their subscriptions and lose answers at random, in a group whose
// topics grow and whose coordinator loses its memory, with what must hold after each step: no two clients work on a partition at the same
// time; nobody may commit but who has it; and once it is quiet everything is shared out evenly and stays where it is.

import { expect, test } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import { aTopic, ConsumerBench, classicSubscription, names, REBALANCE_MS, readClassicAssignment } from "../../support/consumer-group.ts";
import { seededRandom } from "../../support/random.ts";

const CLIENTS = 12;
const STEPS = 500;
const TOPICS = ["a", "b", "c"];
const SESSION_MS = 45_000;

/** What a client does by itself: it holds partitions until it gives them back, is fenced, or knows that its session is over. */
interface Client {
  readonly name: string;
  readonly isClassic: boolean;
  readonly isCooperative: boolean;
  readonly instanceId: string | null;
  topics: string[];
  isAlive: boolean;
  memberId: string;
  epoch: number;
  /** "topic/partition" of each that it works on. */
  held: Set<string>;
  /** What it was last told to hold; null: as it does. */
  wanted: string[] | null;
  needsSync: boolean;
  /** An answer was lost: it says everything again. */
  mustSayAll: boolean;
  lastHeardMs: number;
}

class Simulation {
  readonly bench = new ConsumerBench({}, aTopic("a", 7), aTopic("b", 3));
  readonly random: () => number;
  readonly clients: Client[];
  readonly states = new Set<string>();
  readonly types = new Set<string>();
  incarnation = 0;

  constructor(seed: number, classicShare: number) {
    this.random = seededRandom(seed);
    this.clients = Array.from({ length: CLIENTS }, (_, index) => ({
      name: `client-${index}`,
      isClassic: index < CLIENTS * classicShare,
      isCooperative: index % 2 === 0,
      instanceId: index % 4 === 3 ? `static-${index}` : null,
      topics: ["a", "b"],
      isAlive: false,
      memberId: "",
      epoch: 0,
      held: new Set(),
      wanted: null,
      needsSync: false,
      mustSayAll: false,
      lastHeardMs: 0,
    }));
  }

  async step(): Promise<void> {
    const dice = this.random();
    if (dice < 0.02) this.bench.restart({ isAsleep: dice < 0.01 });
    if (dice > 0.98) this.#changeTopics();
    await this.bench.advance(Math.floor(this.random() * 3_000));
    this.#forgetSessions();
    const client = this.clients[Math.floor(this.random() * CLIENTS)]!;
    if (this.random() < 0.06) await this.#change(client);
    else if (client.isAlive) await this.#live(client);
    this.check();
  }

  check(): void {
    const holders = new Map<string, string>();
    for (const { name, held, isAlive } of this.clients) {
      if (!isAlive) continue;
      for (const partition of held) {
        expect(holders.get(partition), `${partition} is held by ${name} too`).toBeUndefined();
        holders.set(partition, name);
      }
    }
    const listing = this.bench.group.listing();
    if (listing !== null) this.states.add(listing.state);
    if (listing !== null) this.types.add(listing.type);
  }

  /** Everybody who is alive goes on until nothing changes any more. */
  async settle(): Promise<void> {
    for (let round = 0; round < 60; round++) {
      await this.bench.advance(1_500);
      for (const client of this.clients) {
        if (!client.isAlive) continue;
        await this.#live(client);
        await this.#live(client);
        this.check();
      }
    }
  }

  /** Which client has each partition that somebody alive subscribes to. */
  shares(): Map<string, string> {
    return new Map(this.clients.flatMap(({ name, held, isAlive }) => (isAlive ? [...held].map((one) => [one, name] as const) : [])));
  }

  get alive(): Client[] {
    return this.clients.filter(({ isAlive }) => isAlive);
  }

  /** What must be so when it is quiet. */
  async checkSettled(): Promise<void> {
    const listing = this.bench.group.listing();
    if (listing?.type !== "consumer" || this.alive.length === 0) return; // classic clients have a leader for it, which these do not play
    expect(listing.state).toBe("Stable");
    const subscribed = new Set(this.alive.flatMap(({ topics }) => topics));
    const all = [...this.bench.topics.values()].filter(({ name }) => subscribed.has(name));
    const expected = all.flatMap(({ name, partitionCount }) => Array.from({ length: partitionCount }, (_, index) => `${name}/${index}`));
    const shares = this.shares();
    expect([...shares.keys()].sort()).toEqual(expected.sort());
    if (new Set(this.alive.map(({ topics }) => topics.join())).size === 1) {
      const counts = this.alive.map(({ held }) => held.size);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
    const { writes } = this.bench;
    await this.settle();
    expect([this.shares(), this.bench.writes]).toEqual([shares, writes]);
  }

  #changeTopics(): void {
    const name = TOPICS[Math.floor(this.random() * TOPICS.length)]!;
    const partitionCount = (this.bench.topics.get(name)?.partitionCount ?? 0) + 1;
    if (partitionCount <= 12) this.bench.topics.set(name, aTopic(name, partitionCount));
  }

  /** A client that has not been heard for a session stops its work by itself, as clients do. */
  #forgetSessions(): void {
    for (const client of this.clients) {
      if (this.bench.nowMs - client.lastHeardMs >= SESSION_MS) lose(client);
    }
  }

  async #change(client: Client): Promise<void> {
    const dice = this.random();
    if (!client.isAlive) {
      Object.assign(client, { isAlive: true, memberId: client.isClassic ? "" : `${client.name}-${++this.incarnation}`, epoch: 0 });
      lose(client);
    } else if (dice < 0.4) {
      await this.#leave(client);
    } else if (dice < 0.7) {
      Object.assign(client, { isAlive: false }); // crashed: what it held it does not work on any more
      lose(client);
    } else if (!client.isClassic) {
      client.topics = this.random() < 0.5 ? ["a", "b"] : [TOPICS[Math.floor(this.random() * 3)]!];
      await this.#beat(client, true);
    }
  }

  async #leave(client: Client): Promise<void> {
    const { memberId, instanceId, isClassic } = client;
    if (isClassic) this.bench.group.leave({ groupId: "g", members: [{ memberId, groupInstanceId: instanceId }] });
    else if (client.epoch > 0) {
      const memberEpoch = instanceId !== null && this.random() < 0.5 ? -2 : -1;
      await this.bench.heartbeat({ ...this.#idle(client), memberEpoch });
    }
    client.isAlive = false;
    lose(client);
  }

  async #live(client: Client): Promise<void> {
    if (client.isClassic) await this.#liveClassic(client);
    else await this.#beat(client, false);
  }

  #idle({ memberId, epoch, instanceId }: Client) {
    return {
      groupId: "g",
      memberId,
      memberEpoch: epoch,
      instanceId,
      rackId: null,
      rebalanceTimeoutMs: -1,
      clientId: "c",
      clientHost: "/",
      subscribedTopicNames: null as string[] | null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: null as { topicId: string; partitions: number[] }[] | null,
    };
  }

  async #beat(client: Client, isFull: boolean): Promise<void> {
    if (client.wanted !== null) {
      const wanted = new Set(client.wanted);
      for (const partition of client.held) if (!wanted.has(partition)) client.held.delete(partition);
    }
    const owned = groupByTopic(client.held);
    const request = { ...this.#idle(client), topicPartitions: owned };
    if (isFull || client.mustSayAll || client.epoch === 0)
      Object.assign(request, { rebalanceTimeoutMs: REBALANCE_MS, subscribedTopicNames: client.topics });
    const answer = await this.bench.heartbeat(request);
    client.mustSayAll = this.random() < 0.1;
    if (client.mustSayAll) return; // the answer is lost
    if (isFailure(answer)) {
      if (answer.error === "COORDINATOR_NOT_AVAILABLE" || answer.error === "UNRELEASED_INSTANCE_ID") return;
      lose(client);
      return;
    }
    client.epoch = answer.memberEpoch;
    client.lastHeardMs = this.bench.nowMs;
    if (answer.assignment === null) return;
    client.wanted = names(answer.assignment);
    // What it is to have beside what it has, it begins with at once; what it is to give back, it holds until its next heartbeat.
    for (const partition of client.wanted) client.held.add(partition);
  }

  async #liveClassic(client: Client): Promise<void> {
    const identity = { groupId: "g", memberId: client.memberId, groupInstanceId: client.instanceId };
    if (client.epoch === 0) await this.#joinClassic(client);
    else if (client.needsSync) await this.#syncClassic(client);
    else {
      const refused = await this.bench.group.heartbeat({ ...identity, generationId: client.epoch });
      if (refused === null) client.lastHeardMs = this.bench.nowMs;
      else if (refused.error === "REBALANCE_IN_PROGRESS") await this.#joinClassic(client);
      else lose(client, refused.error === "ILLEGAL_GENERATION" ? client.memberId : "");
    }
  }

  async #joinClassic(client: Client): Promise<void> {
    if (!client.isCooperative) client.held.clear();
    const owned = groupByTopic(client.held).map(({ topicId, partitions }) => ({ topic: topicId.slice(6), partitions }));
    if (this.bench.group.listing()?.type !== "consumer") return; // a classic group's rebalance is another test's
    const answer = await this.bench.group.join({
      groupId: "g",
      memberId: client.memberId,
      groupInstanceId: client.instanceId,
      clientId: "c",
      clientHost: "/",
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: classicSubscription(client.topics, owned) }],
      requireKnownMemberId: true,
      canSkipAssignment: true,
    });
    if (isFailure(answer)) {
      if (answer.error === "MEMBER_ID_REQUIRED") client.memberId = answer.memberId;
      else lose(client);
      return;
    }
    client.memberId = answer.memberId;
    client.epoch = answer.generationId;
    client.needsSync = true;
    client.lastHeardMs = this.bench.nowMs;
  }

  async #syncClassic(client: Client): Promise<void> {
    const { memberId, instanceId, epoch } = client;
    const request = { groupId: "g", memberId, groupInstanceId: instanceId, generationId: epoch, protocolType: null, protocolName: null };
    const answer = await this.bench.group.sync({ ...request, assignments: [] });
    if (!isFailure(answer)) {
      client.held = new Set(readClassicAssignment(answer.assignment));
      client.needsSync = false;
      client.lastHeardMs = this.bench.nowMs;
    } else if (answer.error === "REBALANCE_IN_PROGRESS") await this.#joinClassic(client);
    else lose(client, answer.error === "ILLEGAL_GENERATION" ? memberId : "");
  }
}

/** It has nothing any more, and is to join again. */
function lose(client: Client, memberId = client.isClassic ? "" : client.memberId): void {
  client.held.clear();
  Object.assign(client, { epoch: 0, wanted: null, needsSync: false, memberId });
}

function groupByTopic(held: ReadonlySet<string>): { topicId: string; partitions: number[] }[] {
  const byTopic = Map.groupBy(held, (one) => one.split("/")[0]!);
  return [...byTopic].map(([name, ones]) => ({ topicId: `id of ${name}`, partitions: ones.map((one) => Number(one.split("/")[1])) }));
}

test.each([
  [1, 0],
  [2, 0],
  [3, 0.4],
  [4, 0.4],
  [5, 0.7],
  [6, 0.7],
])("a random run, seed %i, %d of the clients classic", { timeout: 60_000 }, async (seed, classicShare) => {
  const simulation = new Simulation(seed, classicShare);
  for (let phase = 0; phase < 4; phase++) {
    for (let step = 0; step < STEPS; step++) await simulation.step();
    await simulation.settle();
    await simulation.checkSettled();
  }
  expect([...simulation.states]).toEqual(expect.arrayContaining(["Reconciling", "Stable"]));
});

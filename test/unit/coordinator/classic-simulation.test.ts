// Fifty clients that join, leave, fall silent, restart, give up and change their minds at random, with what must hold after each step.

import { expect, test } from "vitest";
import type { JoinedGroup, JoinGroupRequest } from "../../../src/coordinator/classic-messages.ts";
import { bytes, GroupBench, protocols, SESSION_MS } from "../../support/classic-group.ts";
import { seededRandom } from "../../support/random.ts";

const CLIENTS = 50;
const STEPS = 600;

interface Client {
  readonly groupInstanceId: string | null;
  readonly canSkipAssignment: boolean;
  readonly requireKnownMemberId: boolean;
  memberId: string;
  protocols: JoinGroupRequest["protocols"];
  /** The call whose answer it waits for. */
  call: number | null;
  joined: JoinedGroup | null;
  hasAssignment: boolean;
}

class Simulation {
  readonly bench = new GroupBench({ maxSize: 40 });
  readonly random: () => number;
  readonly clients: Client[];
  readonly joins: number[] = [];
  readonly syncs: number[] = [];
  /** What everybody was told of a generation. */
  readonly generations = new Map<number, Pick<JoinedGroup, "leaderId" | "protocolName">>();
  readonly statesSeen = new Set<string>();
  syncCount = 0;
  #generationId = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.clients = Array.from({ length: CLIENTS }, (_, index) => ({
      groupInstanceId: index % 5 === 0 ? `static-${index}` : null,
      canSkipAssignment: index % 2 === 0,
      requireKnownMemberId: index % 3 !== 0,
      memberId: "",
      protocols: protocols("range"),
      call: null,
      joined: null,
      hasAssignment: false,
    }));
  }

  step(): void {
    const dice = this.random();
    if (dice < 0.01 && ["Stable", "Empty"].includes(this.bench.group.state)) this.bench.restart();
    this.bench.advance(Math.floor(this.random() * (dice > 0.99 ? 2 * SESSION_MS : SESSION_MS / 20)));
    for (const client of this.clients) {
      if (this.random() < 0.3) this.#act(client);
      this.#takeAnswer(client);
    }
    this.bench.advance(0); // ids that were given out in an Empty group may be due as soon as it is not
    for (const client of this.clients) this.#takeAnswer(client);
    this.check();
  }

  check(): void {
    const { group } = this.bench;
    this.statesSeen.add(group.state);
    expect(group.generationId).toBeGreaterThanOrEqual(this.#generationId);
    this.#generationId = group.generationId;
    const parked = (calls: readonly number[]) => calls.filter((call) => this.bench.outcome(call) === "parked");
    if (group.state !== "PreparingRebalance") expect(parked(this.joins)).toEqual([]);
    if (group.state !== "CompletingRebalance") expect(parked(this.syncs)).toEqual([]);
    if (group.state === "Stable") {
      const { leaderId, members } = group.snapshot();
      expect(members.map(({ memberId }) => memberId)).toContain(leaderId);
    }
    if (group.state === "Empty") expect(group.memberIds).toEqual([]);
    else expect(group.nextDeadlineMs()).toBeGreaterThan(this.bench.nowMs);
    const isComplete = group.state === "CompletingRebalance" || group.state === "Stable";
    const dynamic = group.describe("g").members.filter(({ groupInstanceId }) => groupInstanceId === null);
    if (isComplete) expect(dynamic.length).toBeLessThanOrEqual(40);
  }

  /** Everybody falls silent for good. */
  end(): void {
    this.bench.advance(100 * SESSION_MS);
    expect(this.bench.group.state).toBe("Empty");
    expect([...this.joins, ...this.syncs].map((call) => this.bench.outcome(call))).not.toContain("parked");
  }

  #act(client: Client): void {
    const dice = this.random();
    if (client.call !== null) this.#wait(client, dice);
    else if (client.joined === null) this.#join(client);
    else if (!client.hasAssignment) this.#sync(client);
    else this.#live(client, dice);
  }

  #join(client: Client): void {
    const { memberId, groupInstanceId, canSkipAssignment, requireKnownMemberId } = client;
    const request = {
      memberId,
      groupInstanceId,
      canSkipAssignment,
      requireKnownMemberId,
      protocols: client.protocols,
      rebalanceTimeoutMs: 5_000,
    };
    client.call = this.bench.join(request);
    this.joins.push(client.call);
    client.joined = null;
    client.hasAssignment = false;
  }

  #sync(client: Client): void {
    const { memberId, groupInstanceId } = client;
    const { generationId, members } = client.joined!;
    const assignments = client.joined!.skipAssignment
      ? []
      : members.map((member) => ({
          memberId: member.memberId,
          assignment: bytes(`${generationId} ${member.groupInstanceId ?? member.memberId}`),
        }));
    client.call = this.bench.sync({ memberId, groupInstanceId }, generationId, { assignments, protocolType: "consumer" });
    this.syncs.push(client.call);
  }

  #live(client: Client, dice: number): void {
    if (dice < 0.005) this.#leave(client);
    else if (dice < 0.01) this.#forget(client);
    else if (dice < 0.015) {
      client.protocols = protocols("range", ...(this.random() < 0.5 ? ["sticky"] : []));
      this.#join(client);
    } else if (dice < 0.3) this.#commit(client);
    else this.#heartbeat(client);
  }

  #commit({ memberId, groupInstanceId, joined }: Client): void {
    const memberEpoch = joined!.generationId;
    const refused = this.bench.group.allowCommit({ member: { memberId, memberEpoch, groupInstanceId } }, this.bench.nowMs);
    if (refused === null) expect(this.bench.group.generationId).toBe(memberEpoch);
  }

  /** Its call is under way: sometimes it gives up and asks again, sometimes its process dies. */
  #wait(client: Client, dice: number): void {
    if (dice < 0.002) this.#forget(client);
    else if (dice < 0.02) {
      if (client.joined === null) this.#join(client);
      else this.#sync(client);
    }
  }

  #leave(client: Client): void {
    this.bench.leave({ memberId: client.memberId, groupInstanceId: client.groupInstanceId });
    this.#forget(client);
  }

  #forget(client: Client): void {
    Object.assign(client, { memberId: "", call: null, joined: null, hasAssignment: false });
  }

  #heartbeat(client: Client): void {
    const { memberId, groupInstanceId } = client;
    const { generationId } = client.joined!;
    const error = this.bench.heartbeat({ memberId, generationId, ...(groupInstanceId !== null && { groupInstanceId }) });
    if (error === null) {
      expect([this.bench.group.generationId, this.bench.group.memberIds.includes(memberId)]).toEqual([generationId, true]);
    } else if (error === "REBALANCE_IN_PROGRESS") {
      this.#join(client);
    } else {
      this.#forget(client);
    }
  }

  #takeAnswer(client: Client): void {
    const { call } = client;
    if (call === null || this.bench.outcome(call) === "parked") return;
    client.call = null;
    const error = this.bench.outcome(call);
    if (error !== null) this.#handleError(client, call, error);
    else if (client.joined === null) this.#takeGeneration(client, this.bench.joined(call));
    else this.#takeAssignment(client, this.bench.assignment(call));
  }

  #handleError(client: Client, call: number, error: string): void {
    const known = [
      "MEMBER_ID_REQUIRED",
      "REBALANCE_IN_PROGRESS",
      "UNKNOWN_MEMBER_ID",
      "ILLEGAL_GENERATION",
      "FENCED_INSTANCE_ID",
      "GROUP_MAX_SIZE_REACHED",
    ];
    expect(known).toContain(error);
    const isKnownStill = error === "MEMBER_ID_REQUIRED" || error === "REBALANCE_IN_PROGRESS";
    const joinAnswer = this.bench.joins.get(call);
    client.memberId = isKnownStill ? (joinAnswer?.memberId ?? client.memberId) : "";
    client.joined = null;
    client.hasAssignment = false;
  }

  #takeGeneration(client: Client, joined: JoinedGroup): void {
    client.memberId = joined.memberId;
    client.joined = joined;
    const { leaderId, protocolName, generationId, members } = joined;
    const told = this.generations.get(generationId);
    expect(told?.protocolName ?? protocolName).toBe(protocolName);
    if (members.length > 0)
      expect([leaderId, members.filter(({ memberId }) => memberId === leaderId).length]).toEqual([joined.memberId, 1]);
    this.generations.set(generationId, { leaderId, protocolName });
  }

  #takeAssignment(client: Client, assignment: string): void {
    const mine = `${client.joined!.generationId} ${client.groupInstanceId ?? client.memberId}`;
    expect(assignment).toBe(mine);
    client.hasAssignment = true;
    this.syncCount += 1;
  }
}

test.each([1, 2, 3, 4])("whatever fifty clients do, with seed %i, the group keeps its promises", (seed) => {
  const simulation = new Simulation(seed);
  for (let i = 0; i < STEPS; i++) simulation.step();
  expect([...simulation.statesSeen].sort()).toEqual(expect.arrayContaining(["CompletingRebalance", "PreparingRebalance", "Stable"]));
  expect(simulation.syncCount).toBeGreaterThan(100);
  simulation.end();
});

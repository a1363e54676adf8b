import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ClassicGroupPort, GroupPort, JoinedGroup, JoinGroupAnswer, JoinGroupRequest } from "../../../src/broker/ports.ts";
import { createPorts } from "../../../src/objects/ports.ts";
import { SqliteGroupStore } from "../../../src/storage/sqlite-group-store.ts";

const SESSION_MS = 300_000;
const SHORT_SESSION_MS = 6_000; // the shortest that is allowed

/** A group of the test's own, over the ports that listeners use. */
class TestGroup {
  readonly groupId = `group-${crypto.randomUUID()}`;
  readonly stub = env.GROUP.getByName(this.groupId);
  readonly port: GroupPort & ClassicGroupPort = createPorts(env, () => undefined).group(this.groupId);

  join(changes: Partial<JoinGroupRequest> = {}): Promise<JoinGroupAnswer> {
    return this.port.join({
      groupId: this.groupId,
      memberId: "",
      groupInstanceId: null,
      clientId: "test",
      clientHost: "/127.0.0.1",
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: 30_000,
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: Uint8Array.of(7).buffer }],
      requireKnownMemberId: true,
      canSkipAssignment: true,
      ...changes,
    });
  }

  /** Both steps of a new member. */
  async joinTwice(changes: Partial<JoinGroupRequest> = {}): Promise<JoinedGroup> {
    const { memberId } = await this.join(changes);
    return succeeded(await this.join({ ...changes, memberId }));
  }

  sync({ memberId, generationId, leaderId, members }: JoinedGroup) {
    const assignments = members.map((member) => ({
      memberId: member.memberId,
      assignment: new TextEncoder().encode(member.memberId).slice().buffer,
    }));
    const request = { groupId: this.groupId, memberId, groupInstanceId: null, generationId, protocolType: null, protocolName: null };
    return this.port.sync({ ...request, assignments: leaderId === memberId ? assignments : [] });
  }

  async stabilize(count: number, changes: Partial<JoinGroupRequest> = {}): Promise<JoinedGroup[]> {
    const members = await Promise.all(Array.from({ length: count }, () => this.joinTwice(changes)));
    await Promise.all(members.map((member) => this.sync(member)));
    return members;
  }

  async heartbeat({ memberId, generationId }: JoinedGroup): Promise<string | null> {
    return (await this.port.heartbeat({ groupId: this.groupId, memberId, groupInstanceId: null, generationId }))?.error ?? null;
  }

  async state(): Promise<string | undefined> {
    return (await this.port.describe(this.groupId))?.state;
  }

  /** What the object stored of its members' sessions before it was put out of memory. */
  sessions(): Promise<ReadonlyMap<string, number> | null> {
    return runInDurableObject(this.stub, (_, { storage }) => new SqliteGroupStore(storage).sessions());
  }

  /** Puts the object out of memory as the platform does, and makes it as if so much time had passed since. */
  async sleep(ms: number): Promise<void> {
    await expect.poll(() => this.sessions(), { timeout: 20_000, interval: 200 }).not.toBeNull();
    await runInDurableObject(this.stub, (_, { storage }) => {
      const store = new SqliteGroupStore(storage);
      store.putSessions(new Map([...store.sessions()!].map(([memberId, deadlineMs]) => [memberId, deadlineMs - ms])));
    });
    await evictDurableObject(this.stub);
  }

  /** Ends the object in the middle of whatever it does. */
  async crash(): Promise<void> {
    await runInDurableObject(this.stub, (_, state) => state.abort("crashed by the test")).catch(() => undefined);
  }
}

function succeeded(answer: JoinGroupAnswer): JoinedGroup {
  if ("error" in answer) throw new Error(`${answer.error}: ${answer.detail}`);
  return answer;
}

test("members join, get their parts, commit and leave", async () => {
  const group = new TestGroup();
  const members = await Promise.all([group.joinTwice(), group.joinTwice()]);
  const leader = members.find(({ memberId, leaderId }) => memberId === leaderId)!;
  expect(leader.members.map(({ metadata }) => new Uint8Array(metadata))).toEqual([Uint8Array.of(7), Uint8Array.of(7)]);
  const synced = await Promise.all(members.map((member) => group.sync(member)));
  expect(synced.map((answer) => "assignment" in answer && new TextDecoder().decode(answer.assignment))).toEqual(
    members.map(({ memberId }) => memberId),
  );

  const { memberId, generationId } = members[0]!;
  const offset = { topicId: "id", topic: "orders", partition: 0, offset: 1, leaderEpoch: -1, metadata: "" };
  const commit = (memberEpoch: number) =>
    group.port.commit({ groupId: group.groupId, offsets: [offset], member: { memberId, memberEpoch } });
  expect(await commit(generationId)).toEqual([null]);
  expect(await commit(generationId - 1)).toMatchObject({ error: "ILLEGAL_GENERATION" });
  expect(await group.port.describeClassic(group.groupId)).toMatchObject({ state: "Stable", protocolName: "range", members: [{}, {}] });
  expect(await group.port.listing(group.groupId)).toEqual({
    groupId: group.groupId,
    type: "classic",
    state: "Stable",
    protocolType: "consumer",
  });

  const left = await group.port.leave({
    groupId: group.groupId,
    members: members.map((member) => ({ memberId: member.memberId, groupInstanceId: null })),
  });
  expect(left).toMatchObject([{ failure: null }, { failure: null }]);
  expect(await group.state()).toBe("Empty");
  expect(await group.port.delete(group.groupId)).toBeNull();
  expect(await group.port.listing(group.groupId)).toBeNull();
});

test("an object that loses its memory keeps a Stable group, and heartbeats go on", async () => {
  const group = new TestGroup();
  const members = await group.stabilize(3);
  const before = await group.port.describeClassic(group.groupId);
  await evictDurableObject(group.stub);
  for (const member of members) expect(await group.heartbeat(member)).toBeNull();
  expect(await group.port.describeClassic(group.groupId)).toEqual(before);
  expect(await group.sync(members[0]!)).toMatchObject({ protocolName: "range" });
  expect(await group.heartbeat({ ...members[0]!, generationId: members[0]!.generationId - 1 })).toBe("ILLEGAL_GENERATION");
});

test("the alarm removes members that fell silent while the object was out of memory", async () => {
  const group = new TestGroup();
  await group.stabilize(2);
  await group.sleep(SESSION_MS);
  await runDurableObjectAlarm(group.stub);
  expect(await group.state()).toBe("Empty");
  await evictDurableObject(group.stub);
  expect(await group.state()).toBe("Empty");
});

test("the alarm leaves members alone whose sessions have not ended, and is set for when they do", async () => {
  const group = new TestGroup();
  const [member] = await group.stabilize(1);
  await group.sleep(SESSION_MS / 2);
  await runDurableObjectAlarm(group.stub);
  const alarmAtMs = await runInDurableObject(group.stub, (_, { storage }) => storage.getAlarm());
  expect(alarmAtMs).toBeLessThanOrEqual(Date.now() + SESSION_MS / 2);
  expect(await group.heartbeat(member!)).toBeNull();
});

test("a member that falls silent is removed by the alarm in its own time, and the other is told", async () => {
  const group = new TestGroup();
  const members = await group.stabilize(2, { sessionTimeoutMs: SHORT_SESSION_MS });
  const outcomes = new Set<string | null>();
  await expect
    .poll(
      async () => {
        outcomes.add(await group.heartbeat(members[0]!));
        return [...outcomes];
      },
      { timeout: 20_000, interval: 500 },
    )
    .toContain("REBALANCE_IN_PROGRESS");
  expect((await group.port.describe(group.groupId))?.members).toMatchObject([{ memberId: members[0]!.memberId, memberEpoch: 1 }]);
});

test("a quiet Stable group stores its sessions, and the next heartbeat voids them", async () => {
  const group = new TestGroup();
  const [member] = await group.stabilize(1);
  await group.sleep(0);
  expect([...(await group.sessions())!.keys()]).toEqual([member!.memberId]);
  expect(await group.heartbeat(member!)).toBeNull();
  expect(await group.sessions()).toBeNull();
});

test("heartbeats write nothing", async () => {
  const group = new TestGroup();
  const [member] = await group.stabilize(1);
  const alarm = () => runInDurableObject(group.stub, (_, { storage }) => storage.getAlarm());
  const before = await alarm();
  expect(before).not.toBeNull();
  for (let i = 0; i < 20; i++) await group.heartbeat(member!);
  expect(await alarm()).toBe(before);
  expect(await group.sessions()).toBeNull();
});

test("a group that was deleted leaves no alarm behind, and sets one again in its next life", async () => {
  const group = new TestGroup();
  const alarm = () => runInDurableObject(group.stub, (_, { storage }) => storage.getAlarm());
  const [member] = await group.stabilize(1);
  await group.port.leave({ groupId: group.groupId, members: [{ memberId: member!.memberId, groupInstanceId: null }] });
  expect(await group.port.delete(group.groupId)).toBeNull();
  expect(await alarm()).toBeNull();
  const [next] = await group.stabilize(1);
  expect([next!.generationId, await alarm()]).toEqual([1, expect.any(Number)]);
});

test("two hundred members that join at once are one generation", async () => {
  const group = new TestGroup();
  const members = await Promise.all(Array.from({ length: 200 }, () => group.joinTwice()));
  const generationId = Math.max(...members.map((member) => member.generationId));
  // Whoever was answered in an earlier generation joins again, as the clients do.
  const settled = await Promise.all(
    members.map(async (member) =>
      member.generationId === generationId ? member : succeeded(await group.join({ memberId: member.memberId })),
    ),
  );
  expect(new Set(settled.map((member) => member.generationId)).size).toBe(1);
  const leader = settled.find(({ memberId, leaderId }) => memberId === leaderId)!;
  expect(leader.members).toHaveLength(200);
  const synced = await Promise.all(settled.map((member) => group.sync(member)));
  expect(synced.map((answer) => "assignment" in answer && new TextDecoder().decode(answer.assignment))).toEqual(
    settled.map(({ memberId }) => memberId),
  );
  expect(await group.state()).toBe("Stable");
});

test("a call that is parked in an object that crashes is answered so that its client asks again, and the last generation goes on", async () => {
  const group = new TestGroup();
  const members = await group.stabilize(2);
  const { memberId } = await group.join();
  const waiting = group.join({ memberId });
  await expect.poll(() => group.state()).toBe("PreparingRebalance");
  await group.crash();
  expect(await waiting).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE", memberId });
  for (const member of members) expect(await group.heartbeat(member)).toBeNull();
});

// Groups by HTTP: members that are nothing but their calls, alone, many, and beside kafkajs.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { HttpMember } from "../support/http-member.ts";
import { joinGroup, valuesOf } from "../support/kafka-clients.ts";
import { seededRandom } from "../support/random.ts";
import { createTopic } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";

const SESSION_MS = 1_000;

let broker: Broker;

beforeAll(async () => {
  const configs = { "group.min.session.timeout.ms": "500", "group.consumer.heartbeat.interval.ms": "300" };
  broker = await startBroker({ env: { SLUICE_GROUP_CONFIGS: JSON.stringify(configs) } });
});
afterAll(async () => {
  await broker?.stop();
});

const post = (path: string, body: unknown) =>
  fetch(broker.url + path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });

async function produce(topic: string, prefix: string, count: number, partitions: number): Promise<string[]> {
  const values = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const records = values.map((value, index) => ({ value, partition: index % partitions }));
  const response = await post(`/v1/topics/${topic}/records`, { records });
  expect(response.status).toBe(200);
  return values;
}

const describe = async (groupId: string) => (await fetch(`${broker.url}/v1/groups/${groupId}`)).json() as Promise<Record<string, unknown>>;

test("the first call of a new group has records, and the next goes on after what it commits", async () => {
  await createTopic(broker.url, "first", 2);
  const values = await produce("first", "a", 10, 2);
  const member = new HttpMember(broker, "first-readers", { topics: ["first"] });
  const fetched = await member.fetch();
  expect(fetched).toMatchObject({ memberEpoch: 1, assignment: [{ topic: "first", partitions: [0, 1] }], commits: [], failures: [] });
  expect(fetched.records.map(({ value }) => value).sort()).toEqual(values.sort());
  expect((await member.fetch({ commit: [] })).records).toHaveLength(10);
  const next = await member.fetch();
  expect([next.records, next.commits.map(({ code }) => code)]).toEqual([[], [undefined, undefined]]);
  expect(await describe("first-readers")).toMatchObject({
    type: "consumer",
    state: "Stable",
    members: [{ memberId: member.memberId, protocol: "consumer", assignment: [{ topic: "first", partitions: [0, 1] }] }],
    offsets: [
      { partition: 0, offset: 5, lag: 0 },
      { partition: 1, offset: 5, lag: 0 },
    ],
  });
});

test("a call that waits gets what is produced meanwhile", async () => {
  await createTopic(broker.url, "waited", 1);
  const member = new HttpMember(broker, "waiters", { topics: ["waited"] });
  await member.fetch();
  const waiting = member.fetch({ maxWaitMs: 30_000 });
  await produce("waited", "w", 1, 1);
  expect((await waiting).records).toMatchObject([{ topic: "waited", partition: 0, offset: 0, value: "w0" }]);
});

test("what was lost is not committed, and what is another's is not delivered", async () => {
  await createTopic(broker.url, "fenced", 2);
  await produce("fenced", "f", 4, 2);
  const slow = new HttpMember(broker, "fencers", { topics: ["fenced"], sessionTimeoutMs: 600 });
  await slow.fetch();
  const other = new HttpMember(broker, "fencers", { topics: ["fenced"] });
  await until("the other has both", async () => {
    await other.fetch({ commit: [] });
    return other.partitionCount === 2;
  });
  const late = await slow.fetch();
  expect(late.commits.map(({ code }) => code)).toEqual(["FENCED_MEMBER_EPOCH", "FENCED_MEMBER_EPOCH"]);
  expect([late.assignment, late.records]).toEqual([[], []]);
  const response = await post("/v1/groups/fencers/commit", {
    memberId: slow.memberId,
    memberEpoch: slow.memberEpoch,
    offsets: [{ topic: "fenced", partition: 0, offset: 1 }],
  });
  expect([response.status, await response.json()]).toMatchObject([409, { code: "FENCED_MEMBER_EPOCH" }]);
});

test("a pattern subscribes to topics that come later, a member leaves at once, and a group with members is not reset", async () => {
  await createTopic(broker.url, "pat-1", 1);
  const member = new HttpMember(broker, "patterns", { topics: { pattern: "pat-.*" } });
  await member.fetch();
  await createTopic(broker.url, "pat-2", 1);
  const reset = (dryRun: boolean) => post("/v1/groups/patterns/reset", { topic: "pat-1", to: "latest", dryRun });
  expect([(await reset(false)).status, (await reset(true)).status]).toEqual([409, 200]);
  await until("the new topic is there", async () => (await member.fetch()).assignment.some(({ topic }) => topic === "pat-2"));
  expect([await member.leave(), await member.leave()]).toEqual([204, 404]);
  expect(await describe("patterns")).toMatchObject({ state: "Empty", members: [] });
  expect((await reset(false)).status).toBe(200);
});

test("bad requests name what is wrong", async () => {
  await createTopic(broker.url, "bad", 1);
  const refused = (body: Record<string, unknown>) => new HttpMember(broker, "bad", body).fetch();
  await expect(refused({ topics: { pattern: "(" } })).rejects.toThrow("INVALID_REGULAR_EXPRESSION");
  await expect(refused({ topics: ["bad"], sessionTimeoutMs: 1 })).rejects.toThrow("INVALID_SESSION_TIMEOUT");
  await expect(refused({ topics: ["bad"], commit: [{ topic: "bad", partition: 0, offset: 1 }] })).rejects.toThrow("memberEpoch");
  const none = await refused({ topics: ["bad"], autoOffsetReset: "none" });
  expect(none.failures).toMatchObject([{ partition: 0, code: "OFFSET_OUT_OF_RANGE" }]);
});

test("a kafkajs member and an HTTP member share the partitions, and the one takes over from the other", async () => {
  await createTopic(broker.url, "both", 6);
  const kafka = await joinGroup(broker.kafkaAddress, { groupId: "both-kinds", topic: "both" });
  const member = new HttpMember(broker, "both-kinds", { topics: ["both"], sessionTimeoutMs: 10_000 });
  const read = new Set<string>();
  const poll = async () => {
    for (const { value } of (await member.fetch({ maxWaitMs: 200 })).records) read.add(value);
  };
  await until("each has three", async () => {
    await poll();
    return member.partitionCount === 3 && kafka.assigned().length === 3;
  });
  const expected = await produce("both", "b", 60, 6);
  await until("all are read", async () => {
    await poll();
    return new Set([...read, ...valuesOf([kafka])]).size === 60;
  });
  expect([...new Set([...read, ...valuesOf([kafka])])].sort()).toEqual(expected.sort());
  expect(read.size).toBeGreaterThanOrEqual(30);
  await member.fetch();
  expect(await member.leave()).toBe(204);
  await until("kafkajs has all six", () => kafka.assigned().length === 6);
});

test("twenty members join, leave and crash, and every record is processed, in the order of its partition", {
  timeout: 90_000,
}, async () => {
  const partitions = 8;
  await createTopic(broker.url, "many", partitions);
  const random = seededRandom(7);
  /** Of each partition: the offset up to which all was processed. */
  const processed = new Array<number>(partitions).fill(0);
  let isOver = false;

  /** One process after the other in the same place, each with an end of its own. */
  const runPlace = async (): Promise<void> => {
    while (!isOver) {
      const member = new HttpMember(broker, "crowd", { topics: ["many"], sessionTimeoutMs: SESSION_MS, maxRecords: 20 });
      for (let calls = 3 + random() * 12; calls > 0 && !isOver; calls--) {
        const { records } = await member.fetch({ maxWaitMs: 100 });
        for (const { partition, offset } of records) {
          expect(offset).toBeLessThanOrEqual(processed[partition]!); // nothing before it was left out
          processed[partition] = Math.max(processed[partition]!, offset + 1);
        }
        await sleep(random() * 20);
      }
      if (!isOver && random() < 0.5) await member.leave(); // the others crash: what they have not committed comes again
    }
  };

  onTestFinished(() => {
    isOver = true;
  });
  const places = Array.from({ length: 20 }, runPlace);
  for (let round = 0; round < 10; round++) {
    await produce("many", `r${round}-`, 200, partitions);
    await sleep(100);
  }
  await until("all is processed", () => processed.every((offset) => offset === 250));
  isOver = true;
  await Promise.all(places);
});

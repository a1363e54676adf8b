// Share groups with real objects: evicted at every step, by their alarms, and with dead letters that cannot be written at first.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { Broker } from "../../../src/broker/broker.ts";
import { createBroker } from "../../../src/broker/create-broker.ts";
import type { TopicMetadata } from "../../../src/broker/ports.ts";
import type { LeasedRecord, LeaseSettlement, PullRequest, ShareGroupDescription } from "../../../src/broker/share-groups.ts";
import { isFailure } from "../../../src/common/errors.ts";
import type { ShareSettings } from "../../../src/common/share-settings.ts";
import { brokerState } from "../../../src/objects/broker-state.ts";
import { sharePartitionObjectName } from "../../../src/objects/names.ts";
import { append, aTopic, ports } from "../support/partition.ts";

const text = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes ?? new Uint8Array());

/** A group of its own on a topic of its own. */
class Group {
  readonly groupId = `g-${crypto.randomUUID()}`;
  readonly broker: Broker = createBroker(ports(), brokerState);
  readonly topic: TopicMetadata;

  constructor(topic: TopicMetadata) {
    this.topic = topic;
  }

  static async start(values: readonly string[], settings: Partial<ShareSettings> = {}): Promise<Group> {
    const group = new Group(await aTopic());
    await append(group.topic, values);
    await group.configure(settings);
    return group;
  }

  async configure(settings: Partial<ShareSettings>): Promise<void> {
    const configured = await this.broker.shareGroups.configure(this.groupId, settings);
    if (isFailure(configured)) throw new Error(configured.detail);
  }

  async pull(request: Partial<PullRequest> = {}): Promise<readonly LeasedRecord[]> {
    const limits = { maxRecords: 100, maxBytes: 1_000_000, maxWaitMs: 0 };
    const pulled = await this.broker.shareGroups.pull({ groupId: this.groupId, topics: [this.topic.name], ...limits, ...request });
    if (isFailure(pulled)) throw new Error(`${pulled.error}: ${pulled.detail}`);
    return pulled.records;
  }

  /** Values and delivery counts. */
  async pulled(request: Partial<PullRequest> = {}): Promise<[value: string, deliveryCount: number][]> {
    return (await this.pull(request)).map(({ record, deliveryCount }) => [text(record.value), deliveryCount]);
  }

  async settle(...settlements: LeaseSettlement[]): Promise<(string | null)[]> {
    const settled = await this.broker.shareGroups.settle(this.groupId, settlements);
    if (isFailure(settled)) throw new Error(settled.detail);
    return settled.map((refused) => refused?.error ?? null);
  }

  async describe(): Promise<ShareGroupDescription> {
    const described = await this.broker.shareGroups.describe(this.groupId);
    if (isFailure(described)) throw new Error(described.detail);
    return described;
  }

  /** The object of partition 0. */
  async object() {
    const { groupUuid } = await this.describe();
    return env.SHARE_PARTITION.getByName(sharePartitionObjectName(groupUuid, this.topic.topicId, 0));
  }

  async evict(): Promise<void> {
    await evictDurableObject(await this.object());
  }
}

const until = (isTrue: () => Promise<boolean>): Promise<boolean> => vi.waitUntil(isTrue, { timeout: 30_000, interval: 20 });

const accept = ({ leaseId }: LeasedRecord): LeaseSettlement => ({ leaseId, action: "accept" });
const release = ({ leaseId }: LeasedRecord, delayMs = 0): LeaseSettlement => ({ leaseId, action: "release", delayMs });
const reject = ({ leaseId }: LeasedRecord): LeaseSettlement => ({ leaseId, action: "reject" });

test("leases, counts and what is decided survive an eviction at every step", async () => {
  const group = await Group.start(["a", "b", "c", "d"]);
  const [a, b, c, d] = (await group.pull()) as [LeasedRecord, LeasedRecord, LeasedRecord, LeasedRecord];
  await group.evict();
  expect(await group.pull()).toEqual([]);
  expect(await group.settle(accept(b), release(c), reject(d))).toEqual([null, null, null]);
  await group.evict();
  expect(await group.pulled()).toEqual([["c", 2]]);
  await group.evict();
  expect(await group.settle(accept(b), accept(a))).toEqual(["INVALID_RECORD_STATE", null]);
  const { partitions } = await group.describe();
  expect(partitions[0]).toMatchObject({ startOffset: 2, endOffset: 4, acquired: 1, lag: 1, counters: { acknowledged: 2, archived: 1 } });
});

test("a lease that ends while the object is out of memory makes its record available to a pull that waits", async () => {
  const group = await Group.start(["a"]);
  await group.pull({ leaseMs: 300 });
  await group.evict();
  expect(await group.pulled({ maxWaitMs: 30_000 })).toEqual([["a", 2]]);
});

test("a record that is given back wakes a pull that waits", async () => {
  const group = await Group.start(["a"]);
  const [a] = (await group.pull()) as [LeasedRecord];
  const waiting = group.pulled({ maxWaitMs: 30_000 });
  const object = await group.object();
  await until(() => runInDurableObject(object, (_, state) => state.getWebSockets().length > 0));
  await group.settle(release(a));
  expect(await waiting).toEqual([["a", 2]]);
});

test("fetches that wait for more bytes take nobody's turn, and go on when the log has grown", async () => {
  const group = await Group.start(["a"], { leaseMs: 3_600_000 });
  const [a] = (await group.pull()) as [LeasedRecord];
  const object = await group.object();
  const sockets = () => runInDurableObject(object, (_, state) => state.getWebSockets().length);
  const gone = new AbortController();
  const fetch = (token: number, minBytes: number, signal?: AbortSignal) => {
    const partitions = [{ topic: group.topic.name, topicId: group.topic.topicId, partition: 0 }];
    const limits = { maxRecords: 10, maxBytes: 1_000_000, maxWaitMs: 60_000, batchSize: 10 };
    return group.broker.shareGroups.fetch({ groupId: group.groupId, token, partitions, ...limits, minBytes, ...(signal && { signal }) });
  };
  const three = (first: number) => [first, first + 1, first + 2].map((token) => fetch(token, 1_000_000, gone.signal));
  const hungry = three(1);
  await until(async () => (await sockets()) === 3);
  const waiting = group.pulled({ maxWaitMs: 60_000 });
  await until(async () => (await sockets()) === 4);
  hungry.push(...three(4)); // whichever end a turn begins at
  await until(async () => (await sockets()) === 7);
  await group.settle(release(a));
  expect(await waiting).toEqual([["a", 2]]);
  const [again] = (await group.describe()).partitions;
  expect(again).toMatchObject({ acquired: 1, available: 0 });
  const modest = fetch(7, 2);
  await until(async () => (await sockets()) === 7);
  await append(group.topic, ["b"]);
  expect(await modest).toMatchObject({ partitions: [{ acquired: [{ firstOffset: 1, lastOffset: 1 }] }] });
  gone.abort();
  expect((await Promise.all(hungry)).map((one) => !isFailure(one) && one.partitions)).toEqual(hungry.map(() => []));
});

test("a pull that waits gets what is written, and its sockets are closed", async () => {
  const group = await Group.start(["a"]);
  await group.settle(...(await group.pull()).map(accept));
  const waiting = group.pulled({ maxWaitMs: 30_000 });
  const object = await group.object();
  const sockets = () => runInDurableObject(object, (_, state) => state.getWebSockets().length);
  await until(async () => (await sockets()) > 0);
  await append(group.topic, ["b"]);
  expect(await waiting).toEqual([["b", 1]]);
  await until(async () => (await sockets()) === 0);
});

test("what is given up is in the dead-letter topic once, with its count and where it was", async () => {
  const dead = await aTopic();
  const group = await Group.start(["a", "b", "c"], { maxDeliveries: 2, deadLetterTopic: dead.name });
  const [a, b, c] = (await group.pull()) as [LeasedRecord, LeasedRecord, LeasedRecord];
  await group.settle(reject(a), release(b), accept(c));
  await group.settle(...(await group.pull()).map((record) => release(record)));
  await until(async () => (await group.describe()).partitions[0]?.lag === 0);
  const letters = await deadLettersIn(group.broker, dead);
  const place = (offset: number) => ({ topic: group.topic.name, partition: "0", offset: String(offset), group: group.groupId });
  expect(letters).toEqual([
    { value: "a", ...place(0), "delivery.count": "1", message: "Offset rejected by client." },
    { value: "b", ...place(1), "delivery.count": "2", message: "Offset delivery count exceeded the threshold." },
  ]);
  expect((await group.describe()).partitions[0]?.counters).toEqual({ acknowledged: 1, archived: 2, deadLettered: 2 });
});

test("the alarm ends the last lease of a record, and brings it to the dead-letter topic with nobody there", async () => {
  const dead = await aTopic();
  const group = await Group.start(["a"], { maxDeliveries: 1, deadLetterTopic: dead.name });
  await group.pull({ leaseMs: 200 });
  await group.evict();
  await until(async () => {
    const end = await group.broker.offset(dead.name, 0, "latest");
    return !isFailure(end) && end.highWatermark === 1;
  });
  expect(await deadLettersIn(group.broker, dead)).toMatchObject([{ value: "a", "delivery.count": "1" }]);
});

test("dead letters that cannot be written wait, over an eviction too, and say why", async () => {
  const dead = await aTopic();
  const group = await Group.start(["a"], { deadLetterTopic: dead.name });
  await group.broker.deleteTopic(dead.name);
  await group.settle(...(await group.pull()).map(reject));
  const first = async () => (await group.describe()).partitions[0]!;
  await until(async () => (await first()).deadLetterError !== null);
  expect(await first()).toMatchObject({ archiving: 1, lag: 1, deadLetterError: expect.stringContaining("UNKNOWN_TOPIC_OR_PARTITION") });
  await group.evict();
  await group.broker.createTopic({ name: dead.name, partitions: 1 });
  await until(async () => {
    await runDurableObjectAlarm(await group.object());
    return (await first()).lag === 0;
  });
  expect(await deadLettersIn(group.broker, dead)).toHaveLength(1);
});

test("an answer that is lost after the write makes no second dead letter", async () => {
  const dead = await aTopic();
  const group = await Group.start(["a"], { deadLetterTopic: dead.name });
  await group.settle(...(await group.pull()).map(reject));
  await until(async () => (await group.describe()).partitions[0]?.lag === 0);
  // As a crash between the write and its entry leaves the state: the record is on its way, under the sequence that it was written with.
  await runInDurableObject(await group.object(), async (_, state) => {
    const { document } = state.storage.sql.exec<{ document: string }>("SELECT document FROM share_partition").one();
    const stored = JSON.parse(document);
    const before = { ...stored, deadLetters: { ...stored.deadLetters, sequence: 0, sending: [0] } };
    const record = new DataView(new ArrayBuffer(33));
    record.setUint16(12, 1);
    record.setUint8(14, 3);
    record.setUint8(15, 1);
    state.storage.sql.exec("UPDATE share_partition SET document = ?", JSON.stringify(before));
    state.storage.sql.exec("INSERT INTO share_blocks (block_id, records) VALUES (0, ?)", record.buffer);
    await state.storage.setAlarm(Date.now() + 60_000);
  });
  await group.evict();
  expect((await group.describe()).partitions[0]).toMatchObject({ archiving: 1 });
  await runDurableObjectAlarm(await group.object());
  await until(async () => (await group.describe()).partitions[0]?.lag === 0);
  expect(await deadLettersIn(group.broker, dead)).toHaveLength(1);
});

test("what retention took before it was delivered is passed over", async () => {
  const group = await Group.start(["a"]);
  await group.settle(...(await group.pull()).map(accept));
  await append(group.topic, ["b", "c", "d"]);
  await group.broker.truncate(group.topic.name, 0, 3);
  expect(await group.pulled()).toEqual([["d", 1]]);
});

test("records of an aborted transaction are not delivered, those of an open one not yet", async () => {
  const group = await Group.start(["a"]);
  const { transactions } = group.broker;
  const transactionalId = `t-${crypto.randomUUID()}`;
  const producer = await transactions.initProducerId({ transactionalId, timeoutMs: 60_000 });
  if (isFailure(producer)) throw new Error(producer.detail);
  const put = (value: string, baseSequence: number) =>
    group.broker.produce({
      ...{ topic: group.topic.name, compression: "none", records: [{ key: null, value, partition: 0 }] },
      producer: { ...producer, baseSequence, transactionalId },
    });
  await put("aborted", 0);
  expect(await group.pulled()).toEqual([["a", 1]]);
  await transactions.end({ transactionalId, ...producer, isCommit: false });
  await put("committed", 1);
  await transactions.end({ transactionalId, ...producer, isCommit: true });
  expect(await group.pulled()).toEqual([["committed", 1]]);
});

test("a deleted group leaves nothing stored, and one under its id begins anew", async () => {
  const group = await Group.start(["a"]);
  const [a] = (await group.pull()) as [LeasedRecord];
  const object = await group.object();
  expect(await group.broker.shareGroups.delete(group.groupId)).toBeNull();
  const tables = await runInDurableObject(object, (_, state) => [...state.storage.sql.exec("SELECT name FROM sqlite_master")].length);
  expect(tables).toBe(0);
  expect(await group.pulled()).toEqual([["a", 1]]);
  expect(await group.settle(accept(a))).toEqual(["INVALID_RECORD_STATE"]);
});

test("workers on one partition never hold the same record, whatever is evicted between", async () => {
  const values = Array.from({ length: 300 }, (_, index) => String(index));
  const group = await Group.start(values);
  const seen: string[] = [];
  const worker = async () => {
    for (;;) {
      const records = await group.pull({ maxRecords: 7 });
      if (records.length === 0) return;
      seen.push(...records.map(({ record }) => text(record.value)));
      await group.settle(...records.map(accept));
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  await group.evict();
  await worker();
  expect(seen.toSorted((one, other) => Number(one) - Number(other))).toEqual(values);
});

async function deadLettersIn(broker: Broker, { name }: TopicMetadata): Promise<Record<string, string>[]> {
  const reader = `reader-${crypto.randomUUID()}`;
  const limits = { maxRecords: 100, maxBytes: 1_000_000, maxWaitMs: 0 };
  const pulled = await broker.shareGroups.pull({ groupId: reader, topics: [name], ...limits });
  if (isFailure(pulled)) throw new Error(pulled.detail);
  return pulled.records.map(({ record: { value, headers } }) => {
    const told = headers.map((header) => [header.key.replace("__dlq.errors.", ""), text(header.value)]);
    return { value: text(value), ...Object.fromEntries(told) };
  });
}

test("deleted offsets of a topic are begun anew, by who waited too, and what was leased before does not count", async () => {
  const group = await Group.start(["a", "b"], { autoOffsetReset: "earliest" });
  const [first, second] = await group.pull();
  expect(await group.settle(accept(first!))).toEqual([null]);
  const waiting = group.pulled({ maxWaitMs: 20_000 });
  const { topicId, name } = group.topic;
  const remove = () => group.broker.shareGroups.deleteOffsets({ groupId: group.groupId, topics: [name] });
  expect(await remove()).toEqual([{ topicId }]);
  expect(await waiting).toEqual([
    ["a", 1],
    ["b", 1],
  ]);
  expect(await group.settle(accept(second!))).toEqual(["INVALID_RECORD_STATE"]);
  await group.pull(); // the group consumes the topic again, and is told so
  await group.evict();
  expect((await group.describe()).partitions[0]).toMatchObject({ partition: 0, acquired: 2 });
});

test("a name belongs to one kind of group, whoever came first, until that is deleted", async () => {
  const { broker, groupId, topic } = await Group.start(["a"]);
  const commit = (to: string) => broker.commitOffsets({ groupId: to, offsets: [{ topic: topic.name, partition: 0, offset: 1 }] });
  const pull = (from: string) =>
    broker.shareGroups.pull({ groupId: from, topics: [topic.name], maxRecords: 1, maxBytes: 1_000, maxWaitMs: 0 });
  const member = {
    memberId: "",
    groupInstanceId: null,
    clientId: "c",
    clientHost: "/",
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
  };
  const protocols = [{ name: "range", metadata: new ArrayBuffer(0) }];
  const join = { ...member, groupId, protocolType: "consumer", protocols, requiresKnownMemberId: true, skipsAssignment: false };
  const taken = { error: "INCONSISTENT_GROUP_PROTOCOL" };
  expect(await commit(groupId)).toMatchObject(taken);
  expect(await broker.classicGroup(groupId).join(join as never)).toMatchObject(taken);
  expect(await broker.listGroups({ limit: 1, prefix: groupId })).toEqual({ groupIds: [], nextCursor: null });

  const other = `${groupId}-other`;
  expect(await commit(other)).toMatchObject({ offsets: [{ partition: 0 }] });
  expect(await pull(other)).toMatchObject(taken);
  expect(await broker.shareGroups.configure(other, { order: "key" })).toMatchObject(taken);
  expect(await broker.deleteGroup(other)).toBeNull();
  expect(await pull(other)).toMatchObject({ failed: [] });
  expect(await broker.shareGroups.delete(groupId)).toBeNull();
  expect(await commit(groupId)).toMatchObject({ offsets: [{ partition: 0 }] });
});

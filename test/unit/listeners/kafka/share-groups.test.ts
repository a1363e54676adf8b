// Share groups as a member by Kafka's protocol meets them (KIP-932), in frames, over a broker in memory.

import { beforeEach, describe, expect, test } from "vitest";
import { type ErrorName, errorCode, isFailure } from "../../../../src/common/errors.ts";
import { MAX_SHARE_SESSION_PARTITIONS, MAX_SHARE_SESSIONS_PER_CONNECTION } from "../../../../src/common/limits/share-groups.ts";
import type { ShareSettings } from "../../../../src/common/share-settings.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { ZERO_UUID } from "../../../../src/protocol/uuid.ts";
import { batchHeaders, lastOffset } from "../../../../src/record/record-batch.ts";
import { connectKafka } from "../../../support/kafka-connection.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const [GAP, ACCEPT, RELEASE, REJECT, RENEW] = [0, 1, 2, 3, 4];

type AcknowledgementBatch = readonly [firstOffset: number, lastOffset: number, ...types: number[]];

interface Fetch {
  readonly epoch: number;
  readonly member?: string;
  /** Partitions that are named in the request, and what is acknowledged of them. */
  readonly partitions?: Readonly<Record<number, readonly AcknowledgementBatch[]>>;
  readonly forgotten?: readonly number[];
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly batchSize?: number;
  readonly isRenewAck?: boolean;
  readonly version?: number;
  readonly topicId?: string;
}

let broker: MemoryBroker;
let topicId: string;
let client: ReturnType<typeof connect>;

beforeEach(async () => {
  broker = new MemoryBroker();
  await broker.createTopic({ name: "jobs", partitions: 2 });
  topicId = broker.topics.get("jobs")!.metadata.topicId;
  client = connect();
});

function toBatches(batches: readonly AcknowledgementBatch[]) {
  return batches.map(([firstOffset, lastOffsetOf, ...acknowledgeTypes]) => ({ firstOffset, lastOffset: lastOffsetOf, acknowledgeTypes }));
}

function topicsOf(id: string, partitions: Readonly<Record<number, readonly AcknowledgementBatch[]>>) {
  const asked = Object.entries(partitions).map(([index, batches]) => ({
    partitionIndex: Number(index),
    acknowledgementBatches: toBatches(batches),
  }));
  return asked.length === 0 ? [] : [{ topicId: id, partitions: asked }];
}

function connect() {
  const { ask, connection } = connectKafka(broker);
  return {
    ask,
    connection,
    async fetch({ epoch, member = "member", partitions = {}, forgotten = [], version = 2, topicId: id = topicId, ...limits }: Fetch) {
      const response = await ask(API.shareFetch, version, {
        ...{ groupId: "g", memberId: member, shareSessionEpoch: epoch, maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 20, maxRecords: 100 },
        ...{ batchSize: 100, shareAcquireMode: 0, isRenewAck: false, ...limits },
        topics: topicsOf(id, partitions),
        forgottenTopicsData: forgotten.length === 0 ? [] : [{ topicId: id, partitions: forgotten }],
      });
      const told = response.responses.flatMap((topic) => topic.partitions);
      return {
        ...response,
        told,
        /** Partition, first offset, last offset, delivery count. */
        acquired: told.flatMap(({ partitionIndex, acquiredRecords }) =>
          acquiredRecords.map((range) => [partitionIndex, range.firstOffset, range.lastOffset, range.deliveryCount]),
        ),
        /** First and last offset of each batch. */
        batches: told.flatMap(({ records }) =>
          [...batchHeaders(new Uint8Array(records ?? []))].map((header) => [header.baseOffset, lastOffset(header)]),
        ),
      };
    },
    async acknowledge(epoch: number, partitions: Fetch["partitions"], { isRenewAck = false, member = "member", id = topicId } = {}) {
      const request = { groupId: "g", memberId: member, shareSessionEpoch: epoch, isRenewAck, topics: topicsOf(id, partitions ?? {}) };
      const response = await ask(API.shareAcknowledge, 2, request);
      return { ...response, told: response.responses.flatMap((topic) => topic.partitions.map((one) => one.errorCode)) };
    },
    heartbeat: (memberEpoch: number, member = "member") =>
      ask(API.shareGroupHeartbeat, 1, {
        ...{ groupId: "g", memberId: member, memberEpoch, rackId: null, subscribedTopicNames: memberEpoch === 0 ? ["jobs"] : null },
      }),
  };
}

async function produce(count: number, partition = 0, key: string | null = null): Promise<void> {
  const records = Array.from({ length: count }, () => ({ key, value: "v", partition }));
  await broker.produce({ topic: "jobs", records, compression: "none" });
}

async function configure(settings: Partial<ShareSettings>): Promise<void> {
  expect(isFailure(await broker.shareGroups.configure("g", settings))).toBe(false);
}

const code = (error: ErrorName): number => errorCode(error);
const BOTH = { 0: [], 1: [] };

describe("a fetch", () => {
  test("has whole batches, and which of their records are the member's", async () => {
    await produce(3);
    await produce(3);
    await client.fetch({ epoch: 0, partitions: BOTH, maxRecords: 2 });
    const { acquired, batches, acquisitionLockTimeoutMs } = await client.fetch({ epoch: 1, maxRecords: 3 });
    expect(acquired).toEqual([[0, 2, 4, 1]]);
    expect(batches).toEqual([
      [0, 2],
      [3, 5],
    ]);
    expect(acquisitionLockTimeoutMs).toBe(30_000);
  });

  test("acquires what may be acquired alone, where keys have an order", async () => {
    await configure({ order: "key" });
    for (const key of ["a", "a", "b", "a"]) await produce(1, 0, key);
    const { acquired, batches } = await client.fetch({ epoch: 0, partitions: BOTH });
    expect(acquired).toEqual([
      [0, 0, 0, 1],
      [0, 2, 2, 1],
    ]);
    expect(batches).toEqual([
      [0, 0],
      [2, 2],
    ]);
  });

  test("has ranges of no more than BatchSize offsets, each delivered as often", async () => {
    await produce(5);
    await client.fetch({ epoch: 0, partitions: BOTH, maxRecords: 1 });
    await client.acknowledge(1, { 0: [[0, 0, RELEASE]] });
    expect((await client.fetch({ epoch: 2, batchSize: 2 })).acquired).toEqual([
      [0, 0, 0, 2],
      [0, 1, 2, 1],
      [0, 3, 4, 1],
    ]);
  });

  test("has at least one batch, and gives back uncounted what there is no room for", async () => {
    await produce(2);
    await produce(2);
    expect((await client.fetch({ epoch: 0, partitions: BOTH, maxBytes: 1 })).acquired).toEqual([[0, 0, 0, 1]]);
    const size = [...batchHeaders(new Uint8Array((await client.fetch({ epoch: 1, maxRecords: 1 })).told[0]!.records!))][0]!.sizeBytes;
    await produce(2, 1);
    await produce(2, 1);
    expect((await client.fetch({ epoch: 2, forgotten: [0], maxBytes: size })).acquired).toEqual([[1, 0, 1, 1]]);
    expect((await client.fetch({ epoch: 3 })).acquired).toEqual([[1, 2, 3, 1]]);
  });

  test("waits for a record, and ends its wait with its client", async () => {
    const waiting = client.fetch({ epoch: 0, partitions: BOTH, maxWaitMs: 10_000 });
    await produce(1, 1);
    expect((await waiting).acquired).toEqual([[1, 0, 0, 1]]);
    const gone = client.fetch({ epoch: 1, maxWaitMs: 30_000 });
    client.connection.end();
    expect((await gone).acquired).toEqual([]);
  });

  test("waits until there is as much as MinBytes", async () => {
    await produce(1);
    const waiting = client.fetch({ epoch: 0, partitions: BOTH, minBytes: 100, maxWaitMs: 600_000 });
    await produce(1, 1);
    expect((await waiting).acquired.sort()).toEqual([
      [0, 0, 0, 1],
      [1, 0, 0, 1],
    ]);
  });

  test("tells what it cannot fetch, and fetches the rest", async () => {
    await produce(1);
    const unknown = "11111111-1111-4111-8111-111111111111";
    await client.fetch({ epoch: 0, partitions: { 0: [] }, maxRecords: 0 });
    await client.fetch({ epoch: 1, partitions: { 0: [] }, topicId: unknown, maxRecords: 0 });
    const { told, acquired } = await client.fetch({ epoch: 2, partitions: { 9: [] } });
    expect(acquired).toEqual([[0, 0, 0, 1]]);
    expect(told.map(({ errorCode: one }) => one).sort()).toEqual([0, code("UNKNOWN_TOPIC_ID"), code("UNKNOWN_TOPIC_OR_PARTITION")].sort());
  });

  test("passes over what the log has lost, as decided", async () => {
    await produce(4);
    await client.fetch({ epoch: 0, partitions: BOTH, maxRecords: 1 });
    broker.topics.get("jobs")!.partitions[0]!.truncate(3);
    expect((await client.fetch({ epoch: 1 })).acquired).toEqual([[0, 3, 3, 1]]);
  });
});

describe("a share session", () => {
  test("takes partitions in and out", async () => {
    await produce(1, 0);
    await produce(1, 1);
    expect((await client.fetch({ epoch: 0, partitions: { 1: [] } })).acquired).toEqual([[1, 0, 0, 1]]);
    expect((await client.fetch({ epoch: 1, partitions: { 0: [] }, forgotten: [1] })).acquired).toEqual([[0, 0, 0, 1]]);
    await produce(1, 1);
    expect((await client.fetch({ epoch: 2 })).acquired).toEqual([]);
  });

  test("is its connection's and its member's, and goes on epoch by epoch", async () => {
    await client.fetch({ epoch: 0, partitions: BOTH });
    expect((await connect().fetch({ epoch: 1 })).errorCode).toBe(code("SHARE_SESSION_NOT_FOUND"));
    expect((await client.fetch({ epoch: 1, member: "other" })).errorCode).toBe(code("SHARE_SESSION_NOT_FOUND"));
    expect((await client.acknowledge(1, {}, { member: "other" })).errorCode).toBe(code("SHARE_SESSION_NOT_FOUND"));
    for (const epoch of [2, 7]) expect((await client.fetch({ epoch })).errorCode).toBe(code("INVALID_SHARE_SESSION_EPOCH"));
    expect((await client.fetch({ epoch: 1 })).errorCode).toBe(0);
    expect((await client.acknowledge(2, {})).errorCode).toBe(0);
    expect((await client.fetch({ epoch: 2 })).errorCode).toBe(code("INVALID_SHARE_SESSION_EPOCH"));
    expect((await client.fetch({ epoch: 3 })).errorCode).toBe(0);
  });

  test("begins with a fetch that acknowledges nothing", async () => {
    expect((await client.acknowledge(0, {})).errorCode).toBe(code("INVALID_SHARE_SESSION_EPOCH"));
    expect((await client.fetch({ epoch: 0, partitions: { 0: [[0, 0, ACCEPT]] } })).errorCode).toBe(code("INVALID_REQUEST"));
    expect((await client.fetch({ epoch: 1 })).errorCode).toBe(code("SHARE_SESSION_NOT_FOUND"));
  });

  test("that begins anew on its connection holds what it held", async () => {
    await produce(2);
    await client.fetch({ epoch: 0, partitions: BOTH });
    await client.fetch({ epoch: 0, partitions: BOTH });
    expect((await client.acknowledge(1, { 0: [[0, 1, ACCEPT]] })).told).toEqual([0]);
  });

  test.each([
    ["a fetch", () => client.fetch({ epoch: -1, partitions: { 0: [[0, 0, ACCEPT]] } })],
    ["an acknowledgement", () => client.acknowledge(-1, { 0: [[0, 0, ACCEPT]] })],
  ])("ends with %s, whose acknowledgements count, and what is left goes to others", async (_, end) => {
    await produce(3);
    await client.fetch({ epoch: 0, partitions: BOTH });
    expect((await end()).errorCode).toBe(0);
    expect((await connect().fetch({ epoch: 0, partitions: BOTH, member: "other" })).acquired).toEqual([[0, 1, 2, 2]]);
    expect((await client.fetch({ epoch: -1 })).errorCode).toBe(code("SHARE_SESSION_NOT_FOUND"));
  });

  test("ends with its connection, and what it held goes to others", async () => {
    await produce(2);
    await client.fetch({ epoch: 0, partitions: BOTH });
    const other = connect();
    expect((await other.fetch({ epoch: 0, partitions: BOTH, member: "other" })).acquired).toEqual([]);
    client.connection.end();
    await client.connection.releaseShares();
    expect((await other.fetch({ epoch: 1, member: "other" })).acquired).toEqual([[0, 0, 1, 2]]);
  });

  test("takes nothing from another one of its member when it ends late", async () => {
    await produce(2);
    const later = connect();
    await client.fetch({ epoch: 0, partitions: BOTH, maxRecords: 1 });
    await later.fetch({ epoch: 0, partitions: BOTH });
    await client.connection.releaseShares();
    expect((await later.acknowledge(1, { 0: [[1, 1, ACCEPT]] })).told).toEqual([0]);
  });

  test("goes on in another connection object, with what it holds", async () => {
    await produce(2);
    await client.fetch({ epoch: 0, partitions: BOTH });
    const { shareSessions } = JSON.parse(JSON.stringify(client.connection.session));
    expect(shareSessions).toMatchObject([{ groupId: "g", memberId: "member", nextEpoch: 1 }]);
    const woken = connectKafka(broker, undefined, undefined, { ...client.connection.session, shareSessions });
    const topics = topicsOf(topicId, { 0: [[0, 1, ACCEPT]] });
    const request = { groupId: "g", memberId: "member", shareSessionEpoch: 1, isRenewAck: false, topics };
    const { responses } = await woken.ask(API.shareAcknowledge, 2, request);
    expect(responses[0]!.partitions[0]!.errorCode).toBe(0);
  });

  test("does not go on elsewhere where it and others are too large to be kept", async () => {
    const partitions = Object.fromEntries(Array.from({ length: MAX_SHARE_SESSION_PARTITIONS }, (_, partition) => [partition, []]));
    await client.fetch({ epoch: 0, partitions, maxRecords: 0 });
    expect(client.connection.session.shareSessions).toHaveLength(1);
    for (const member of ["two", "three"]) await client.fetch({ epoch: 0, member, partitions, maxRecords: 0 });
    expect(client.connection.session.shareSessions).toEqual([]);
  });

  test("has a bound, as has their number on a connection", async () => {
    for (let index = 0; index < MAX_SHARE_SESSIONS_PER_CONNECTION; index++) await client.fetch({ epoch: 0, member: `${index}` });
    expect((await client.fetch({ epoch: 0, member: "more" })).errorCode).toBe(code("SHARE_SESSION_LIMIT_REACHED"));
    expect((await client.fetch({ epoch: 0, member: "3" })).errorCode).toBe(0);
    const partitions = Object.fromEntries(Array.from({ length: MAX_SHARE_SESSION_PARTITIONS + 1 }, (_, partition) => [partition, []]));
    expect((await client.fetch({ epoch: 1, member: "3", partitions })).errorCode).toBe(code("SHARE_SESSION_LIMIT_REACHED"));
    expect((await client.fetch({ epoch: 2, member: "3" })).errorCode).toBe(code("SHARE_SESSION_NOT_FOUND"));
  });
});

describe("acknowledgements", () => {
  test("of every type come with a fetch, which then has what they let go", async () => {
    await produce(5);
    await client.fetch({ epoch: 0, partitions: BOTH });
    const { acquired, told } = await client.fetch({ epoch: 1, partitions: { 0: [[0, 3, ACCEPT, RELEASE, REJECT, GAP]] } });
    expect(told).toMatchObject([{ partitionIndex: 0, errorCode: 0, acknowledgeErrorCode: 0 }]);
    expect(acquired).toEqual([[0, 1, 1, 2]]);
  });

  test("of a partition count together or not at all, and another partition's in any case", async () => {
    await produce(2, 0);
    await produce(1, 1);
    await client.fetch({ epoch: 0, partitions: BOTH });
    expect((await client.acknowledge(1, { 0: [[0, 2, ACCEPT]], 1: [[0, 0, ACCEPT]] })).told).toEqual([code("INVALID_RECORD_STATE"), 0]);
    expect((await client.acknowledge(2, { 0: [[0, 1, ACCEPT]] })).told).toEqual([0]);
    expect((await client.acknowledge(3, { 0: [[0, 1, ACCEPT]] })).told).toEqual([code("INVALID_RECORD_STATE")]);
  });

  test("of another member's records do not count", async () => {
    await produce(1);
    await client.fetch({ epoch: 0, partitions: BOTH });
    await client.fetch({ epoch: 0, partitions: BOTH, member: "other" });
    expect((await client.acknowledge(1, { 0: [[0, 0, ACCEPT]] }, { member: "other" })).told).toEqual([code("INVALID_RECORD_STATE")]);
  });

  test("that contradict themselves are refused for their partition, and for that alone", async () => {
    await produce(2, 0);
    await produce(1, 1);
    await client.fetch({ epoch: 0, partitions: BOTH });
    let epoch = 1;
    for (const bad of [[[1, 0, ACCEPT]], [[0, 1]], [[0, 1, 9]], [[0, 1, RENEW]]] as AcknowledgementBatch[][]) {
      expect((await client.acknowledge(epoch++, { 0: bad, 1: [] })).told).toEqual([code("INVALID_REQUEST"), 0]);
    }
    expect((await client.acknowledge(epoch++, { 9: [[0, 0, ACCEPT]] })).told).toEqual([code("INVALID_RECORD_STATE")]);
    expect((await client.acknowledge(epoch++, { 0: [[0, 0, ACCEPT]] }, { id: ZERO_UUID })).told).toEqual([code("UNKNOWN_TOPIC_ID")]);
    expect((await client.acknowledge(epoch, { 0: [[0, 1, ACCEPT]] })).told).toEqual([0]);
  });

  test("that renew come without a fetch, and tell for how long", async () => {
    await configure({ leaseMs: 5_000 });
    await produce(2);
    await client.fetch({ epoch: 0, partitions: BOTH, maxRecords: 1 });
    const renewal = { epoch: 1, partitions: { 0: [[0, 0, RENEW]] }, isRenewAck: true } as const;
    expect((await client.fetch({ ...renewal })).errorCode).toBe(code("INVALID_REQUEST"));
    const renewed = await client.fetch({ ...renewal, maxBytes: 0, maxRecords: 0 });
    expect(renewed).toMatchObject({ errorCode: 0, acquisitionLockTimeoutMs: 5_000, acquired: [] });
    const again = await client.acknowledge(2, { 0: [[0, 0, RENEW]] }, { isRenewAck: true });
    expect(again).toMatchObject({ told: [0], acquisitionLockTimeoutMs: 5_000 });
  });
});

test("a record is one worker's, whether it is pulled over HTTP or fetched", async () => {
  await produce(3);
  const pull = () => broker.shareGroups.pull({ groupId: "g", topics: ["jobs"], maxRecords: 1, maxBytes: 1_000, maxWaitMs: 0 });
  const pulled = await pull();
  const lease = isFailure(pulled) ? [] : pulled.records;
  expect(lease.map(({ record }) => record.offset)).toEqual([0]);
  expect((await client.fetch({ epoch: 0, partitions: BOTH, maxRecords: 1 })).acquired).toEqual([[0, 1, 1, 1]]);
  expect((await client.acknowledge(1, { 0: [[0, 0, ACCEPT]] })).told).toEqual([code("INVALID_RECORD_STATE")]);
  await broker.shareGroups.settle("g", [{ leaseId: lease[0]!.leaseId, action: "release", delayMs: 0 }]);
  expect((await client.fetch({ epoch: 2 })).acquired).toEqual([
    [0, 0, 0, 2],
    [0, 2, 2, 1],
  ]);
  expect((await client.acknowledge(3, { 0: [[0, 2, ACCEPT]] })).told).toEqual([0]);
  expect(await broker.shareGroups.describe("g")).toMatchObject({ partitions: [{ startOffset: 3, counters: { acknowledged: 3 } }, {}] });
});

describe("the members of a group", () => {
  test("join, are described and listed, and leave", async () => {
    const joined = await client.heartbeat(0);
    expect(joined).toMatchObject({ errorCode: 0, memberId: "member", memberEpoch: 1, heartbeatIntervalMs: 5_000 });
    expect(joined.assignment).toEqual({ topicPartitions: [{ topicId, partitions: [0, 1] }] });
    expect((await client.heartbeat(1)).assignment).toBeNull();
    const asked = { groupIds: ["g", "none"], includeAuthorizedOperations: true };
    const { groups } = await client.ask(API.shareGroupDescribe, 1, asked);
    expect(groups).toMatchObject([
      {
        ...{ errorCode: 0, groupId: "g", groupState: "Stable", groupEpoch: 1, assignorName: "simple" },
        members: [{ memberId: "member", memberEpoch: 1, clientId: "test", subscribedTopicNames: ["jobs"] }],
      },
      { errorCode: code("GROUP_ID_NOT_FOUND"), groupState: "Dead" },
    ]);
    expect(groups[0]!.members[0]!.assignment.topicPartitions).toEqual([{ topicId, topicName: "jobs", partitions: [0, 1] }]);
    const list = (statesFilter: string[]) => client.ask(API.listGroups, 5, { statesFilter, typesFilter: ["Share"] });
    const listed = { groupId: "g", protocolType: "share", groupState: "Stable", groupType: "share" };
    expect((await list([])).groups).toEqual([listed]);
    expect((await list(["Empty"])).groups).toEqual([]);
    expect((await client.heartbeat(-1)).errorCode).toBe(0);
    expect((await list(["Empty"])).groups).toEqual([{ ...listed, groupState: "Empty" }]);
  });

  test("that are unknown, or in another epoch, are told to join again", async () => {
    expect(await client.heartbeat(3)).toMatchObject({ errorCode: code("UNKNOWN_MEMBER_ID"), assignment: null });
    await client.heartbeat(0);
    expect(await client.heartbeat(3)).toMatchObject({ errorCode: code("FENCED_MEMBER_EPOCH") });
    expect(await client.heartbeat(0, "")).toMatchObject({ errorCode: code("INVALID_REQUEST") });
  });

  test("keep it from being deleted, and from being moved", async () => {
    const remove = async (group: string) => (await client.ask(API.deleteGroups, 2, { groupsNames: [group] })).results[0]!.errorCode;
    await produce(5);
    await client.heartbeat(0);
    const topics = [{ topicName: "jobs", partitions: [{ partitionIndex: 0, startOffset: 3 }] }];
    const alter = () => client.ask(API.alterShareGroupOffsets, 0, { groupId: "g", topics });
    expect((await alter()).errorCode).toBe(code("NON_EMPTY_GROUP"));
    expect(await remove("g")).toBe(code("NON_EMPTY_GROUP"));
    await client.heartbeat(-1);
    expect((await alter()).responses[0]!.partitions).toMatchObject([{ partitionIndex: 0, errorCode: 0 }]);
    expect((await client.fetch({ epoch: 0, partitions: BOTH })).acquired).toEqual([[0, 3, 4, 1]]);
    await broker.commitOffsets({ groupId: "g", offsets: [{ topic: "jobs", partition: 0, offset: 1 }], force: true });
    expect(await remove("g")).toBe(code("INVALID_REQUEST"));
    await broker.deleteGroup("g");
    expect(await remove("g")).toBe(0);
    expect(await remove("g")).toBe(code("GROUP_ID_NOT_FOUND"));
  });
});

test("deleted offsets are those of a group without members, which begins anew with the topic", async () => {
  const remove = (...names: string[]) =>
    client.ask(API.deleteShareGroupOffsets, 0, { groupId: "g", topics: names.map((topicName) => ({ topicName })) });
  expect(await remove("jobs")).toMatchObject({ errorCode: code("GROUP_ID_NOT_FOUND"), responses: [] });
  await produce(3);
  await client.heartbeat(0);
  expect((await client.fetch({ epoch: 0, partitions: BOTH })).acquired).toEqual([[0, 0, 2, 1]]);
  await client.acknowledge(1, { 0: [[0, 2, ACCEPT]] });
  expect(await remove("jobs")).toMatchObject({ errorCode: code("NON_EMPTY_GROUP"), responses: [] });
  await client.heartbeat(-1);
  const { errorCode, responses } = await remove("jobs", "others");
  expect(errorCode).toBe(0);
  const { topicId } = broker.topics.get("jobs")!.metadata;
  expect(responses).toMatchObject([
    { topicName: "jobs", topicId, errorCode: 0, errorMessage: null },
    { topicName: "others", errorCode: code("UNKNOWN_TOPIC_OR_PARTITION") },
  ]);
  expect((await remove("jobs")).responses).toMatchObject([
    { errorCode: code("UNKNOWN_TOPIC_OR_PARTITION"), errorMessage: "There is no offset information to delete." },
  ]);
  const { groups } = await client.ask(API.describeShareGroupOffsets, 1, { groups: [{ groupId: "g", topics: null }] });
  expect(groups[0]!.topics).toEqual([]);
  await client.heartbeat(0);
  expect((await client.fetch({ epoch: 0, partitions: BOTH })).acquired).toEqual([[0, 0, 2, 1]]);
});

test("the offsets of a group are told where it has begun, and -1 where it has not", async () => {
  await produce(4);
  await client.fetch({ epoch: 0, partitions: BOTH, maxRecords: 2 });
  await client.acknowledge(1, { 0: [[0, 0, ACCEPT]] });
  await broker.createTopic({ name: "others" });
  const ask = (topics: object[] | null) => client.ask(API.describeShareGroupOffsets, 1, { groups: [{ groupId: "g", topics }] });
  const [all] = (await ask(null)).groups;
  expect(all!.topics).toMatchObject([
    {
      topicName: "jobs",
      topicId,
      partitions: [
        { startOffset: 1, lag: 3 },
        { startOffset: 0, lag: 0 },
      ],
    },
  ]);
  const asked = [
    { topicName: "jobs", partitions: [0, 7] },
    { topicName: "others", partitions: [0] },
    { topicName: "nothing", partitions: [0] },
  ];
  const [some] = (await ask(asked)).groups;
  expect(some!.topics.map(({ partitions }) => partitions.map(({ startOffset, errorCode: one }) => [startOffset, one]))).toEqual([
    [
      [1, 0],
      [-1, 0],
    ],
    [[-1, 0]],
    [[-1, code("UNKNOWN_TOPIC_OR_PARTITION")]],
  ]);
  const { groups } = await client.ask(API.describeShareGroupOffsets, 1, { groups: [{ groupId: "none", topics: null }] });
  expect(groups).toMatchObject([{ errorCode: code("GROUP_ID_NOT_FOUND"), topics: [] }]);
});

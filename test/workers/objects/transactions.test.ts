// Transactions in a partition object inside workerd, through the broker and both doors. The coordinator is played by the test: it confirms
// whatever it is asked, unless told otherwise.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Broker } from "../../../src/broker/broker.ts";
import { createBroker, createBrokerState } from "../../../src/broker/create-broker.ts";
import type { ProduceResult } from "../../../src/broker/messages/produce.ts";
import type {
  AddPartitionsRequest,
  IsolationLevel,
  PartitionWatch,
  Ports,
  ReadResult,
  SegmentDescription,
  TopicMetadata,
  TxnMarker,
  Unverified,
  VerifyPartitionRequest,
} from "../../../src/broker/ports.ts";
import { type ErrorName, errorCode, type Failure, failure } from "../../../src/common/errors.ts";
import { KafkaConnection } from "../../../src/listeners/kafka/connection.ts";
import { core } from "../../../src/objects/core.ts";
import { API, type Api } from "../../../src/protocol/api-keys.ts";
import type { DecodedStruct, EncodableStruct, Fields } from "../../../src/protocol/fields.ts";
import { FrameSplitter } from "../../../src/protocol/framing.ts";
import { joinRuns, recordsIn } from "../../support/batches.ts";
import { openResponse, requestFrame } from "../../support/kafka-frames.ts";
import { addressOf, append, aTopic, objectOf, partitionOf, ports } from "../support/partition.ts";
import { request } from "../support/worker-request.ts";

const BATCHES_TYPE = "application/vnd.kafka.record-batches";
const PRODUCER = { producerId: 7, producerEpoch: 0 };

/** A broker whose coordinators answer as they are told, and what they were asked. */
function aBroker(...answers: (ErrorName | null)[]) {
  const asked: (VerifyPartitionRequest & { readonly transactionalId: string })[] = [];
  const reads: IsolationLevel[] = [];
  const real = ports();
  const withCoordinator: Ports = {
    ...real,
    partition: (topicId, partition) => {
      const port = real.partition(topicId, partition);
      const read: typeof port.read = (asked) => {
        reads.push(asked.isolation);
        return port.read(asked);
      };
      return { ...port, read };
    },
    transaction: (transactionalId) => {
      const verify = async (verified: VerifyPartitionRequest) => {
        asked.push({ transactionalId, ...verified });
        const refused = answers.shift() ?? null;
        return refused === null ? null : failure(refused, "told to");
      };
      const addPartitions = ({ producerId, producerEpoch, topics }: AddPartitionsRequest) =>
        verify({ producerId, producerEpoch, topicId: topics[0]!.topicId, partition: topics[0]!.partitions[0]! });
      return { ...real.transaction(transactionalId), verify, addPartitions };
    },
  };
  const state = createBrokerState({ core, now: Date.now, random: Math.random });
  return { broker: createBroker(withCoordinator, state), asked, reads };
}

const put = (broker: Broker, { name }: TopicMetadata, baseSequence: number, ...values: string[]) =>
  broker.produce({
    ...{ topic: name, compression: "none", records: values.map((value) => ({ key: null, value, partition: 0 })) },
    producer: { ...PRODUCER, baseSequence, transactionalId: "tx" },
  });

async function endTransaction(topic: TopicMetadata, isCommit: boolean, others: Partial<TxnMarker> = {}): Promise<null | Failure> {
  const marker = { ...PRODUCER, coordinatorEpoch: 0, isCommit, ...others };
  const results = await partitionOf(topic).writeTxnMarkers(addressOf(topic), [marker]);
  return (results as readonly (null | Failure)[])[0]!;
}

const fetchAll = (broker: Broker, { name }: TopicMetadata, isolation: IsolationLevel, start = 0, maxWaitMs = 0) =>
  broker.fetch({ topic: name, partition: 0, start, maxBytes: 1 << 20, minBytes: 1, maxWaitMs, isolation }) as Promise<ReadResult>;

const valuesIn = ({ batches, startOffset }: ReadResult) => recordsIn(core, batches, startOffset).map(({ value }) => value);

/** One request over a Kafka connection to the broker. */
async function ask<Request extends Fields, Response extends Fields>(
  broker: Broker,
  api: Api<Request, Response>,
  version: number,
  asked: EncodableStruct<Request>,
): Promise<DecodedStruct<Response>> {
  const frames: Uint8Array[] = [];
  const splitter = new FrameSplitter(1 << 20);
  const send = async (segments: readonly Uint8Array[]) => {
    const bytes = joinRuns(...segments.map((segment) => segment.slice().buffer));
    for (const frame of splitter.split(new Uint8Array(bytes))) frames.push(frame.slice());
  };
  const settings = {
    adminToken: null,
    isOpen: true,
    isAutoCreated: false,
    defaultPartitions: 1,
    advertised: { host: "localhost", port: 9092 },
  };
  const connection = new KafkaConnection({ broker, settings, send });
  await connection.receive(requestFrame(api as unknown as Api<Request>, version, asked));
  await connection.drain();
  connection.end();
  return openResponse(api as unknown as Api<Fields, Response>, version, frames[0]!).response;
}

test("the first batch of a transaction in a partition is verified, the others are not", async () => {
  const topic = await aTopic();
  const { broker, asked } = aBroker();
  expect(await put(broker, topic, 0, "a", "b")).toMatchObject({ results: [{ baseOffset: 0 }] });
  expect(await put(broker, topic, 2, "c")).toMatchObject({ results: [{ baseOffset: 2 }] });
  const place = { topicId: topic.topicId, partition: 0 };
  expect(asked).toEqual([{ transactionalId: "tx", ...PRODUCER, ...place }]);
  await endTransaction(topic, true);
  await put(broker, topic, 3, "d");
  expect(asked).toHaveLength(2);
});

test("what the coordinator refuses is not written, and what it cannot say right now may be tried again", async () => {
  const topic = await aTopic();
  const refusals = ["INVALID_TXN_STATE", "CONCURRENT_TRANSACTIONS", "COORDINATOR_NOT_AVAILABLE"] as const;
  const { broker } = aBroker(...refusals);
  const errorOf = async () => ((await put(broker, topic, 0, "a")) as ProduceResult).results[0]!.failure?.error;
  expect([await errorOf(), await errorOf(), await errorOf()]).toEqual(refusals);
  expect(await partitionOf(topic).describe(addressOf(topic))).toMatchObject({ highWatermark: 0 });
  expect(await errorOf()).toBeUndefined();
});

test("a partition begins no transaction that nobody has verified", async () => {
  const topic = await aTopic();
  const transactional = { ...PRODUCER, baseSequence: 0, isTransactional: true };
  expect(await append(topic, ["a"], transactional)).toMatchObject({ needsVerification: expect.any(Number) });
  expect(await partitionOf(topic).describe(addressOf(topic))).toMatchObject({ highWatermark: 0 });
});

test("a reader of committed records waits at an open transaction without asking again, and is woken by its end", async () => {
  const topic = await aTopic();
  const { broker, reads } = aBroker();
  await append(topic, ["before"]);
  await put(broker, topic, 0, "in");
  const fetched = fetchAll(broker, topic, "read_committed", 1, 30_000);
  const watch = (await partitionOf(topic).watch(addressOf(topic), "read_uncommitted")) as PartitionWatch;
  for (let end = 2; end < 10; end++) {
    await append(topic, ["after"]);
    expect(await watch.past(end, 10_000)).toBe(true);
  }
  watch.close();
  await endTransaction(topic, true);
  expect(valuesIn(await fetched)).toEqual(["in", ...Array.from({ length: 8 }, () => "after")]);
  expect(reads.length).toBeLessThanOrEqual(2);
});

test("a transaction stays open over an eviction, and a guard does not outlive it", async () => {
  const topic = await aTopic();
  const { broker } = aBroker();
  await put(broker, topic, 0, "a");
  const other = { producerId: 8, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  const refused = (await append(topic, ["late"], other)) as Unverified;
  await evictDurableObject(objectOf(topic));
  expect(await append(topic, ["late"], other)).not.toMatchObject({ needsVerification: refused.needsVerification });
  expect(await partitionOf(topic).describe(addressOf(topic))).toMatchObject({ highWatermark: 1, lastStableOffset: 0 });
  expect(await put(broker, topic, 1, "b")).toMatchObject({ results: [{ baseOffset: 1 }] });
  await endTransaction(topic, false);
  await evictDurableObject(objectOf(topic));
  expect((await fetchAll(broker, topic, "read_committed")).abortedTransactions).toEqual([{ producerId: 7, firstOffset: 0, lastOffset: 2 }]);
});

test("committed records are found up to the last stable offset, others up to the high watermark", async () => {
  const topic = await aTopic();
  const { broker } = aBroker();
  await append(topic, ["a"], { firstTimestamp: 100 });
  await put(broker, topic, 0, "b");
  const offsets = async (query: Parameters<Broker["offset"]>[2]) => {
    const found = await Promise.all(
      (["read_committed", "read_uncommitted"] as const).map((isolation) => broker.offset(topic.name, 0, query, isolation)),
    );
    return found.map((one) => (one as { offset: number }).offset);
  };
  expect(await offsets("latest")).toEqual([1, 2]);
  expect(await offsets("earliest")).toEqual([0, 0]);
  expect(await offsets({ timestamp: 101 })).toEqual([-1, 1]);
  expect(await offsets("maxTimestamp")).toEqual([-1, 1]);
  expect(await offsets({ timestamp: 100 })).toEqual([0, 0]);
  const path = `/v1/topics/${topic.name}/partitions/0/offsets?isolation=read_committed`;
  expect(await (await request(path)).json()).toMatchObject({ offset: 1, highWatermark: 2, lastStableOffset: 1 });
});

test("decoded records leave out what was aborted and every marker, and stored batches say what to leave out", async () => {
  const topic = await aTopic();
  const { broker } = aBroker();
  await put(broker, topic, 0, "aborted");
  await append(topic, ["plain"]);
  await endTransaction(topic, false); // 2
  await put(broker, topic, 1, "committed"); // 3
  await endTransaction(topic, true);
  await put(broker, topic, 2, "open"); // 5
  const path = `/v1/topics/${topic.name}/partitions/0/records`;
  const fetchJson = async (query: string) => {
    const answer = (await (await request(path + query)).json()) as { records: { offset: number; value: string }[]; nextOffset: number };
    return [answer.records.map(({ offset, value }) => `${offset}:${value}`), answer.nextOffset];
  };
  expect(await fetchJson("")).toEqual([["1:plain", "3:committed"], 5]);
  expect(await fetchJson("?offset=4")).toEqual([[], 5]);
  expect(await fetchJson("?offset=latest")).toEqual([[], 5]);
  expect(await fetchJson("?isolation=read_uncommitted")).toEqual([["0:aborted", "1:plain", "3:committed", "5:open"], 6]);
  const raw = async (query: string) => {
    const { headers } = await request(path + query, { headers: { accept: BATCHES_TYPE } });
    return [headers.get("x-next-offset"), headers.get("x-last-stable-offset"), headers.get("x-aborted-transactions")];
  };
  expect(await raw("")).toEqual(["5", "5", "7:0-2"]);
  expect(await raw("?offset=3")).toEqual(["5", "5", null]);
  expect(await raw("?isolation=read_uncommitted")).toEqual(["6", "5", null]);
});

test("transactional batches need the transactional id, and a client may not send markers", async () => {
  const topic = await aTopic();
  const { broker } = aBroker();
  const source = await aTopic();
  await put(broker, source, 0, "a");
  await endTransaction(source, true);
  const { batches } = await fetchAll(broker, source, "read_committed");
  const whole = new Uint8Array(batches);
  const data = whole.subarray(0, whole.length - 78);
  const produce = (bytes: Uint8Array, transactionalId?: string) =>
    broker.produceBatches({ topic: topic.name, partition: 0, batches: bytes.slice(), ...(transactionalId && { transactionalId }) });
  expect(await produce(data)).toMatchObject({ error: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" });
  expect(await produce(whole, "tx")).toMatchObject({ error: "INVALID_RECORD" });
  expect(await produce(data, "tx")).toMatchObject({ baseOffset: 0 });
});

test("aborts are told of segments that only the archive has, which hold Kafka's index of them", async () => {
  const topic = await aTopic({ "segment.bytes": "400", "index.interval.bytes": "100" });
  const { broker } = aBroker();
  for (let round = 0; round < 10; round++) {
    await put(broker, topic, round, `${round}`.padEnd(60));
    await append(topic, [`plain ${round}`]);
    await endTransaction(topic, round % 2 === 0);
  }
  await put(broker, topic, 10, "open");
  await runInDurableObject(objectOf(topic), (object) => object.alarm());
  const segments = (await partitionOf(topic).segments(addressOf(topic))) as SegmentDescription[];
  expect(segments.filter(({ place }) => place === "archived").length).toBeGreaterThan(3);
  const values: (string | null)[] = [];
  const aborted = new Set<string>();
  for (let start = 0; start < 30; ) {
    const read = await fetchAll(broker, topic, "read_committed", start);
    for (const { firstOffset, lastOffset } of read.abortedTransactions ?? []) aborted.add(`${firstOffset}-${lastOffset}`);
    values.push(...valuesIn(read));
    expect(read.nextOffset).toBeGreaterThan(start);
    start = read.nextOffset;
  }
  expect(values).toHaveLength(20);
  expect([...aborted]).toEqual(["3-5", "9-11", "15-17", "21-23", "27-29"]);
  const { objects } = await env.ARCHIVE!.list({ prefix: `topics/${topic.topicId}/` });
  const indexes = await Promise.all(
    objects.filter(({ key }) => key.endsWith(".txnindex")).map(async ({ key }) => (await env.ARCHIVE!.get(key))!.arrayBuffer()),
  );
  const entries = indexes.flatMap((bytes) => {
    const view = new DataView(bytes);
    return Array.from({ length: bytes.byteLength / 34 }, (_, index) => [
      view.getInt16(index * 34),
      ...[2, 10, 18, 26].map((at) => Number(view.getBigInt64(index * 34 + at))),
    ]);
  });
  const expected = [5, 11, 17, 23, 29].map((marker) => [0, 7, marker - 2, marker, marker + 1]);
  expect(entries).toEqual(expected.slice(0, entries.length));
  expect(entries.length).toBeGreaterThan(3);
});

test("Kafka's Fetch tells the last stable offset and what was aborted, to those who read committed records", async () => {
  const topic = await aTopic();
  const { broker } = aBroker();
  await put(broker, topic, 0, "aborted");
  await endTransaction(topic, false);
  await put(broker, topic, 1, "open");
  const partition = { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1, logStartOffset: -1 };
  const topics = [{ topic: topic.name, partitions: [{ ...partition, partitionMaxBytes: 1 << 20 }] }];
  const limits = { replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 1 << 20, sessionId: 0, sessionEpoch: -1 };
  const fetched = async (version: number, isolationLevel: number) => {
    const asked = { ...limits, isolationLevel, topics, forgottenTopicsData: [], rackId: "" };
    const { responses } = await ask(broker, API.fetch, version, asked as never);
    const { highWatermark, lastStableOffset, abortedTransactions, records } = responses[0]!.partitions[0]!;
    return { highWatermark, lastStableOffset, abortedTransactions, count: recordsIn(core, records!.slice().buffer).length };
  };
  for (const version of [4, 12]) {
    const offsets = { highWatermark: 3, lastStableOffset: 2 };
    expect(await fetched(version, 1)).toEqual({ ...offsets, abortedTransactions: [{ producerId: 7, firstOffset: 0 }], count: 1 });
    expect(await fetched(version, 0)).toEqual({ ...offsets, abortedTransactions: null, count: 2 });
  }
});

test("an operator finds an open transaction by DescribeProducers, and ends it by WriteTxnMarkers", async () => {
  const topic = await aTopic();
  const { broker } = aBroker();
  await put(broker, topic, 0, "a", "b");
  const describe = async () => {
    const { topics } = await ask(broker, API.describeProducers, 0, { topics: [{ name: topic.name, partitionIndexes: [0, 9] }] });
    return topics[0]!.partitions;
  };
  const known = { ...PRODUCER, lastSequence: 1, coordinatorEpoch: -1, currentTxnStartOffset: 0 };
  expect(await describe()).toMatchObject([
    { partitionIndex: 0, errorCode: 0, activeProducers: [known] },
    { partitionIndex: 9, errorCode: errorCode("UNKNOWN_TOPIC_OR_PARTITION"), activeProducers: [] },
  ]);
  const write = async (coordinatorEpoch: number, version: number) => {
    const marker = { ...PRODUCER, transactionResult: false, topics: [{ name: topic.name, partitionIndexes: [0] }], coordinatorEpoch };
    const { markers } = await ask(broker, API.writeTxnMarkers, version, { markers: [marker] });
    return markers[0]!.topics[0]!.partitions[0]!.errorCode;
  };
  expect(await write(3, 1)).toBe(0);
  expect(await write(2, 0)).toBe(errorCode("TRANSACTION_COORDINATOR_FENCED"));
  expect(await describe()).toMatchObject([{ activeProducers: [{ coordinatorEpoch: 3, currentTxnStartOffset: -1 }] }, {}]);
  expect(valuesIn(await fetchAll(broker, topic, "read_committed", 2))).toEqual([]);
});

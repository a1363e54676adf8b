// The transactional APIs over a broker in memory: errors by version, answers by partition, filters.

import { expect, test } from "vitest";
import { errorCode } from "../../../../src/common/errors.ts";
import { offsetFetch } from "../../../../src/listeners/kafka/apis/09-offset-fetch.ts";
import { initProducerId } from "../../../../src/listeners/kafka/apis/22-init-producer-id.ts";
import { addPartitionsToTxn } from "../../../../src/listeners/kafka/apis/24-add-partitions-to-txn.ts";
import { addOffsetsToTxn } from "../../../../src/listeners/kafka/apis/25-add-offsets-to-txn.ts";
import { endTxn } from "../../../../src/listeners/kafka/apis/26-end-txn.ts";
import { txnOffsetCommit } from "../../../../src/listeners/kafka/apis/28-txn-offset-commit.ts";
import { describeTransactions } from "../../../../src/listeners/kafka/apis/65-describe-transactions.ts";
import { listTransactions } from "../../../../src/listeners/kafka/apis/66-list-transactions.ts";
import type { Call, ServedApi } from "../../../../src/listeners/kafka/call.ts";
import { CommitTopics } from "../../../../src/listeners/kafka/remade-topics.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";

const FENCED = errorCode("PRODUCER_FENCED");
const OLD_FENCED = errorCode("INVALID_PRODUCER_EPOCH");

function ask(broker: MemoryBroker, api: ServedApi, version: number, request: object) {
  return api.handle({ request, version, broker, session: { commitTopics: new CommitTopics() } } as unknown as Call<never>);
}

function init(broker: MemoryBroker, version = 4, producer = { producerId: -1, producerEpoch: -1 }, transactionalId: string | null = "t") {
  return ask(broker, initProducerId, version, { transactionalId, transactionTimeoutMs: 1_000, ...producer });
}

test("a transactional id has one producer id, whose epoch rises; a null one has none of it", async () => {
  const broker = new MemoryBroker();
  expect(await init(broker)).toMatchObject({ errorCode: 0, producerId: 0, producerEpoch: 0 });
  expect(await init(broker)).toMatchObject({ errorCode: 0, producerId: 0, producerEpoch: 1 });
  expect(await init(broker, 4, undefined, null)).toMatchObject({ errorCode: 0, producerId: 1, producerEpoch: 0 });
  expect(await init(broker, 4, { producerId: 1, producerEpoch: 3 }, null), "a new one, whatever it says").toMatchObject({
    producerId: 2,
    producerEpoch: 0,
  });
});

test("a fenced producer is told so in the words that its version has", async () => {
  const broker = new MemoryBroker();
  for (let epoch = 0; epoch < 2; epoch++) await init(broker);
  const zombie = { producerId: 0, producerEpoch: 0 };
  const request = { transactionalId: "t", ...zombie, committed: true, groupId: "g" };
  for (const api of [endTxn, addOffsetsToTxn]) {
    expect(await ask(broker, api, 1, request)).toMatchObject({ errorCode: OLD_FENCED });
    expect(await ask(broker, api, 2, request)).toMatchObject({ errorCode: FENCED });
  }
  expect(await init(broker, 3, { producerId: 9, producerEpoch: 0 })).toMatchObject({ errorCode: OLD_FENCED, producerId: -1 });
  expect(await init(broker, 4, { producerId: 9, producerEpoch: 0 })).toMatchObject({ errorCode: FENCED, producerId: -1 });
  const topics = [{ name: "orders", partitions: [0, 1] }];
  const named = { v3AndBelowTransactionalId: "t", v3AndBelowProducerId: 0, v3AndBelowProducerEpoch: 0, v3AndBelowTopics: topics };
  for (const [version, partitionErrorCode] of [
    [1, OLD_FENCED],
    [2, FENCED],
  ] as const) {
    expect(await ask(broker, addPartitionsToTxn, version, named)).toMatchObject({
      resultsByTopicV3AndBelow: [
        {
          name: "orders",
          resultsByPartition: [
            { partitionIndex: 0, partitionErrorCode },
            { partitionIndex: 1, partitionErrorCode },
          ],
        },
      ],
    });
  }
});

test("EndTxn 5 answers with what the producer goes on, and the versions before with nothing", async () => {
  const broker = new MemoryBroker();
  await init(broker);
  const end = (version: number, producerEpoch: number) =>
    ask(broker, endTxn, version, { transactionalId: "t", producerId: 0, producerEpoch, committed: false });
  expect(await end(5, 0)).toMatchObject({ errorCode: 0, producerId: 0, producerEpoch: 1 });
  expect(await end(5, 0), "again").toMatchObject({ errorCode: 0, producerId: 0, producerEpoch: 1 });
  expect(await end(4, 1), "again").toMatchObject({ errorCode: 0, producerId: -1, producerEpoch: -1 });
  expect(await end(5, 1)).toMatchObject({ errorCode: 0, producerId: 0, producerEpoch: 2 });
  expect(await end(5, 0)).toMatchObject({ errorCode: FENCED, producerId: -1, producerEpoch: -1 });
});

test("offsets are passed on with their member, and answered by partition", async () => {
  const broker = new MemoryBroker();
  const partition = { partitionIndex: 3, committedOffset: 7, committedLeaderEpoch: 2, committedMetadata: null };
  const member = { generationId: 4, memberId: "m", groupInstanceId: null };
  const topics = [{ name: "orders", partitions: [partition] }];
  const request = { transactionalId: "t", groupId: "g", producerId: 0, producerEpoch: 0, ...member, topics };
  expect(await ask(broker, txnOffsetCommit, 3, request)).toEqual({
    throttleTimeMs: 0,
    topics: [{ name: "orders", partitions: [{ partitionIndex: 3, errorCode: 0 }] }],
  });
  const offsets = [{ topic: "orders", partition: 3, offset: 7, leaderEpoch: 2, metadata: "" }];
  expect(broker.transactions.commits).toMatchObject([{ offsets, member: { memberId: "m", memberEpoch: 4, groupInstanceId: null } }]);
  await ask(broker, txnOffsetCommit, 4, request);
  await ask(broker, txnOffsetCommit, 5, request);
  expect(broker.transactions.commits.map(({ addsGroup }) => addsGroup)).toEqual([undefined, undefined, true]);
  expect(broker.transactions.commits.map(({ knowsAbortable }) => knowsAbortable)).toEqual([false, true, true]);
});

test("a consumer that requires stable offsets is told which are not, and no other is", async () => {
  const broker = new MemoryBroker();
  const committed = { topicId: "id", topic: "orders", offset: 7, leaderEpoch: 2, metadata: "m", committedAtMs: 0 };
  broker.committedOffsets = async () => ({
    offsets: [0, 1].map((partition) => ({ ...committed, partition })),
    unstable: [1, 2].map((partition) => ({ topicId: "id", topic: "orders", partition })),
  });
  const fetch = async (requireStable: boolean, topics: object[] | null) => {
    const answer = (await ask(broker, offsetFetch, 8, { groups: [{ groupId: "g", topics }], requireStable })) as {
      groups: { topics: { partitions: { partitionIndex: number; committedOffset: number; errorCode: number }[] }[] }[];
    };
    return answer.groups[0]!.topics[0]!.partitions.map((one) => [one.partitionIndex, one.committedOffset, one.errorCode]);
  };
  const all = [{ name: "orders", partitionIndexes: [0, 1, 2] }];
  const unstable = errorCode("UNSTABLE_OFFSET_COMMIT");
  const told = [
    [0, 7, 0],
    [1, -1, unstable],
    [2, -1, unstable],
  ];
  expect(await fetch(true, all)).toEqual(told);
  expect(await fetch(true, null)).toEqual(told);
  expect(await fetch(false, all)).toEqual([
    [0, 7, 0],
    [1, 7, 0],
    [2, -1, 0],
  ]);
});

test("transactions are described, and listed by state, producer id and age", async () => {
  const broker = new MemoryBroker();
  for (const transactionalId of ["t", "u"]) await init(broker, 4, undefined, transactionalId);
  await broker.transactions.addPartitions({
    ...{ transactionalId: "u", producerId: 1, producerEpoch: 0 },
    partitions: [{ topic: "orders", partition: 1 }],
  });
  const described = await ask(broker, describeTransactions, 0, { transactionalIds: ["u", "none"] });
  expect(described).toMatchObject({
    transactionStates: [
      { errorCode: 0, transactionState: "Ongoing", producerId: 1, topics: [{ topic: "orders", partitions: [1] }] },
      { errorCode: errorCode("TRANSACTIONAL_ID_NOT_FOUND"), transactionalId: "none" },
    ],
  });
  const listed = async (filters: object) => {
    const request = { stateFilters: [], producerIdFilters: [], durationFilter: -1n, ...filters };
    const answer = (await ask(broker, listTransactions, 1, request)) as {
      unknownStateFilters: string[];
      transactionStates: { transactionalId: string }[];
    };
    return [...answer.unknownStateFilters, ...answer.transactionStates.map(({ transactionalId }) => transactionalId)];
  };
  expect(await listed({})).toEqual(["t", "u"]);
  expect(await listed({ stateFilters: ["Ongoing", "Open"] })).toEqual(["Open", "u"]);
  expect(await listed({ producerIdFilters: [0] })).toEqual(["t"]);
  expect(await listed({ durationFilter: 1n })).toEqual(["u"]);
});

import { expect, test } from "vitest";
import { type Failure, isFailure } from "../../../src/common/errors.ts";
import { MAX_PARTITIONS_PER_TRANSACTION } from "../../../src/common/limits/transactions.ts";
import * as transactions from "../../../src/coordinator/transaction-state.ts";
import type { StoredTransaction, TransactionTopic } from "../../../src/storage/transaction-store.ts";

const TIMEOUT_MS = 1_000;
const NOW_MS = 50_000;

function topic(...partitions: number[]): TransactionTopic {
  return { topicId: "orders-id", topic: "orders", topicVersion: 1, partitions };
}

function ok(result: StoredTransaction | Failure): StoredTransaction {
  if (isFailure(result)) throw new Error(`refused: ${result.error}`);
  return result;
}

function init(
  transaction: StoredTransaction,
  expected?: { producerId: number; producerEpoch: number },
  newProducerId: number | null = null,
): StoredTransaction | Failure {
  const request = { transactionalId: "t", timeoutMs: TIMEOUT_MS, ...(expected && { expected }) };
  return transactions.initProducerId(transaction, request, newProducerId, NOW_MS);
}

/** A producer with id 7 and epoch 0 that has done nothing yet. */
const started = ok(init(transactions.newTransaction("t", 7, TIMEOUT_MS, NOW_MS)));
const producer = { producerId: 7, producerEpoch: 0 };
const open = ok(transactions.addPartitions(started, producer, [topic(1)], NOW_MS));
const committing = ok(transactions.end(open, producer, true, NOW_MS));
const committed = transactions.complete(committing, NOW_MS);
const aborting = ok(transactions.end(open, producer, false, NOW_MS));

test("a new transactional id begins at epoch 0, and each InitProducerId raises it", () => {
  expect(started).toMatchObject({ state: "Empty", producerId: 7, producerEpoch: 0 });
  expect(init(started)).toMatchObject({ state: "Empty", producerId: 7, producerEpoch: 1 });
  expect(init(committed)).toMatchObject({ state: "Empty", producerEpoch: 1, startedAtMs: -1 });
});

test("a transaction begins with its first partition or group, and counts from there", () => {
  expect(open).toMatchObject({ state: "Ongoing", topics: [topic(1)], startedAtMs: NOW_MS, transactionNumber: 1 });
  const later = ok(transactions.addPartitions(open, producer, [topic(0, 1)], NOW_MS + 5));
  expect(later).toMatchObject({ topics: [topic(0, 1)], startedAtMs: NOW_MS, updatedAtMs: NOW_MS + 5, transactionNumber: 1 });
  const withGroup = ok(transactions.addGroup(committed, producer, "g", NOW_MS + 9));
  expect(withGroup).toMatchObject({ state: "Ongoing", topics: [], groups: ["g"], startedAtMs: NOW_MS + 9, transactionNumber: 2 });
});

test("what is part of the transaction already changes nothing", () => {
  const withGroup = ok(transactions.addGroup(open, producer, "g", NOW_MS));
  expect(transactions.addPartitions(withGroup, producer, [topic(1)], NOW_MS + 5)).toBe(withGroup);
  expect(transactions.addGroup(withGroup, producer, "g", NOW_MS + 5)).toBe(withGroup);
});

test("a topic made again under a name is another topic", () => {
  const again = { ...topic(1), topicId: "another-id" };
  expect(ok(transactions.addPartitions(open, producer, [again], NOW_MS)).topics).toEqual([topic(1), again]);
});

test("a transaction is bounded", () => {
  const all = topic(...Array.from({ length: MAX_PARTITIONS_PER_TRANSACTION }, (_, partition) => partition));
  const full = ok(transactions.addPartitions(open, producer, [all], NOW_MS));
  expect(transactions.addGroup(full, producer, "g", NOW_MS)).toMatchObject({ error: "INVALID_REQUEST" });
});

test.each([
  ["another producer id", { producerId: 8, producerEpoch: 0 }, "INVALID_PRODUCER_ID_MAPPING"],
  ["an epoch that was raised since", { producerId: 7, producerEpoch: -1 }, "PRODUCER_FENCED"],
  ["an epoch that was never given out", { producerId: 7, producerEpoch: 1 }, "PRODUCER_FENCED"],
] as const)("%s is refused by everything that a producer may ask", (_, stranger, error) => {
  expect(transactions.addPartitions(open, stranger, [topic(2)], NOW_MS)).toMatchObject({ error });
  expect(transactions.addGroup(open, stranger, "g", NOW_MS)).toMatchObject({ error });
  expect(transactions.end(open, stranger, true, NOW_MS)).toMatchObject({ error });
  expect(transactions.verify(open, stranger, true)).toMatchObject({ error });
});

test("between the decision and its completion nothing else begins", () => {
  for (const decided of [committing, aborting]) {
    expect(transactions.addPartitions(decided, producer, [topic(1)], NOW_MS)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
    expect(transactions.addGroup(decided, producer, "g", NOW_MS)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
    expect(transactions.verify(decided, producer, true)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
    expect(init(decided)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  }
});

test.each([
  ["Empty", started, null, null],
  ["PrepareCommit", committing, true, false],
  ["CompleteCommit", committed, true, false],
  ["PrepareAbort", aborting, false, true],
  ["CompleteAbort", transactions.complete(aborting, NOW_MS), false, true],
] as const)(
  "an end that repeats the decision of a transaction that is %s changes nothing, and the other one is refused",
  (state, at, same, other) => {
    expect(at.state).toBe(state);
    if (same !== null) expect(transactions.end(at, producer, same, NOW_MS + 5)).toBe(at);
    for (const refused of other === null ? [true, false] : [other]) {
      expect(transactions.end(at, producer, refused, NOW_MS)).toMatchObject({ error: "INVALID_TXN_STATE" });
    }
  },
);

test("what is complete has forgotten what it touched", () => {
  expect(committed).toMatchObject({ state: "CompleteCommit", topics: [], groups: [], startedAtMs: NOW_MS });
});

test("an InitProducerId aborts an open transaction with a raised epoch that no producer has had", () => {
  const fenced = ok(init(open));
  expect(fenced).toMatchObject({ state: "PrepareAbort", producerEpoch: 1, topics: [topic(1)] });
  expect(transactions.end(fenced, producer, true, NOW_MS)).toMatchObject({ error: "PRODUCER_FENCED" });
  expect(init(transactions.complete(fenced, NOW_MS))).toMatchObject({ state: "Empty", producerEpoch: 2 });
});

test("a transaction that is open for too long is aborted, and its producer fenced", () => {
  expect(transactions.timeOut(open, NOW_MS + TIMEOUT_MS - 1)).toBe(open);
  expect(transactions.timeOut(open, NOW_MS + TIMEOUT_MS)).toMatchObject({ state: "PrepareAbort", producerEpoch: 1 });
  expect(transactions.timeOut(committing, NOW_MS + TIMEOUT_MS)).toBe(committing);
});

test("a producer whose transaction took too long goes on with the raised epoch when it asks for it, unless another one took over", () => {
  const timedOut = transactions.complete(transactions.timeOut(open, NOW_MS + TIMEOUT_MS), NOW_MS);
  expect(transactions.addPartitions(timedOut, producer, [topic(1)], NOW_MS)).toMatchObject({ error: "PRODUCER_FENCED" });
  expect(init(timedOut, producer)).toMatchObject({ state: "Empty", producerEpoch: 1 });
  expect(init(ok(init(timedOut)), producer)).toMatchObject({ error: "PRODUCER_FENCED" });
});

test("a producer goes on after an error with the next epoch, and gets the same when it asks again (KIP-360)", () => {
  const raised = ok(init(started, producer));
  expect(raised).toMatchObject({ producerEpoch: 1 });
  expect(init(raised, producer)).toMatchObject({ producerEpoch: 1 });
  expect(init(raised, { producerId: 7, producerEpoch: 1 })).toMatchObject({ producerEpoch: 2 });
});

test("a producer that goes on after another one took over is fenced", () => {
  const takenOver = ok(init(started));
  expect(init(takenOver, producer)).toMatchObject({ error: "PRODUCER_FENCED" });
  expect(init(started, { producerId: 8, producerEpoch: 0 })).toMatchObject({ error: "PRODUCER_FENCED" });
});

test("a late repeat of an InitProducerId does not abort the transaction that was begun since", () => {
  const raised = ok(init(started, producer));
  const begun = ok(transactions.addPartitions(raised, { producerId: 7, producerEpoch: 1 }, [topic(1)], NOW_MS));
  expect(init(begun, producer)).toMatchObject({ error: "PRODUCER_FENCED" });
});

test("a producer that fences its own open transaction gets the raised epoch", () => {
  const fenced = ok(init(open, producer));
  expect(fenced).toMatchObject({ state: "PrepareAbort", producerEpoch: 1 });
  expect(init(fenced, producer)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  expect(init(transactions.complete(fenced, NOW_MS), producer)).toMatchObject({ state: "Empty", producerEpoch: 1 });
});

test("a producer whose transactional id was forgotten gets a new producer id, whatever it names", () => {
  const forgotten = transactions.newTransaction("t", 9, TIMEOUT_MS, NOW_MS);
  const again = ok(init(forgotten, producer));
  expect(again).toMatchObject({ producerId: 9, producerEpoch: 0 });
  expect(init(again, producer)).toMatchObject({ producerId: 9, producerEpoch: 0 });
});

test("when the epochs are used up the next producer has another id", () => {
  const last = { ...started, producerEpoch: transactions.LAST_PRODUCER_EPOCH };
  const request = { transactionalId: "t", timeoutMs: TIMEOUT_MS };
  expect(transactions.needsProducerId({ ...last, producerEpoch: last.producerEpoch - 1 }, request)).toBe(false);
  expect(transactions.needsProducerId(last, request)).toBe(true);
  const rotated = ok(init(last, undefined, 20));
  expect(rotated).toMatchObject({ producerId: 20, producerEpoch: 0 });
  expect(transactions.addPartitions(rotated, { producerId: 7, producerEpoch: last.producerEpoch }, [], NOW_MS)).toMatchObject({
    error: "INVALID_PRODUCER_ID_MAPPING",
  });
});

test("a producer that used up its epochs gets its new id again when it asks again", () => {
  const last = { ...started, producerEpoch: transactions.LAST_PRODUCER_EPOCH };
  const expected = { producerId: 7, producerEpoch: last.producerEpoch };
  const rotated = ok(init(last, expected, 20));
  expect(transactions.needsProducerId(rotated, { transactionalId: "t", timeoutMs: 1, expected })).toBe(false);
  expect(init(rotated, expected)).toMatchObject({ producerId: 20, producerEpoch: 0 });
});

test("the epoch that fenced the last one is given to nobody", () => {
  const last = { ...open, producerEpoch: transactions.LAST_PRODUCER_EPOCH };
  const expected = { producerId: 7, producerEpoch: last.producerEpoch };
  const fenced = ok(init(last, expected));
  expect(fenced.producerEpoch).toBe(32_767);
  const aborted = transactions.complete(fenced, NOW_MS);
  expect(transactions.needsProducerId(aborted, { transactionalId: "t", timeoutMs: 1, expected })).toBe(true);
  expect(init(aborted, expected, 20)).toMatchObject({ producerId: 20, producerEpoch: 0 });
});

test("an unused transactional id expires, unless its transaction is open or not complete", () => {
  const expiresAtMs = NOW_MS + 100;
  expect(transactions.expire(committed, 100, expiresAtMs - 1)).toBe(committed);
  expect(transactions.expire(committed, 100, expiresAtMs)).toMatchObject({ state: "Dead" });
  for (const busy of [open, committing, aborting]) expect(transactions.expire(busy, 100, expiresAtMs)).toBe(busy);
});

test("only what was added to the open transaction is part of it", () => {
  expect(transactions.verify(open, producer, transactions.isPartition(open, "orders-id", 1))).toBeNull();
  expect(transactions.isPartition(open, "orders-id", 2)).toBe(false);
  expect(transactions.isPartition(open, "another-id", 1)).toBe(false);
  expect(transactions.verify(open, producer, false)).toMatchObject({ error: "TRANSACTION_ABORTABLE" });
  expect(transactions.verify(committed, producer, true)).toMatchObject({ error: "TRANSACTION_ABORTABLE" });
});

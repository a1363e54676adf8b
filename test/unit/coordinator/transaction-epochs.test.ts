// An epoch for each transaction: what an end raises, and what the epochs of before lead to.

import { expect, test } from "vitest";
import { type Failure, isFailure } from "../../../src/common/errors.ts";
import { endInNextEpoch, needsNextProducerId } from "../../../src/coordinator/transaction-epochs.ts";
import * as life from "../../../src/coordinator/transaction-state.ts";
import type { StoredTransaction, TransactionTopic } from "../../../src/storage/transaction-store.ts";

const TIMEOUT_MS = 1_000;
const NOW_MS = 50_000;
const TOPIC: TransactionTopic = { topicId: "orders-id", topic: "orders", topicVersion: 1, partitions: [1] };
const INIT = { transactionalId: "t", timeoutMs: TIMEOUT_MS };

function ok(result: StoredTransaction | Failure): StoredTransaction {
  if (isFailure(result)) throw new Error(`refused: ${result.error}`);
  return result;
}

const of = (producerEpoch: number, producerId = 7) => ({ producerId, producerEpoch });
const begin = (transaction: StoredTransaction) => ok(life.addPartitions(transaction, life.identityOf(transaction), [TOPIC], NOW_MS));
const end = (transaction: StoredTransaction, producer: ReturnType<typeof of>, isCommit: boolean, nextProducerId: number | null = null) =>
  endInNextEpoch(transaction, producer, isCommit, nextProducerId, NOW_MS);

/** A producer with id 7 and epoch 0 that has done nothing yet. */
const started = ok(life.initProducerId(life.newTransaction("t", 7, TIMEOUT_MS, NOW_MS), INIT, null, NOW_MS));
const open = begin(started);
const committing = ok(end(open, of(0), true));
const committed = life.complete(committing, NOW_MS);
const aborting = ok(end(open, of(0), false));
const aborted = life.complete(aborting, NOW_MS);

test("the end of a transaction raises the epoch at once, and the markers have the raised one", () => {
  expect(committing).toMatchObject({ state: "PrepareCommit", producerId: 7, producerEpoch: 1, topics: [TOPIC] });
  expect(aborting).toMatchObject({ state: "PrepareAbort", producerEpoch: 1 });
  expect(life.identityOf(committing)).toEqual(of(1));
  expect(begin(committed)).toMatchObject({ state: "Ongoing", producerEpoch: 1, transactionNumber: 2 });
});

test.each([
  ["PrepareCommit", committing, true],
  ["CompleteCommit", committed, true],
  ["PrepareAbort", aborting, false],
  ["CompleteAbort", aborted, false],
] as const)("an end that is asked for again in the epoch that it ended finds it done: %s", (state, at, isCommit) => {
  expect(at.state).toBe(state);
  expect(end(at, of(0), isCommit)).toBe(at);
  expect(end(at, of(0), !isCommit)).toMatchObject({ error: "INVALID_TXN_STATE" });
});

test("the end of the last transaction says nothing about the one that was begun since", () => {
  const next = begin(committed);
  expect(end(next, of(0), true)).toMatchObject({ error: "PRODUCER_FENCED" });
  const after = life.complete(ok(end(next, of(1), true)), NOW_MS);
  expect(end(after, of(0), true)).toMatchObject({ error: "PRODUCER_FENCED" });
});

test("a transaction without anything in it can be aborted, in a new epoch, and not committed", () => {
  for (const at of [started, committed, aborted]) {
    const producer = life.identityOf(at);
    const empty = ok(end(at, producer, false));
    expect(empty).toMatchObject({ state: "PrepareAbort", producerEpoch: producer.producerEpoch + 1, topics: [], groups: [] });
    expect(life.addPartitions(life.complete(empty, NOW_MS), producer, [TOPIC], NOW_MS)).toMatchObject({ error: "PRODUCER_FENCED" });
    expect(end(at, producer, true)).toMatchObject({ error: "INVALID_TXN_STATE" });
  }
});

test("until everybody has heard of the decision nothing begins or ends in the next epoch", () => {
  for (const at of [committing, aborting]) {
    expect(life.addPartitions(at, of(1), [TOPIC], NOW_MS)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
    expect(life.addGroup(at, of(1), "g", NOW_MS)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
    expect(end(at, of(1), false)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
    expect(life.addPartitions(at, of(0), [TOPIC], NOW_MS)).toMatchObject({ error: "PRODUCER_FENCED" });
  }
});

test("the last epoch of an id ends in another id, whose producer is the one that asked", () => {
  const last = begin({ ...started, producerEpoch: life.LAST_PRODUCER_EPOCH });
  const producer = of(life.LAST_PRODUCER_EPOCH);
  expect(needsNextProducerId(open, of(0))).toBe(false);
  expect(needsNextProducerId(last, of(0))).toBe(false);
  expect(needsNextProducerId(last, producer)).toBe(true);
  const ending = ok(end(last, producer, true, 20));
  expect(ending).toMatchObject({ producerId: 7, producerEpoch: 32_767, nextProducerId: 20 });
  expect(life.identityOf(ending)).toEqual(of(0, 20));
  expect(life.addPartitions(ending, of(0, 20), [TOPIC], NOW_MS)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  const ended = life.complete(ending, NOW_MS);
  expect(ended).toMatchObject({ state: "CompleteCommit", producerId: 20, producerEpoch: 0, nextProducerId: -1 });
  for (const at of [ending, ended]) {
    expect(needsNextProducerId(at, producer)).toBe(false);
    expect(end(at, producer, true)).toBe(at);
    expect(end(at, of(32_767), true)).toMatchObject({ error: "INVALID_PRODUCER_ID_MAPPING" });
  }
  expect(begin(ended)).toMatchObject({ state: "Ongoing", producerId: 20, producerEpoch: 0 });
});

test("a producer whose transaction took too long goes on in the raised epoch once it aborts, and cannot commit", () => {
  const timedOut = life.timeOut(open, NOW_MS + TIMEOUT_MS);
  for (const at of [timedOut, life.complete(timedOut, NOW_MS)]) {
    expect(end(at, of(0), false)).toBe(at);
    expect(life.identityOf(at)).toEqual(of(1));
    expect(end(at, of(0), true)).toMatchObject({ error: "INVALID_TXN_STATE" });
  }
});

test("the epoch that fences the last one of an id is given to nobody, by a timeout neither", () => {
  const last = begin({ ...started, producerEpoch: life.LAST_PRODUCER_EPOCH });
  const timedOut = life.complete(life.timeOut(last, NOW_MS + TIMEOUT_MS), NOW_MS);
  expect(timedOut.producerEpoch).toBe(32_767);
  expect(end(timedOut, of(life.LAST_PRODUCER_EPOCH), false)).toMatchObject({ error: "PRODUCER_FENCED" });
});

test("a producer that was taken over is fenced, whatever it ends, and whichever way the other one goes", () => {
  const takenOver = ok(life.initProducerId(life.complete(ok(life.initProducerId(open, INIT, null, NOW_MS)), NOW_MS), INIT, null, NOW_MS));
  const oldWay = life.complete(ok(life.end(begin(takenOver), of(2), false, NOW_MS)), NOW_MS);
  const newWay = life.complete(ok(end(begin(takenOver), of(2), false)), NOW_MS);
  const idleTakenOver = ok(life.initProducerId(started, INIT, null, NOW_MS));
  const idleOldWay = life.complete(ok(life.end(begin(idleTakenOver), of(1), false, NOW_MS)), NOW_MS);
  for (const at of [takenOver, oldWay, newWay, idleTakenOver, idleOldWay]) {
    for (const isCommit of [true, false]) expect(end(at, of(0), isCommit)).toMatchObject({ error: "PRODUCER_FENCED" });
  }
});

test("a transactional id is used the old way and the new way in turns", () => {
  const byOld = life.complete(ok(life.end(begin(committed), of(1), true, NOW_MS)), NOW_MS);
  expect(byOld).toMatchObject({ state: "CompleteCommit", producerEpoch: 1 });
  const byNew = life.complete(ok(end(begin(byOld), of(1), true)), NOW_MS);
  expect(byNew).toMatchObject({ state: "CompleteCommit", producerEpoch: 2 });
  expect(life.end(begin(byNew), of(1), true, NOW_MS)).toMatchObject({ error: "PRODUCER_FENCED" });
});

test("what is about to be forgotten begins nothing, so that no partition holds a transaction that nobody knows", () => {
  const dead = life.expire(committed, 100, NOW_MS + 100);
  expect(dead.state).toBe("Dead");
  expect(life.addPartitions(dead, of(1), [TOPIC], NOW_MS)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  expect(life.addGroup(dead, of(1), "g", NOW_MS)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  expect(end(dead, of(1), false)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
});

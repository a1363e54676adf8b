// What every PendingOffsetStore promises. Run over memory (test/unit) and over SQLite in workerd (test/workers).

import { expect, test } from "vitest";
import type { PendingOffsetStore, PendingTransaction } from "../../src/storage/pending-offset-store.ts";
import { anOffset } from "./offset-store.ts";

/** Runs the body with a fresh store. */
export type WithPendingOffsetStore = (body: (store: PendingOffsetStore) => void | Promise<void>) => Promise<void>;

export function aTransaction(producerId: number, transactionNumber = 1): PendingTransaction {
  return { producerId, producerEpoch: 3, transactionNumber };
}

export function pendingOffsetStoreConformance(withStore: WithPendingOffsetStore): void {
  const inStore = (name: string, body: (store: PendingOffsetStore) => void | Promise<void>) => test(name, () => withStore(body));

  inStore("has nothing pending at first, and can be told to forget it", (store) => {
    store.remove(7);
    store.supersede([anOffset()]);
    store.clear();
    expect([store.isEmpty(), store.transactionOf(7), store.offsetsOf(7), store.partitions()]).toEqual([true, null, [], []]);
  });

  inStore("keeps all of an offset and of its transaction", (store) => {
    const offset = anOffset({ offset: Number.MAX_SAFE_INTEGER, leaderEpoch: 2_147_483_647, metadata: "é\u{1f600}\n" });
    const transaction = { producerId: Number.MAX_SAFE_INTEGER, producerEpoch: 32_767, transactionNumber: 2 ** 40 };
    store.put(transaction, [offset]);
    expect(store.isEmpty()).toBe(false);
    expect(store.transactionOf(transaction.producerId)).toEqual(transaction);
    expect(store.offsetsOf(transaction.producerId)).toEqual([{ ...offset, isSuperseded: false }]);
  });

  inStore("keeps the last offset of a producer for a partition, and tells producers apart", (store) => {
    store.put(aTransaction(1), [anOffset({ offset: 1 }), anOffset({ offset: 2, partition: 1 })]);
    store.put(aTransaction(2), [anOffset({ offset: 3 })]);
    store.put(aTransaction(1), [anOffset({ offset: 4 })]);
    expect(store.offsetsOf(1).map(({ partition, offset }) => [partition, offset])).toEqual([
      [1, 2],
      [0, 4],
    ]);
    expect(store.offsetsOf(2).map(({ offset }) => offset)).toEqual([3]);
    store.remove(1);
    expect([store.transactionOf(1), store.offsetsOf(1), store.isEmpty()]).toEqual([null, [], false]);
  });

  inStore("names each partition once, in order", (store) => {
    store.put(aTransaction(1), [anOffset({ partition: 1 }), anOffset({ topic: "a", topicId: "id-of-a" }), anOffset()]);
    store.put(aTransaction(2), [anOffset({ partition: 1 })]);
    expect(store.partitions()).toEqual([
      { topicId: "id-of-a", topic: "a", partition: 0 },
      { topicId: "id-of-orders", topic: "orders", partition: 0 },
      { topicId: "id-of-orders", topic: "orders", partition: 1 },
    ]);
  });

  inStore("what is superseded stays so until the producer puts another", (store) => {
    store.put(aTransaction(1), [anOffset(), anOffset({ partition: 1 })]);
    store.supersede([anOffset(), anOffset({ topicId: "another" })]);
    const superseded = () => store.offsetsOf(1).map(({ partition, isSuperseded }) => [partition, isSuperseded]);
    expect(superseded()).toEqual([
      [0, true],
      [1, false],
    ]);
    store.put(aTransaction(1), [anOffset({ offset: 9 })]);
    expect(superseded()).toEqual([
      [1, false],
      [0, false],
    ]);
  });

  inStore("a producer's offset supersedes those that came before it, and none that came after", (store) => {
    for (const producerId of [1, 2, 3]) store.put(aTransaction(producerId), [anOffset()]);
    store.supersede([anOffset()], 2);
    expect([1, 2, 3].map((producerId) => store.offsetsOf(producerId)[0]!.isSuperseded)).toEqual([true, false, false]);
    store.supersede([anOffset()], 4);
    expect(store.offsetsOf(3)[0]!.isSuperseded).toBe(false);
  });
}

// A group's pending offsets in memory, for tests. It keeps the same promises as SqlitePendingOffsetStore:
// test/conformance/pending-offset-store.ts runs over both.

import { compareUtf8 } from "../common/utf8.ts";
import type { StoredOffset } from "./offset-store.ts";
import type { PartitionKey, PendingOffset, PendingOffsetStore, PendingTransaction } from "./pending-offset-store.ts";

interface Entry {
  readonly producerId: number;
  readonly offset: StoredOffset;
  isSuperseded: boolean;
}

export class MemoryPendingOffsetStore implements PendingOffsetStore {
  readonly #transactions = new Map<number, PendingTransaction>();
  #entries: Entry[] = [];

  isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  transactionOf(producerId: number): PendingTransaction | null {
    return this.#transactions.get(producerId) ?? null;
  }

  put(transaction: PendingTransaction, offsets: readonly StoredOffset[]): void {
    const { producerId } = transaction;
    this.#transactions.set(producerId, { ...transaction });
    for (const offset of structuredClone(offsets)) {
      this.#entries = this.#entries.filter((entry) => entry.producerId !== producerId || !isSame(entry.offset, offset));
      this.#entries.push({ producerId, offset, isSuperseded: false });
    }
  }

  offsetsOf(producerId: number): PendingOffset[] {
    const entries = this.#entries.filter((entry) => entry.producerId === producerId);
    return entries.map(({ offset, isSuperseded }) => ({ ...offset, isSuperseded }));
  }

  remove(producerId: number): void {
    this.#transactions.delete(producerId);
    this.#entries = this.#entries.filter((entry) => entry.producerId !== producerId);
  }

  supersede(partitions: readonly PartitionKey[], producerId?: number): void {
    for (const partition of partitions) {
      const ofPartition = this.#entries.filter(({ offset }) => isSame(offset, partition));
      const end = producerId === undefined ? ofPartition.length : ofPartition.findIndex((entry) => entry.producerId === producerId);
      for (const entry of ofPartition.slice(0, Math.max(0, end))) entry.isSuperseded = true;
    }
  }

  partitions(): PartitionKey[] {
    const keys = new Map(this.#entries.map(({ offset }) => [`${offset.topicId}/${offset.partition}`, offset]));
    return [...keys.values()]
      .map(({ topicId, topic, partition }) => ({ topicId, topic, partition }))
      .sort((a, b) => compareUtf8(a.topic, b.topic) || compareUtf8(a.topicId, b.topicId) || a.partition - b.partition);
  }

  clear(): void {
    this.#transactions.clear();
    this.#entries = [];
  }
}

function isSame(a: PartitionKey, b: PartitionKey): boolean {
  return a.topicId === b.topicId && a.partition === b.partition;
}

// What every OffsetStore promises. Run over memory (test/unit) and over SQLite in workerd (test/workers).

import { expect, test } from "vitest";
import type { OffsetStore, StoredOffset } from "../../src/storage/offset-store.ts";

/** Runs the body with a fresh store. */
export type WithOffsetStore = (body: (store: OffsetStore) => void | Promise<void>) => Promise<void>;

export function anOffset(changes: Partial<StoredOffset> = {}): StoredOffset {
  return {
    topicId: "id-of-orders",
    topic: "orders",
    partition: 0,
    offset: 7,
    leaderEpoch: -1,
    metadata: "",
    committedAtMs: 1_760_000_000_000,
    ...changes,
  };
}

export function offsetStoreConformance(withStore: WithOffsetStore): void {
  const inStore = (name: string, body: (store: OffsetStore) => void | Promise<void>) => test(name, () => withStore(body));

  inStore("has no group and no offsets at first", (store) => {
    expect([store.groupId(), store.offsets()]).toEqual([null, []]);
  });

  inStore("has a group from the first write, even one of no offsets", (store) => {
    store.putOffsets("g", []);
    expect([store.groupId(), store.offsets()]).toEqual(["g", []]);
  });

  inStore("keeps all of an offset", (store) => {
    const offset = anOffset({ offset: Number.MAX_SAFE_INTEGER, leaderEpoch: 2_147_483_647, metadata: "é\u{1f600}\n" });
    store.putOffsets("g", [offset]);
    expect(store.offsets()).toEqual([offset]);
    expect(store.offset(offset.topicId, offset.partition)).toEqual(offset);
    expect([store.offset("other", offset.partition), store.offset(offset.topicId, offset.partition + 1)]).toEqual([null, null]);
  });

  inStore("keeps the last offset of a partition, also within one write, and also when it goes back", (store) => {
    store.putOffsets("g", [anOffset({ offset: 5 }), anOffset({ offset: 9, metadata: "m" })]);
    expect(store.offsets()).toEqual([anOffset({ offset: 9, metadata: "m" })]);
    store.putOffsets("g", [anOffset({ offset: 2 })]);
    expect(store.offsets()).toEqual([anOffset({ offset: 2 })]);
  });

  inStore("keeps partitions and topic ids apart, and orders by topic, topic id and partition", (store) => {
    const inOrder = [
      anOffset({ topic: "a", topicId: "9" }),
      anOffset({ topic: "b", topicId: "1", partition: 2 }),
      anOffset({ topic: "b", topicId: "1", partition: 10 }),
      anOffset({ topic: "b", topicId: "2", partition: 0 }),
    ];
    store.putOffsets("g", [inOrder[3]!, inOrder[1]!]);
    store.putOffsets("g", [inOrder[2]!, inOrder[0]!]);
    expect(store.offsets()).toEqual(inOrder);
  });

  inStore("forgets single offsets, and no others", (store) => {
    store.putOffsets("g", [anOffset(), anOffset({ partition: 1 }), anOffset({ topicId: "other" })]);
    store.removeOffsets([
      { topicId: "id-of-orders", partition: 0 },
      { topicId: "other", partition: 1 },
      { topicId: "none", partition: 0 },
    ]);
    expect([store.groupId(), store.offsets()]).toEqual(["g", [anOffset({ partition: 1 }), anOffset({ topicId: "other" })]]);
  });

  for (const scope of ["group", "object"] as const) {
    inStore(`forgets everything when the ${scope} is cleared, and can be used again`, async (store) => {
      store.putOffsets("g", [anOffset()]);
      await store.clear(scope);
      expect([store.groupId(), store.offsets()]).toEqual([null, []]);
      store.putOffsets("g", [anOffset({ partition: 1 })]);
      expect([store.groupId(), store.offsets()]).toEqual(["g", [anOffset({ partition: 1 })]]);
    });
  }
}

// What the store of the ids that a partition remembers promises, over SQLite and in memory.

import { describe, expect, test } from "vitest";
import type { OnceStore } from "../../src/log/once.ts";
import { OnceBlock } from "../../src/log/once-block.ts";
import { failing } from "../support/failing-transaction.ts";

export function describeOnceStore(name: string, withStore: (use: (store: OnceStore) => void) => Promise<void>): void {
  const inStore = (rule: string, use: (store: OnceStore) => void) => test(rule, () => withStore(use));

  /** With entries that tell the block, the largest offset and time among them. */
  const blockOf = (blockId: number, count: number) => {
    const block = new OnceBlock(blockId);
    for (let index = 0; index < count; index++) {
      block.add(new Uint8Array(16).fill(blockId + index), Number.MAX_SAFE_INTEGER - index, 1_760_000_000_000 + index);
    }
    return { blockId, entries: block.encode() };
  };
  const entriesIn = (store: OnceStore) =>
    store.blocks().map(({ blockId, entries }) => {
      const block = new OnceBlock(blockId, entries);
      const all = Array.from({ length: block.count }, (_, index) => [block.key(index), block.offset(index), block.expiresAtMs(index)]);
      return [blockId, all];
    });
  const expected = (blockId: number, count: number) => [
    blockId,
    Array.from({ length: count }, (_, index) => [
      String.fromCharCode(blockId + index).repeat(16),
      Number.MAX_SAFE_INTEGER - index,
      1_760_000_000_000 + index,
    ]),
  ];

  describe(name, () => {
    inStore("has nothing before the first write", (store) => {
      expect(store.blocks()).toEqual([]);
    });

    inStore("gives back what was written, blocks by their ids, replaced and removed", (store) => {
      for (const [blockId, count] of [
        [200, 3],
        [9, 1],
        [10, 128],
        [9, 2],
      ] as const)
        store.put(blockOf(blockId, count));
      expect(entriesIn(store)).toEqual([expected(9, 2), expected(10, 128), expected(200, 3)]);
      store.remove(10);
      store.remove(11);
      expect(entriesIn(store)).toEqual([expected(9, 2), expected(200, 3)]);
    });

    inStore("a transaction that throws leaves what was there", (store) => {
      store.put(blockOf(1, 1));
      failing(store, () => {
        store.put(blockOf(1, 2));
        store.put(blockOf(2, 1));
        store.remove(1);
      });
      expect(entriesIn(store)).toEqual([expected(1, 1)]);
      expect(store.transaction(() => "told")).toBe("told");
    });
  });
}

// What a share partition's store promises, over SQLite and in memory.

import { describe, expect, test } from "vitest";
import { DEFAULT_SHARE_SETTINGS } from "../../src/common/share-settings.ts";
import type { SharePartitionStore, StoredSharePartition, StoredShareRecord } from "../../src/storage/share-partition-store.ts";

const PARTITION: StoredSharePartition = {
  ...{ groupId: "g", groupUuid: "u", topicId: "t", topic: "topic", partition: 3 },
  settings: { ...DEFAULT_SHARE_SETTINGS, order: "key" },
  settingsVersion: 2,
  endOffset: 2 ** 40,
  counters: { acknowledged: 1, archived: 2, deadLettered: 3 },
  deadLetters: { topic: "dead", producerId: 7, sequence: 9, sending: [2 ** 40 - 1] },
};

const RECORD: StoredShareRecord = {
  ...{ offset: 2 ** 40 - 10, keyHash: -5, sizeBytes: 2 ** 24, state: 1, deliveryCount: 10_000, reason: 0 },
  ...{ atMs: 1_760_000_000_000, token: 2 ** 53 - 1 },
};

type WithStore = (use: (store: SharePartitionStore) => void | Promise<void>) => Promise<void>;

export function describeSharePartitionStore(name: string, withStore: WithStore): void {
  const inStore = (rule: string, use: (store: SharePartitionStore) => void | Promise<void>) => test(rule, () => withStore(use));

  describe(name, () => {
    inStore("has nothing before the first write", (store) => {
      expect([store.partition(), store.blocks()]).toEqual([null, []]);
    });

    inStore("gives back what was written, blocks by offset", (store) => {
      const late = {
        blockId: 2 ** 40 - 10,
        records: [RECORD, { ...RECORD, offset: 2 ** 40 - 1, keyHash: null, state: 3 as const, reason: 2 as const }],
      };
      const early = { blockId: 5, records: [{ ...RECORD, offset: 5, keyHash: 0, state: 0 as const, token: 0 }] };
      store.write({ partition: PARTITION, blocks: [late, early], removedBlocks: [] });
      expect([store.partition(), store.blocks()]).toEqual([PARTITION, [early, late]]);
    });

    inStore("replaces and removes blocks", (store) => {
      const block = { blockId: 5, records: [{ ...RECORD, offset: 5 }] };
      store.write({
        partition: PARTITION,
        blocks: [block, { ...block, blockId: 9, records: [{ ...RECORD, offset: 9 }] }],
        removedBlocks: [],
      });
      const changed = { blockId: 5, records: [{ ...RECORD, offset: 6 }] };
      store.write({ partition: { ...PARTITION, endOffset: 1 }, blocks: [changed], removedBlocks: [9, 1_000] });
      expect([store.partition()?.endOffset, store.blocks()]).toEqual([1, [changed]]);
    });

    inStore("forgets all, and may be written again", async (store) => {
      store.write({ partition: PARTITION, blocks: [{ blockId: 5, records: [{ ...RECORD, offset: 5 }] }], removedBlocks: [] });
      await store.clear();
      expect([store.partition(), store.blocks()]).toEqual([null, []]);
      store.write({ partition: PARTITION, blocks: [], removedBlocks: [] });
      expect([store.partition(), store.blocks()]).toEqual([PARTITION, []]);
    });
  });
}

// A share partition in memory: the twin of the one in SQLite, with its blocks as bytes too.

import { decodeShareBlock, encodeShareBlock } from "./share-block.ts";
import type { SharePartitionChange, SharePartitionStore, StoredShareBlock, StoredSharePartition } from "./share-partition-store.ts";

export class MemorySharePartitionStore implements SharePartitionStore {
  #partition: StoredSharePartition | null = null;
  readonly #blocks = new Map<number, ArrayBuffer>();

  partition(): StoredSharePartition | null {
    return this.#partition && structuredClone(this.#partition);
  }

  blocks(): StoredShareBlock[] {
    return [...this.#blocks].sort(([one], [other]) => one - other).map(([blockId, bytes]) => decodeShareBlock(blockId, bytes));
  }

  write({ partition, blocks, removedBlocks }: SharePartitionChange): void {
    this.#partition = structuredClone(partition);
    for (const block of blocks) this.#blocks.set(block.blockId, encodeShareBlock(block));
    for (const blockId of removedBlocks) this.#blocks.delete(blockId);
  }

  async clear(): Promise<void> {
    this.#partition = null;
    this.#blocks.clear();
  }
}

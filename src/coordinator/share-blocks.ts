// The blocks that a share partition's records are stored in: which of them differ from what is stored, and which are to go. A record stays
// in its block for its life, so that a change writes the blocks of what it changed and no others.

import type { SharePartitionChange } from "../storage/share-partition-store.ts";
import { ShareBlock } from "./share-record.ts";

export class ShareBlocks {
  #blocks: ShareBlock[] = [];
  /** Stored, and to be removed. */
  #removed: number[] = [];

  /** One that is stored, in the order of their offsets. */
  restore(blockId: number): ShareBlock {
    const block = new ShareBlock(blockId);
    this.#blocks.push(block);
    return block;
  }

  /** For a record at `offset`, which is behind all others. */
  blockFor(offset: number): ShareBlock {
    const last = this.#blocks.at(-1);
    if (last?.hasRoomFor(offset)) return last;
    this.#removed = this.#removed.filter((blockId) => blockId !== offset); // it is written over instead
    return this.restore(offset);
  }

  /** All are to go. */
  clear(): void {
    this.#removed.push(...this.#blocks.map(({ blockId }) => blockId));
    this.#blocks = [];
  }

  /** Something differs from what was taken last. */
  get hasChange(): boolean {
    return this.#removed.length > 0 || this.#blocks.some(({ isDirty }) => isDirty);
  }

  /** What is to be written and removed since the last call. */
  takeChange(): Pick<SharePartitionChange, "blocks" | "removedBlocks"> {
    const dirty = this.#blocks.filter(({ isDirty }) => isDirty);
    const removedBlocks = this.#removed.concat(dirty.filter(({ isEmpty }) => isEmpty).map(({ blockId }) => blockId));
    const blocks = dirty.filter(({ isEmpty }) => !isEmpty).map((block) => block.stored());
    for (const block of dirty) block.isDirty = false;
    this.#blocks = this.#blocks.filter(({ isEmpty }) => !isEmpty);
    this.#removed = [];
    return { blocks, removedBlocks };
  }
}

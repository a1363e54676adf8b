// The twin in memory of the ids that a partition remembers: blocks as their bytes.

import type { OnceBlock, OnceStore } from "../log/once.ts";
import { decodeOnceEntries, encodeOnceEntries } from "./once-block.ts";

export class MemoryOnceStore implements OnceStore {
  #blocks = new Map<number, ArrayBuffer>();
  /** Blocks that were written or removed so far. */
  rowsWritten = 0;

  transaction<T>(work: () => T): T {
    const before = new Map(this.#blocks);
    try {
      return work();
    } catch (error) {
      this.#blocks = before;
      throw error;
    }
  }

  blocks(): OnceBlock[] {
    return [...this.#blocks].sort(([a], [b]) => a - b).map(([blockId, bytes]) => ({ blockId, entries: decodeOnceEntries(bytes) }));
  }

  put({ blockId, entries }: OnceBlock): void {
    this.#blocks.set(blockId, encodeOnceEntries(entries));
    this.rowsWritten += 1;
  }

  remove(blockId: number): void {
    this.#blocks.delete(blockId);
    this.rowsWritten += 1;
  }
}

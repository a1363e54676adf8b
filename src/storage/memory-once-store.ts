// The twin in memory of the ids that a partition remembers.

import type { OnceStore, StoredOnceBlock } from "../log/once.ts";

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

  blocks(): StoredOnceBlock[] {
    return [...this.#blocks].sort(([a], [b]) => a - b).map(([blockId, entries]) => ({ blockId, entries }));
  }

  put({ blockId, entries }: StoredOnceBlock): void {
    this.#blocks.set(blockId, entries);
    this.rowsWritten += 1;
  }

  remove(blockId: number): void {
    this.#blocks.delete(blockId);
    this.rowsWritten += 1;
  }
}

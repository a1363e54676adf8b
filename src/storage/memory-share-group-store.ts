// A share group in memory: the twin of the one in SQLite.

import type { ShareGroupStore, StoredShareGroup } from "./share-group-store.ts";

export class MemoryShareGroupStore implements ShareGroupStore {
  #group: StoredShareGroup | null = null;

  group(): StoredShareGroup | null {
    return this.#group && structuredClone(this.#group);
  }

  put(group: StoredShareGroup): void {
    this.#group = structuredClone(group);
  }

  async clear(): Promise<void> {
    this.#group = null;
  }
}

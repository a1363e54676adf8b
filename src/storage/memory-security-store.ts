// The security store's twin in memory.

import { MemoryVersionedRows } from "./memory-versioned-rows.ts";
import type { SecurityRow, SecurityStore } from "./security-store.ts";

export class MemorySecurityStore extends MemoryVersionedRows<"kind", SecurityRow> implements SecurityStore {
  constructor() {
    super("kind");
  }

  secret(): string {
    return "a secret of the memory's";
  }
}

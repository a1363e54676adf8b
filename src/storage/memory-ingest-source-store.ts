// The twin in memory of the store of sources.

import type { IngestSourceRow, IngestSourceStore } from "./ingest-source-store.ts";
import { MemoryVersionedRows } from "./memory-versioned-rows.ts";

export class MemoryIngestSourceStore extends MemoryVersionedRows<"topic", IngestSourceRow> implements IngestSourceStore {
  constructor() {
    super("topic");
  }
}

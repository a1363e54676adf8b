// What the cluster object keeps of the sources of inbound webhooks: rows by topic and name, each a JSON text whose shape src/ingest/ knows.

import type { NamedRow, VersionedRows } from "./versioned-rows.ts";

export type IngestSourceRow = NamedRow<"topic">;

/** Implementations: sqlite-ingest-source-store.ts, memory-ingest-source-store.ts. */
export type IngestSourceStore = VersionedRows<"topic", IngestSourceRow>;

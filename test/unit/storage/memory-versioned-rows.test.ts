import { MemoryIngestSourceStore } from "../../../src/storage/memory-ingest-source-store.ts";
import { MemorySecurityStore } from "../../../src/storage/memory-security-store.ts";
import { describeIngestSourceStore, describeSecurityStore } from "../../conformance/versioned-rows.ts";

describeIngestSourceStore("MemoryIngestSourceStore", async (use) => use(new MemoryIngestSourceStore()));
describeSecurityStore("MemorySecurityStore", async (use) => use(new MemorySecurityStore()));

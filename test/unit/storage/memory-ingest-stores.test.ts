import { MemoryIngestSourceStore } from "../../../src/storage/memory-ingest-source-store.ts";
import { MemoryOnceStore } from "../../../src/storage/memory-once-store.ts";
import { describeIngestSourceStore, describeOnceStore } from "../../conformance/ingest-stores.ts";

describeOnceStore("MemoryOnceStore", async (use) => use(new MemoryOnceStore()));
describeIngestSourceStore("MemoryIngestSourceStore", async (use) => use(new MemoryIngestSourceStore()));

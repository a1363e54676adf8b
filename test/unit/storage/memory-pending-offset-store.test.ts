import { MemoryPendingOffsetStore } from "../../../src/storage/memory-pending-offset-store.ts";
import { pendingOffsetStoreConformance } from "../../conformance/pending-offset-store.ts";

pendingOffsetStoreConformance(async (body) => body(new MemoryPendingOffsetStore()));

import { MemoryOffsetStore } from "../../../src/storage/memory-offset-store.ts";
import { offsetStoreConformance } from "../../conformance/offset-store.ts";

offsetStoreConformance(async (body) => body(new MemoryOffsetStore()));

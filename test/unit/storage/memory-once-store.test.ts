import { MemoryOnceStore } from "../../../src/storage/memory-once-store.ts";
import { describeOnceStore } from "../../conformance/once-store.ts";

describeOnceStore("MemoryOnceStore", async (use) => use(new MemoryOnceStore()));

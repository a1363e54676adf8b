import { createRecordTools } from "../../../src/log/core-record-tools.ts";
import { MemoryLogStore } from "../../../src/storage/memory-log-store.ts";
import { partitionLogConformance } from "../../conformance/partition-log.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();

partitionLogConformance({ core, tools: createRecordTools(core), withStore: async (body) => body(new MemoryLogStore()) });

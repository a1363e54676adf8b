import { createRecordTools } from "../../../src/log/core-record-tools.ts";
import { MemoryLogStore } from "../../../src/storage/memory-log-store.ts";
import { transactionConformance } from "../../conformance/transactions.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();

transactionConformance({ core, tools: createRecordTools(core), withStore: async (body) => body(new MemoryLogStore()) });

// The isolate's instance of the core, shared by all that runs in it: its calls are synchronous and keep nothing between them.

import coreModule from "../../build/core.wasm";
import { createBatchTools } from "../log/compaction/core-batch-tools.ts";
import { createIndexSearch, createRecordTools } from "../log/core-record-tools.ts";
import { Core } from "../wasm/core.ts";

export const core = new Core(coreModule);

export const recordTools = createRecordTools(core);

export const batchTools = createBatchTools(core);

export const indexSearch = createIndexSearch(core);

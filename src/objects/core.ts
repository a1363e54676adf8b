// The isolate's instance of the core, and the tools that stand on it. Instantiated once, when first needed.

import coreModule from "../../build/core.wasm";
import { Core } from "../wasm/core.ts";

export const core = new Core(coreModule);

// `sluice`: the command line (src/cli/) with what only a checkout has, the broker itself. Started by bin/sluice.
//
// Node keeps the JavaScript of what was loaded (its compile cache), so that types are stripped once and not at each start.

import { readFile } from "node:fs/promises";
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache(fileURLToPath(new URL("../build/compile-cache", import.meta.url)));
const { runCli } = await import("../src/cli/main.ts");

const exitCode = await runCli(process.argv.slice(2), {
  async serve(args) {
    const { start } = await import("./start.ts");
    return start(args);
  },
  async serveHelp() {
    const { HELP } = await import("./serve/options.ts");
    return HELP;
  },
  async loadCoreCodecs() {
    const { buildCore, CORE_WASM } = await import("./build-core.ts");
    const { loadCodecs } = await import("../src/codecs.ts");
    await buildCore();
    return loadCodecs(await readFile(new URL(`../${CORE_WASM}`, import.meta.url)));
  },
});
process.exit(exitCode);

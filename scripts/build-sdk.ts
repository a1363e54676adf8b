// Builds the packages' client side into dist/: `sluice/client`, `sluice/share`, `sluice/outbox` and `sluice/codecs` as ES modules that share their chunks,
// their types, and the core beside them. Also what the size of the SDK is measured by (test/unit/sdk/bundle.test.ts).

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { buildCore, CORE_WASM } from "./build-core.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** By their names in package.json's `exports`. */
export const SDK_ENTRIES = {
  client: "src/sdk/index.ts",
  share: "src/sdk/share/share-consumer.ts",
  outbox: "src/sdk/outbox/outbox.ts",
  codecs: "src/codecs.ts",
} as const;

/** For every platform: nothing of Node, nothing left to import. */
export const SDK_BUILD = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2024",
  logLevel: "warning",
} as const satisfies BuildOptions;

async function buildSdk(): Promise<void> {
  await buildCore();
  rmSync(`${root}dist`, { recursive: true, force: true });
  mkdirSync(`${root}dist`);
  const entryPoints = Object.fromEntries(Object.entries(SDK_ENTRIES).map(([name, path]) => [name, root + path]));
  await build({ ...SDK_BUILD, entryPoints, outdir: `${root}dist`, splitting: true, sourcemap: true });
  copyFileSync(root + CORE_WASM, `${root}dist/core.wasm`);
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", "scripts/build-sdk.tsconfig.json"], {
    cwd: root,
    stdio: "inherit",
  });
  nameModulesAsEmitted(`${root}dist/types`);
}

/** tsc leaves `./x.ts` in declarations, where there is a `./x.d.ts`, which goes by the name of its module: `./x.js`. */
function nameModulesAsEmitted(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".d.ts"))) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/(\bfrom |\bimport\()"(\.[^"]*)\.ts"/g, '$1"$2.js"'));
  }
}

if (import.meta.main) await buildSdk();

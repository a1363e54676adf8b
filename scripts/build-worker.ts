// Bundles src/index.ts into build/worker.js for plain workerd. Wrangler bundles by itself; this is for `npm start` and the tests.
//
// The core stays a module of its own, because workerd compiles no Wasm at run time. A module's name in workerd's config must not
// contain "..", so every import of the core becomes "./core.wasm", beside the script.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { buildCore, CORE_WASM } from "./build-core.ts";
import { buildIfStale, replaceFile } from "./freshness.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The bundle's path from the root; the core lies beside it. */
export const WORKER_SCRIPT = "build/worker.js";

/** The Workers behind the ARCHIVE binding, from the root. */
export const ARCHIVE_SCRIPTS = { local: "build/archive-local.js", s3: "build/archive-s3.js" } as const;

/** Builds the Worker behind the ARCHIVE binding, if what it is made of changed. */
export async function buildArchive(kind: keyof typeof ARCHIVE_SCRIPTS): Promise<void> {
  const inputs = ["src/archive", "scripts/build-worker.ts", "package-lock.json"];
  const output = ARCHIVE_SCRIPTS[kind];
  await buildIfStale({ root, inputs, output, build: () => bundleWorker(`${root}src/archive/${kind}/worker.ts`, root + output) });
}

/** Builds the core and the bundle, each only if what it is made of changed. */
export async function buildWorker(): Promise<void> {
  await buildCore();
  const inputs = ["src", CORE_WASM, "scripts/build-worker.ts", "package-lock.json"];
  await buildIfStale({ root, inputs, output: WORKER_SCRIPT, build: () => bundleWorker(`${root}src/index.ts`, root + WORKER_SCRIPT) });
}

/** Bundles one Worker. Only what the runtime itself provides, and the core, stay imports. */
export async function bundleWorker(entry: string, outfile: string): Promise<void> {
  const result = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    plugins: [coreBesideScript],
    logLevel: "warning",
  });
  mkdirSync(dirname(outfile), { recursive: true });
  for (const file of result.outputFiles) replaceFile(file.path, file.contents);
}

const coreBesideScript: Plugin = {
  name: "core-beside-script",
  setup({ onResolve }) {
    onResolve({ filter: /\.wasm$/ }, () => ({ path: "./core.wasm", external: true }));
  },
};

if (import.meta.main) await buildWorker();

// Compiles the AssemblyScript core to build/core.wasm (and build/core.wat beside it, to read).

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./freshness.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** 64 KiB pages. 64 MiB leaves half of a production isolate's 128 MB to JavaScript. */
const MAXIMUM_PAGES = 1024;

/** Enough for the tables, the workspace and a first megabyte of scratch; `reserve` grows it from there. */
const INITIAL_PAGES = 96;

/** The core's path from the root. */
export const CORE_WASM = "build/core.wasm";

/** Compiles the core if its sources changed since the last time. */
export async function buildCore(): Promise<void> {
  const inputs = ["assembly", "scripts/build-core.ts", "package-lock.json"];
  await buildIfStale({ root, inputs, output: CORE_WASM, build: compile });
}

function compile(): void {
  mkdirSync(`${root}build`, { recursive: true });
  const asc = `${root}node_modules/assemblyscript/bin/asc.js`;
  const flags = [
    "assembly/index.ts",
    ...["-o", CORE_WASM, "-t", "build/core.wat"],
    ...["--runtime", "stub", "-O3", "--converge", "--noAssert"],
    ...["--enable", "simd", "--enable", "relaxed-simd"],
    ...["--exportStart", "_start"],
    ...["--initialMemory", String(INITIAL_PAGES), "--maximumMemory", String(MAXIMUM_PAGES)],
  ];
  console.error("compiling the core, once: some 10 s"); // standard output may be a command's answer
  const { status, stdout, stderr } = spawnSync(process.execPath, [asc, ...flags], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`the core does not compile:\n${stdout}${stderr}`);
}

if (import.meta.main) await buildCore();

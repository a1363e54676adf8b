// Compiles the AssemblyScript core to build/core.wasm (and build/core.wat beside it, to read).

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** 64 KiB pages. 64 MiB leaves half of a production isolate's 128 MB to JavaScript. */
const MAXIMUM_PAGES = 1024;

/** Enough for the tables, the workspace and a first megabyte of scratch; `reserve` grows it from there. */
const INITIAL_PAGES = 96;

export function buildCore(): void {
  mkdirSync(`${root}build`, { recursive: true });
  const asc = `${root}node_modules/assemblyscript/bin/asc.js`;
  const flags = [
    "assembly/index.ts",
    ...["-o", "build/core.wasm", "-t", "build/core.wat"],
    ...["--runtime", "stub", "-O3", "--converge", "--noAssert"],
    ...["--enable", "simd", "--enable", "relaxed-simd"],
    ...["--exportStart", "_start"],
    ...["--initialMemory", String(INITIAL_PAGES), "--maximumMemory", String(MAXIMUM_PAGES)],
  ];
  execFileSync(process.execPath, [asc, ...flags], { cwd: root, stdio: "inherit" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildCore();

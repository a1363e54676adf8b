// Loads the built core for tests in plain Node.

import { readFileSync } from "node:fs";
import { Core } from "../../src/wasm/core.ts";

/** A fresh instance of build/core.wasm: tests that grow the memory do not disturb each other. */
export function loadCore(): Core {
  const bytes = readFileSync(new URL("../../build/core.wasm", import.meta.url));
  return new Core(new WebAssembly.Module(bytes));
}

/** A codec export: `(source, sourceLength, destination, destinationCapacity) -> bytes written, or a negative status`. */
export type CodecExport = (source: number, sourceLength: number, destination: number, capacity: number) => number;

/** Runs a codec export by name on `input`, with `capacity` bytes of room for the output. */
export function runCodec(core: Core, name: string, input: Uint8Array, capacity: number): { status: number; output: Uint8Array } {
  const codec = (core.exports as unknown as Record<string, CodecExport>)[name];
  if (codec === undefined) throw new Error(`the core has no export ${name}`);
  const source = core.scratch;
  const destination = (source + input.length + 63) & ~63;
  const reserved = core.exports.reserve(destination + capacity - source);
  if (reserved < 0) return { status: reserved, output: new Uint8Array(0) };
  const memory = new Uint8Array(core.exports.memory.buffer);
  memory.set(input, source);
  const status = codec(source, input.length, destination, capacity);
  return { status, output: memory.slice(destination, destination + Math.max(status, 0)) };
}

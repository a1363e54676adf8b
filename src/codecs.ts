// `sluice/codecs`: the core's codecs (gzip, snappy, lz4, zstd) for the SDK. The Wasm module is given by whoever bundles: Workers import it,
// elsewhere it is compiled from its bytes.
//
//   import core from "sluice/core.wasm";                        // Workers: a WebAssembly.Module
//   const producer = new Producer(client, { compression: "lz4", codecs: createCodecs(core) });
//
//   const codecs = await loadCodecs(fetch(wasmUrl));            // browsers
//   const codecs = await loadCodecs(await readFile(wasmPath));  // Node, Bun, Deno

import type { Codecs } from "./sdk/compression.ts";
import { compress, decompress } from "./wasm/compression.ts";
import { Core } from "./wasm/core.ts";

/** The codecs of a compiled core: an instance of its own, which grows to 64 MiB at most. */
export function createCodecs(module: WebAssembly.Module): Codecs {
  const core = new Core(module);
  return {
    supports: () => true,
    compress: (compression, bytes) => compress(core, compression, bytes),
    decompress(compression, bytes, maxBytes) {
      const plain = decompress(core, compression, bytes, maxBytes);
      if (typeof plain === "number") throw new RangeError(`a batch cannot be decompressed by ${compression}: status ${plain}`);
      return plain;
    },
  };
}

/** Compiles the core, and gives its codecs. Not in Workers, which compile nothing at run time: import the module there. */
export async function loadCodecs(source: BufferSource | Response | PromiseLike<Response>): Promise<Codecs> {
  const awaited = await source;
  const bytes = awaited instanceof Response ? await awaited.arrayBuffer() : awaited;
  return createCodecs(await compiler.compile(bytes));
}

/** The types of Workers leave out what Workers refuse. */
const compiler = WebAssembly as unknown as { compile(bytes: BufferSource): Promise<WebAssembly.Module> };

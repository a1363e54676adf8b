// CRC-32C: the core's folding against the plain TypeScript twin (slicing by 8), @aws-crypto/crc32c (the pure JavaScript package that the
// goal is measured against) and @node-rs/crc32 (native code, for information). The core works on bytes that are in its memory already,
// as it does inside validation; "with copy" adds what a call from outside pays.
//
//   node bench/core/crc32c.bench.ts [--smoke]

import { crc32c as awsCrc32c } from "@aws-crypto/crc32c";
import { crc32c as nativeCrc32c } from "@node-rs/crc32";
import { plainCrc32c } from "../../src/record/crc32c.ts";
import { crc32c } from "../../src/wasm/crc32c.ts";
import { loadCore } from "../../test/support/core.ts";
import { measure } from "../support/measure.ts";

/** Short calls are timed in batches of about this many bytes, so that reading the clock costs nothing. */
const TURN_BYTES = 1 << 16;

const core = loadCore();

for (const bytes of [100, 1000, 16 << 10, 1 << 20]) {
  const input = Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 13));
  core.load(input);
  const calls = Math.ceil(TURN_BYTES / bytes);
  const repeated = (call: () => number) => () => {
    for (let i = 0; i < calls; i++) call();
  };
  const speeds = measure(bytes * calls, {
    core: repeated(() => core.exports.crc32c(core.scratch, bytes, 0)),
    "core with copy": repeated(() => crc32c(core, input)),
    "twin (JavaScript)": repeated(() => plainCrc32c(input)),
    "@aws-crypto/crc32c": repeated(() => awsCrc32c(input)),
    "@node-rs/crc32": repeated(() => nativeCrc32c(input)),
  });
  console.log(`${bytes} bytes`);
  for (const [name, speed] of Object.entries(speeds)) {
    const ratio = (speeds.core! / speed).toFixed(2);
    console.log(`  ${name.padEnd(20)} ${speed.toFixed(0).padStart(6)} MB/s  core is ${ratio}x`);
  }
}

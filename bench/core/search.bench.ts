// Index lookups: the core (which copies the index in on each call, or finds it there already) against the same binary search in
// TypeScript over a DataView, in millions of lookups a second. 262,144 entries are a segment of 1 GB, the largest by default.
//
//   node bench/core/search.bench.ts [--smoke]

import { findOffsetIndexEntry } from "../../src/wasm/search.ts";
import { loadCore } from "../../test/support/core.ts";
import { measure } from "../support/measure.ts";

const LOOKUPS = 100;
const core = loadCore();

function findInTypeScript(view: DataView, relativeOffset: number): number {
  let low = 0;
  let high = view.byteLength >> 3;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (view.getUint32(middle << 3) <= relativeOffset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

for (const count of [100, 1000, 20_000, 262_144]) {
  const index = new Uint8Array(count * 8);
  const view = new DataView(index.buffer);
  for (let entry = 0; entry < count; entry++) view.setUint32(entry * 8, entry * 40);
  const offsets = Array.from({ length: LOOKUPS }, (_, i) => ((i * 7919) % count) * 40 + 3);
  const each = (find: (offset: number) => unknown) => () => {
    for (const offset of offsets) find(offset);
  };
  core.load(index);
  const rates = measure(LOOKUPS, {
    "core, index resident": each((offset) => core.exports.offsetIndexFind(core.scratch, count, offset)),
    "core, index copied": each((offset) => findOffsetIndexEntry(core, index, offset)),
    TypeScript: each((offset) => findInTypeScript(view, offset)),
  });
  console.log(`${count} entries`);
  for (const [name, rate] of Object.entries(rates)) console.log(`  ${name.padEnd(22)} ${rate.toFixed(2).padStart(8)} M lookups/s`);
}

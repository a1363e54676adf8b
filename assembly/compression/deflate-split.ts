// Decides where a block ends: where the bits that separate codes would save are worth a header.
//
// A block's symbols cost about T = N log2 N - sum of f log2 f bits, with N symbols in all and f of each kind. For the symbols up to the last
// look, those since then and both together that gives what a split would save: T(both) - T(earlier) - T(since). Logarithms are estimated from
// the bits of a float, good to a hundredth.

import { FIXED_DISTANCE_SYMBOLS, FIXED_LITLEN_SYMBOLS } from "./deflate-symbols";
import { earlierFrequencies, litlenFrequencies } from "./gzip-workspace";

/** Symbols of both alphabets; the two tables follow each other. */
const ALL_SYMBOLS: u32 = FIXED_LITLEN_SYMBOLS + FIXED_DISTANCE_SYMBOLS;
/** Bits that a split has to save: a header, and the chance that the difference is only noise. */
const SPLIT_BITS: f32 = 400;

/** About x log2 x. */
// @ts-ignore: decorator
@inline
function weight(count: u32): f32 {
  const x = <f32>count;
  const raw = reinterpret<u32>(x);
  const exponent = <f32>(<i32>(raw >> 23) - 127);
  const fraction = reinterpret<f32>((raw & 0x7fffff) | 0x3f800000) - <f32>1;
  return count == 0 ? 0 : x * (exponent + fraction * (<f32>1.34 - <f32>0.34 * fraction));
}

/** Starts a block: no symbols yet. */
export function resetFrequencies(): void {
  memory.fill(litlenFrequencies(), 0, ALL_SYMBOLS << 2);
  memory.fill(earlierFrequencies(), 0, ALL_SYMBOLS << 2);
}

/** Would the block have been better without the symbols since the last look? Looks, unless so. */
export function shouldSplit(): bool {
  let bits: f32 = 0;
  let earlierTotal: u32 = 0;
  let sinceTotal: u32 = 0;
  for (let offset: usize = 0; offset < ALL_SYMBOLS << 2; offset += 4) {
    const both = load<u32>(litlenFrequencies() + offset);
    const earlier = load<u32>(earlierFrequencies() + offset);
    earlierTotal += earlier;
    sinceTotal += both - earlier;
    bits += weight(earlier) + weight(both - earlier) - weight(both);
  }
  bits += weight(earlierTotal + sinceTotal) - weight(earlierTotal) - weight(sinceTotal);
  if (bits > SPLIT_BITS) return true;
  memory.copy(earlierFrequencies(), litlenFrequencies(), ALL_SYMBOLS << 2);
  return false;
}

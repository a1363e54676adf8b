// XXH64 with seed 0 (the xxHash specification, doc/xxhash_spec.md): zstd's content checksum is its low 32 bits, little endian.
//
// Four lanes each take 8 of every 32 bytes; then the lanes are merged, the length is added, the last 0-31 bytes are mixed in 8, 4
// and 1 at a time, and the bits are avalanched. All arithmetic wraps modulo 2^64.

const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;
const PRIME_5: u64 = 0x27d4eb2f165667c5;

/** Bytes that the four lanes take per step. */
const STRIPE: u32 = 32;

/** The XXH64 hash, seed 0, of `length` bytes at `source`. */
export function xxhash64(source: usize, length: u32): u64 {
  let position = source;
  const end = source + length;
  let hash: u64 = PRIME_5;
  if (length >= STRIPE) {
    let lane1: u64 = PRIME_1 + PRIME_2;
    let lane2: u64 = PRIME_2;
    let lane3: u64 = 0;
    let lane4: u64 = 0 - PRIME_1;
    const lastStripe = end - STRIPE;
    do {
      lane1 = round(lane1, load<u64>(position));
      lane2 = round(lane2, load<u64>(position, 8));
      lane3 = round(lane3, load<u64>(position, 16));
      lane4 = round(lane4, load<u64>(position, 24));
      position += STRIPE;
    } while (position <= lastStripe);
    hash = rotl<u64>(lane1, 1) + rotl<u64>(lane2, 7) + rotl<u64>(lane3, 12) + rotl<u64>(lane4, 18);
    hash = merge(merge(merge(merge(hash, lane1), lane2), lane3), lane4);
  }
  return avalanche(mixTail(hash + <u64>length, position, end));
}

// @ts-ignore: decorator
@inline
function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * PRIME_2, 31) * PRIME_1;
}

// @ts-ignore: decorator
@inline
function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
}

function mixTail(hash: u64, position: usize, end: usize): u64 {
  while (end - position >= 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(position)), 27) * PRIME_1 + PRIME_4;
    position += 8;
  }
  if (end - position >= 4) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(position) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    position += 4;
  }
  while (position < end) {
    hash = rotl<u64>(hash ^ (<u64>load<u8>(position) * PRIME_5), 11) * PRIME_1;
    position += 1;
  }
  return hash;
}

// @ts-ignore: decorator
@inline
function avalanche(hash: u64): u64 {
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}

// xxHash32 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md), the checksum of the lz4 frame format.
//
// Four 32-bit lanes take 16 bytes a round; what is left goes in 4 bytes and then 1 byte at a time; all words are little-endian.

const PRIME_1: u32 = 0x9e3779b1;
const PRIME_2: u32 = 0x85ebca77;
const PRIME_3: u32 = 0xc2b2ae3d;
const PRIME_4: u32 = 0x27d4eb2f;
const PRIME_5: u32 = 0x165667b1;

/** The xxHash32 of `length` bytes, as the 32 bits of an i32 (negative is not a status here). */
export function xxhash32(source: usize, length: u32, seed: u32): u32 {
  const end = source + length;
  let position = source;
  let hash = seed + PRIME_5;
  if (length >= 16) {
    const lastRound = end - 16;
    let lane1 = seed + PRIME_1 + PRIME_2;
    let lane2 = seed + PRIME_2;
    let lane3 = seed;
    let lane4 = seed - PRIME_1;
    do {
      lane1 = round(lane1, load<u32>(position));
      lane2 = round(lane2, load<u32>(position, 4));
      lane3 = round(lane3, load<u32>(position, 8));
      lane4 = round(lane4, load<u32>(position, 12));
      position += 16;
    } while (position <= lastRound);
    hash = rotl(lane1, 1) + rotl(lane2, 7) + rotl(lane3, 12) + rotl(lane4, 18);
  }
  return avalanche(mixTail(hash + length, position, end));
}

// @ts-ignore: decorator
@inline
function round(lane: u32, word: u32): u32 {
  return rotl(lane + word * PRIME_2, 13) * PRIME_1;
}

function mixTail(hash: u32, position: usize, end: usize): u32 {
  while (end - position >= 4) {
    hash = rotl(hash + load<u32>(position) * PRIME_3, 17) * PRIME_4;
    position += 4;
  }
  while (position < end) {
    hash = rotl(hash + load<u8>(position) * PRIME_5, 11) * PRIME_1;
    position++;
  }
  return hash;
}

function avalanche(hash: u32): u32 {
  hash = (hash ^ (hash >> 15)) * PRIME_2;
  hash = (hash ^ (hash >> 13)) * PRIME_3;
  return hash ^ (hash >> 16);
}

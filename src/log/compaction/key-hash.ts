// A 128-bit hash of a key, by which compaction tells keys apart: two HalfSipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast
// short-input PRF", and the 32-bit variant of its reference code) of 64 bits each, under two random keys of 64 bits.
//
// Two keys with one hash would cost the older of them its record, so it must not happen, by chance or by intent. By chance: n keys
// collide with a probability of about n^2 / 2^129, below 10^-26 for the million keys of a round. By intent: the hash's keys are drawn
// anew for each round and never leave it, so who chooses record keys cannot look for collisions (what a plain murmur2 invites,
// and why Kafka takes MD5). It works on 32-bit words by adding, rotating and xor alone, which is what JavaScript is fast at.

/** 128 random bits: the keys of both hashes. */
export type HashSeed = readonly [k0: number, k1: number, k2: number, k3: number];

const INITIAL_2 = 0x6c796765;
const INITIAL_3 = 0x74656462;

/** The four words of the last hash taken; unsigned. */
export class KeyHash {
  readonly words = new Uint32Array(4);
  readonly #seed: HashSeed;

  constructor(seed: HashSeed) {
    this.#seed = seed;
  }

  /** Sets `words`. */
  take(key: Uint8Array): void {
    const [k0, k1, k2, k3] = this.#seed;
    halfSipHash(key, k0, k1, this.words, 0);
    halfSipHash(key, k2, k3, this.words, 2);
  }
}

/** Writes the 64-bit HalfSipHash-2-4 of `key` as two words, the low one first. */
export function halfSipHash(key: Uint8Array, k0: number, k1: number, into: Uint32Array, index: number): void {
  let v0 = k0;
  let v1 = k1 ^ 0xee;
  let v2 = INITIAL_2 ^ k0;
  let v3 = INITIAL_3 ^ k1;
  const blockCount = (key.length >> 2) + 1;
  // A phase a block of the key, of two rounds, and two phases at the end, of four, each of which gives one word.
  for (let phase = 0; phase < blockCount + 2; phase++) {
    const block = phase < blockCount ? blockAt(key, phase) : 0;
    if (phase < blockCount) v3 ^= block;
    else if (phase === blockCount) v2 ^= 0xee;
    else v1 ^= 0xdd;
    for (let round = phase < blockCount ? 2 : 4; round > 0; round--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    if (phase < blockCount) v0 ^= block;
    else into[index + phase - blockCount] = v1 ^ v3;
  }
}

/** Four bytes of the key, little endian; the last block has what is left, and the key's length in its last byte. */
function blockAt(key: Uint8Array, index: number): number {
  const at = index * 4;
  const left = key.length - at;
  if (left >= 4) return key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24);
  let block = key.length << 24;
  for (let place = 0; place < left; place++) block |= key[at + place]! << (8 * place);
  return block;
}

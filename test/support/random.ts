// Random numbers that a seed repeats.

/** mulberry32: integers from 0 on, below 2^32. */
export function seededIntegers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Numbers from 0 to 1, 1 excluded. */
export function seededRandom(seed: number): () => number {
  const next = seededIntegers(seed);
  return () => next() / 2 ** 32;
}

export function randomBytes(length: number, random: () => number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** Those of a generator of their own. */
export function seededBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  return randomBytes(Math.floor(length), seededRandom(seed));
}

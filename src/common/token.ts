// Tokens: numbers that nobody guesses, and that a JSON number and a SQLite integer hold exactly.

/** 53 bits at random, not 0. */
export function newToken(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
  return (high % 2 ** 21) * 2 ** 32 + low || 1;
}

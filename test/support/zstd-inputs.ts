// Inputs for the tests of the zstd encoder: shapes that lead to each part of the format, and seeded random mixtures of them.

import { readFileSync } from "node:fs";
import { seededRandom } from "./random.ts";

export function dataset(name: "flights-200k.json" | "earthquakes.json" | "movies.json"): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url)));
}

/** `length` symbols below `alphabet`; the greater `skew`, the more often the low ones. */
export function symbols(length: number, alphabet: number, skew: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() ** skew * alphabet));
}

/** JSON records such as a Kafka producer sends: the same keys, ids that count up, a few words, and numbers. */
export function records(length: number): Uint8Array {
  const random = seededRandom(7);
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)];
  let text = "";
  for (let id = 100_000; text.length < length; id++) {
    const record = {
      id,
      timestamp: 1_760_000_000_000 + id * 137 + Math.floor(random() * 100),
      type: pick(["order.created", "order.paid", "order.shipped", "order.cancelled"]),
      customer: Math.floor(random() * 2 ** 32).toString(16),
      country: pick(["DE", "FR", "US", "JP", "BR", "IN"]),
      amount: Math.floor(random() * 100_000) / 100,
      tags: [pick(["new", "vip", "gift"]), pick(["web", "app", "store"])],
    };
    text += `${JSON.stringify(record)}\n`;
  }
  return new TextEncoder().encode(text.slice(0, length));
}

/** A random input: runs of symbols from some alphabet, and copies of what came before from near or from anywhere. */
export function mixture(random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const length = oneOf([
    () => below(40),
    () => below(400),
    () => below(5000),
    () => below(70_000),
    () => 131_067 + below(10),
    () => below(400_000),
  ])();
  const alphabet = 1 + below(oneOf([2, 5, 20, 129, 256]));
  const base = below(256);
  const skew = oneOf([1, 2, 5, 12]);
  const copyShare = random();
  const farCopies = random() < 0.5;
  const bytes = new Uint8Array(length);
  let position = 0;
  while (position < length) {
    if (position > 0 && random() < copyShare) {
      const reach = random() < 0.3 ? 8 : farCopies ? position : 300;
      const distance = 1 + below(Math.min(position, reach));
      const end = Math.min(length, position + (random() < 0.05 ? below(70_000) : 3 + below(oneOf([4, 20, 100, 3000]))));
      for (; position < end; position++) bytes[position] = bytes[position - distance]!;
    } else {
      const end = Math.min(length, position + (random() < 0.02 ? below(70_000) : below(oneOf([3, 20, 300]))));
      for (; position < end; position++) bytes[position] = base + random() ** skew * alphabet;
    }
  }
  return bytes;
}

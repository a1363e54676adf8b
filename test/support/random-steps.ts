// Random steps of a machine that tries something out, and how often it takes each. A seed gives the same steps every time, as long as what
// they do draws its numbers here too.

import { seededRandom } from "./random.ts";

export class RandomSteps<Name extends string> {
  readonly random: () => number;
  /** How often a step was taken, and whatever else the machine counts. */
  readonly counts: Record<string, number> = {};
  readonly #steps: readonly (readonly [weight: number, name: Name])[];

  constructor(seed: number, steps: readonly (readonly [weight: number, name: Name])[]) {
    this.random = seededRandom(seed);
    this.#steps = steps;
  }

  /** An integer from 0 on, below `limit`. */
  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  anyOf<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  /** Takes `count` steps. What fails tells in which. */
  async run(count: number, take: (name: Name) => Promise<void>): Promise<void> {
    for (let step = 0; step < count; step++) {
      const name = this.#pick();
      try {
        await take(name);
      } catch (error) {
        throw new Error(`step ${step} (${name}): ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  }

  #pick(): Name {
    let left = this.random() * this.#steps.reduce((sum, [weight]) => sum + weight, 0);
    const picked = this.#steps.find(([weight]) => {
      left -= weight;
      return left < 0;
    });
    return (picked ?? this.#steps[0]!)[1];
  }
}

// Plans of an earlier life, whose records are being read again. They come in the order of their offsets, so that a plan is whole once
// reading has gone past its last one; what did not come by then is gone from the log.

import type { CallPlan } from "./call-plan.ts";

export class RestoredPlans {
  /** The one that ends first first. */
  readonly #waiting: CallPlan[];
  readonly #planOf = new Map<number, CallPlan>();

  constructor(plans: readonly CallPlan[]) {
    this.#waiting = plans.toSorted((a, b) => endOf(a) - endOf(b));
    for (const plan of plans) {
      for (const { from, to } of plan.offsets) for (let offset = from; offset < to; offset++) this.#planOf.set(offset, plan);
    }
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The plan that a record belongs to. */
  planOf(offset: number): CallPlan | undefined {
    return this.#planOf.get(offset);
  }

  /** Everything below `readEnd` was read. @returns plans that are whole by that, which are not known here any more */
  completeBelow(readEnd: number): CallPlan[] {
    let count = 0;
    while (count < this.#waiting.length && endOf(this.#waiting[count]!) <= readEnd) count += 1;
    const whole = this.#waiting.splice(0, count);
    for (const plan of whole) plan.isComplete = true;
    if (this.isEmpty) this.#planOf.clear();
    return whole;
  }
}

/** Exclusive. */
function endOf({ offsets }: CallPlan): number {
  return offsets.at(-1)?.to ?? 0;
}

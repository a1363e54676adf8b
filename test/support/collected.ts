// Whether something is still held by somebody: the garbage collector is run, and asked.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** @returns whether nothing but the reference holds it. Whoever asks must have let go of it in another turn. */
export async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turns = 0; turns < 10 && reference.deref() !== undefined; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 1)); // a reference that was looked at lives until the turn's end
    collect();
  }
  return reference.deref() === undefined;
}

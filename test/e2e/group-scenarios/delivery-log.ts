// All that the handlers of a group's members saw, in the order in which they saw it, and what can be said of it: whether everything came,
// how often, and in which order.

import { expect } from "vitest";
import { placeName, type Seen } from "./member.ts";

/** Of each "topic/partition": the next offset to be written, or to be seen. */
export type Ends = ReadonlyMap<string, number>;

export class DeliveryLog {
  readonly #seen: Seen[] = [];

  note(record: Seen): void {
    this.#seen.push(record);
  }

  /** To look at what comes from now on. */
  mark(): number {
    return this.#seen.length;
  }

  since(mark: number): readonly Seen[] {
    return this.#seen.slice(mark);
  }

  /** How far each partition was seen. */
  highest(mark = 0): Ends {
    const ends = new Map<string, number>();
    for (const record of this.since(mark)) {
      const name = placeName(record);
      ends.set(name, Math.max(ends.get(name) ?? 0, record.offset + 1));
    }
    return ends;
  }

  /** Everything from `from` to `ends` was seen, nothing twice, and each partition in order. */
  expectOnce(from: Ends, ends: Ends, mark = 0): void {
    const expected = [...ends].flatMap(([name, end]) => range(from.get(name) ?? 0, end, name));
    expect(byPlace(this.since(mark))).toEqual(byPlace(expected));
  }

  /** Everything up to `ends` was seen, and nothing before all that stands before it. */
  expectAtLeastOnce(ends: Ends): void {
    const highest = new Map<string, number>();
    for (const record of this.#seen) {
      const name = placeName(record);
      const next = highest.get(name) ?? 0;
      expect(record.offset, `${name} was seen up to ${next}, and then`).toBeLessThanOrEqual(next);
      highest.set(name, Math.max(next, record.offset + 1));
    }
    expect(sorted(highest)).toEqual(sorted(ends));
  }
}

export function sameEnds(one: Ends, other: Ends): boolean {
  return String(sorted(one)) === String(sorted(other));
}

function sorted(ends: Ends): [string, number][] {
  return [...ends].filter(([, end]) => end > 0).sort(([one], [other]) => (one < other ? -1 : 1));
}

function range(from: number, end: number, name: string): Pick<Seen, "topic" | "partition" | "offset">[] {
  const [topic, partition] = name.split("/") as [string, string];
  return Array.from({ length: end - from }, (_, index) => ({ topic, partition: Number(partition), offset: from + index }));
}

/** "topic/partition" to its offsets, as they came. */
function byPlace(records: readonly Pick<Seen, "topic" | "partition" | "offset">[]): Record<string, number[]> {
  const groups = Map.groupBy(records, placeName);
  return Object.fromEntries([...groups].sort().map(([name, list]) => [name, list.map(({ offset }) => offset)]));
}

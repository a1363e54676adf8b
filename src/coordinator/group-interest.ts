// What the members of a group subscribe to, counted: who wants a topic, or a regular expression, can be many.

import { utf8Length } from "../common/utf8.ts";
import type { Interest } from "./topic-image.ts";

export interface Subscription {
  /** Sorted, each once. */
  readonly names: readonly string[];
  /** null: none */
  readonly pattern: string | null;
}

export const NO_SUBSCRIPTION: Subscription = { names: [], pattern: null };

export class GroupInterest {
  readonly #names = new Map<string, number>();
  readonly #patterns = new Map<string, number>();
  #bytes = 0;

  /** Of the names in all subscriptions, of the patterns too: what the members make the group remember. */
  get bytes(): number {
    return this.#bytes;
  }

  get names(): ReadonlyMap<string, number> {
    return this.#names;
  }

  add({ names, pattern }: Subscription): void {
    for (const name of names) count(this.#names, name, 1);
    if (pattern !== null) count(this.#patterns, pattern, 1);
    this.#bytes += sizeOf({ names, pattern });
  }

  remove({ names, pattern }: Subscription): void {
    for (const name of names) count(this.#names, name, -1);
    if (pattern !== null) count(this.#patterns, pattern, -1);
    this.#bytes -= sizeOf({ names, pattern });
  }

  /** As it is now, with one more subscription where given. */
  snapshot(more: Subscription = NO_SUBSCRIPTION): Interest {
    const patterns = new Set(this.#patterns.keys());
    if (more.pattern !== null) patterns.add(more.pattern);
    return { names: new Set([...this.#names.keys(), ...more.names]), patterns };
  }
}

export function sizeOf({ names, pattern }: Subscription): number {
  return names.reduce((sum, name) => sum + name.length, pattern === null ? 0 : utf8Length(pattern));
}

export function toSubscription(names: readonly string[], pattern: string | null): Subscription {
  return { names: [...new Set(names)].sort(), pattern: pattern === "" ? null : pattern };
}

export function isSameSubscription(one: Subscription, other: Subscription): boolean {
  return (
    one.pattern === other.pattern &&
    one.names.length === other.names.length &&
    one.names.every((name, index) => name === other.names[index])
  );
}

function count(counts: Map<string, number>, key: string, change: number): void {
  const next = (counts.get(key) ?? 0) + change;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}

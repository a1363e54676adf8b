// The cluster's part of subscriptions: their names, and telling those of a topic that its partitions are others than before.

import type { PageRequest, SubscriptionPage } from "../broker/ports.ts";
import { forEachConcurrently } from "../common/concurrency.ts";
import { decodeCursor, encodeCursor } from "../common/cursor.ts";
import { type Failure, failure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { MAX_SUBSCRIPTIONS } from "../common/limits/subscriptions.ts";
import { MAX_PAGE_ITEMS } from "../common/limits/topics.ts";
import type { SqliteSubscriptionNames } from "../storage/sqlite-subscription-names.ts";

export class SubscriptionRegistry {
  readonly #names: SqliteSubscriptionNames;
  readonly #tell: (name: string) => Promise<void>;

  /** @param tell tells a subscription that a topic of its own has changed; rejects where it cannot be reached */
  constructor(names: SqliteSubscriptionNames, tell: (name: string) => Promise<void>) {
    this.#names = names;
    this.#tell = tell;
  }

  register(name: string, topics: readonly string[]): Failure | null {
    if (!this.#names.has(name) && this.#names.count() >= MAX_SUBSCRIPTIONS) {
      return failure("POLICY_VIOLATION", `there are ${MAX_SUBSCRIPTIONS} subscriptions, as many as there may be`);
    }
    this.#names.put(name, topics);
    return null;
  }

  unregister(name: string): void {
    this.#names.remove(name);
  }

  list({ prefix = "", limit, cursor }: PageRequest): SubscriptionPage {
    const after = cursor === undefined ? "" : decodeCursor(cursor);
    if (after === null) return { names: [], nextCursor: null };
    const size = Math.max(1, Math.min(Math.trunc(limit), MAX_PAGE_ITEMS));
    const found = this.#names.list({ prefix, after, limit: size + 1 });
    const names = found.slice(0, size);
    return { names, nextCursor: found.length > size ? encodeCursor(names.at(-1)!) : null };
  }

  /** Resolves once those of the topic have taken note; one that cannot be reached finds out when it next asks for the topic. */
  async topicChanged(topic: string): Promise<void> {
    await forEachConcurrently(this.#names.ofTopic(topic), MAX_CONCURRENT_CALLS, async (name) => {
      try {
        await this.#tell(name);
      } catch (error) {
        console.warn(
          JSON.stringify({ message: "a subscription could not be told of its topic", subscription: name, error: String(error) }),
        );
      }
    });
  }
}

// How many partitions topics have, remembered for a while (metadata.max.age.ms): what a producer chooses a partition by. The broker is
// asked by a listing, which describes nothing: the first name that begins with a topic's name is the topic's own, if it exists.

import type { Client } from "./client.ts";
import { errorOf } from "./errors.ts";

/** metadata.max.age.ms: after it, partitions that were added are seen. */
const MAX_AGE_MS = 300_000;

interface KnownTopic {
  readonly partitions: number;
  readonly staleAtMs: number;
}

export class TopicCache {
  readonly #client: Client;
  readonly #known = new Map<string, KnownTopic>();
  readonly #asking = new Map<string, Promise<number>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** The number of partitions as last heard, undefined where that is too long ago. */
  known(topic: string, nowMs: number): number | undefined {
    const found = this.#known.get(topic);
    return found === undefined || found.staleAtMs <= nowMs ? undefined : found.partitions;
  }

  /** Asks the broker; those who ask at the same time share the answer. @throws SluiceError UNKNOWN_TOPIC_OR_PARTITION where there is none */
  async ask(topic: string): Promise<number> {
    const asking = this.#asking.get(topic) ?? this.#ask(topic).finally(() => this.#asking.delete(topic));
    this.#asking.set(topic, asking);
    return asking;
  }

  forget(topic: string): void {
    this.#known.delete(topic);
  }

  async #ask(topic: string): Promise<number> {
    const page = await this.#client.call<{ topics: readonly { name: string; partitions: number }[] }>("GET", "/v1/topics", {
      query: { prefix: topic, limit: 1 },
    });
    const [found] = page.topics;
    if (found?.name !== topic) throw errorOf("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic ${topic}`, { retriable: false });
    this.#known.set(topic, { partitions: found.partitions, staleAtMs: Date.now() + MAX_AGE_MS });
    return found.partitions;
  }
}

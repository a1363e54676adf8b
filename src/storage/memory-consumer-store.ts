// A consumer group in memory, for tests. It keeps the same promises as SqliteConsumerStore: test/conformance/consumer-store.ts runs over
// both.

import type { ConsumerStore, ConsumerWrite, StoredConsumer, StoredConsumerGroup, StoredTopics } from "./consumer-store.ts";

export class MemoryConsumerStore implements ConsumerStore {
  #group: StoredConsumerGroup | null = null;
  #topics: StoredTopics = { names: [], patterns: [], topics: [] };
  readonly #members = new Map<string, StoredConsumer>();

  load() {
    if (this.#group === null) return null;
    return structuredClone({ group: this.#group, topics: this.#topics, members: [...this.#members.values()] });
  }

  write({ group, topics, members, removed }: ConsumerWrite): void {
    this.#group = structuredClone(group ?? this.#group);
    this.#topics = structuredClone(topics ?? this.#topics);
    for (const memberId of removed) this.#members.delete(memberId);
    for (const member of members) this.#members.set(member.memberId, structuredClone(member));
  }

  clear(): void {
    this.#group = null;
    this.#topics = { names: [], patterns: [], topics: [] };
    this.#members.clear();
  }
}

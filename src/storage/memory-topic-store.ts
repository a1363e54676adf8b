// The cluster object's store in memory, for tests and for trying the rules without a runtime. It keeps the same promises as
// SqliteTopicStore: test/conformance/topic-store.ts runs over both.

import { compareUtf8 } from "../common/utf8.ts";
import type { PageQuery, StoredDeletion, StoredTopic, TopicStore } from "./topic-store.ts";

interface Content {
  version: number;
  nextProducerId: number;
  topics: Map<string, StoredTopic>;
  deletions: Map<string, StoredDeletion>;
  groups: Set<string>;
  transactions: Set<string>;
  shareGroups: Set<string>;
}

export class MemoryTopicStore implements TopicStore {
  readonly #clusterId = crypto.randomUUID();
  #content: Content = {
    version: 0,
    nextProducerId: 0,
    topics: new Map(),
    deletions: new Map(),
    groups: new Set(),
    transactions: new Set(),
    shareGroups: new Set(),
  };

  transaction<T>(body: () => T): T {
    const before = structuredClone(this.#content);
    try {
      return body();
    } catch (error) {
      this.#content = before;
      throw error;
    }
  }

  clusterId(): string {
    return this.#clusterId;
  }

  nextVersion(): number {
    this.#content.version += 1;
    return this.#content.version;
  }

  allocateProducerIds(count: number): number {
    const first = this.#content.nextProducerId;
    this.#content.nextProducerId += count;
    return first;
  }

  topic(name: string): StoredTopic | null {
    return this.#content.topics.get(name) ?? null;
  }

  topicById(topicId: string): StoredTopic | null {
    return [...this.#content.topics.values()].find((topic) => topic.topicId === topicId) ?? null;
  }

  similarTopic(name: string): string | null {
    if (this.#content.topics.has(name)) return name;
    const similar = [...this.#content.topics.keys()].filter((other) => other.replaceAll(".", "_") === name.replaceAll(".", "_"));
    return similar.sort(compareUtf8)[0] ?? null;
  }

  listTopics(query: PageQuery): StoredTopic[] {
    return page(this.#content.topics.keys(), query).map((name) => this.#content.topics.get(name)!);
  }

  putTopic(topic: StoredTopic): void {
    this.#content.topics.set(topic.name, structuredClone(topic));
  }

  removeTopic(name: string): void {
    this.#content.topics.delete(name);
  }

  deletion(topicId: string): StoredDeletion | null {
    return this.#content.deletions.get(topicId) ?? null;
  }

  deletingTopicIds(): string[] {
    return [...this.#content.deletions.keys()].sort(compareUtf8);
  }

  putDeletion(deletion: StoredDeletion): void {
    this.#content.deletions.set(deletion.topicId, structuredClone(deletion));
  }

  removeDeletion(topicId: string): void {
    this.#content.deletions.delete(topicId);
  }

  hasGroup(groupId: string): boolean {
    return this.#content.groups.has(groupId);
  }

  addGroup(groupId: string): void {
    this.#content.groups.add(groupId);
  }

  removeGroup(groupId: string): void {
    this.#content.groups.delete(groupId);
  }

  listGroups(query: PageQuery): string[] {
    return page(this.#content.groups, query);
  }

  addTransaction(transactionalId: string): void {
    this.#content.transactions.add(transactionalId);
  }

  removeTransaction(transactionalId: string): void {
    this.#content.transactions.delete(transactionalId);
  }

  listTransactions(query: PageQuery): string[] {
    return page(this.#content.transactions, query);
  }

  hasShareGroup(groupId: string): boolean {
    return this.#content.shareGroups.has(groupId);
  }

  addShareGroup(groupId: string): void {
    this.#content.shareGroups.add(groupId);
  }

  removeShareGroup(groupId: string): void {
    this.#content.shareGroups.delete(groupId);
  }

  listShareGroups(query: PageQuery): string[] {
    return page(this.#content.shareGroups, query);
  }
}

function page(names: Iterable<string>, query: PageQuery): string[] {
  return [...names]
    .filter((name) => name.startsWith(query.prefix) && compareUtf8(name, query.after) > 0)
    .sort(compareUtf8)
    .slice(0, query.limit);
}

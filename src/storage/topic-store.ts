// What the cluster object remembers: its id, its counters, the topics, the deletions that are not finished, the names of the
// groups, and the transactional ids. Calls are synchronous, as SQLite is in a Durable Object; a change made of several calls goes into one
// `transaction`.
//
// Invariants: a topic id is either a topic's or a deletion's or neither, never both. `nextVersion` and `allocateProducerIds` never
// answer the same number twice, whatever happens in between.

export interface StoredTopic {
  readonly name: string;
  /** UUID, unlike any other topic's ever. */
  readonly topicId: string;
  readonly partitionCount: number;
  /** Those that were set, as text. */
  readonly configs: Readonly<Record<string, string>>;
  readonly version: number;
  readonly createdAtMs: number;
}

/** A deleted topic of which partitions are left: those in `failed`, and those from `nextPartition` to `partitionCount`, exclusive. */
export interface StoredDeletion {
  readonly topicId: string;
  readonly partitionCount: number;
  /** Never tried from here on. */
  readonly nextPartition: number;
  /** Tried, and to be tried again. */
  readonly failed: readonly number[];
  /** Passes over the partitions that left some. */
  readonly attempts: number;
}

/** A page in the order of the names' UTF-8 bytes. */
export interface PageQuery {
  readonly prefix: string;
  /** Names after this one; "" is before every name. */
  readonly after: string;
  readonly limit: number;
}

export interface TopicStore {
  /** All of the calls in `body` or, when it throws, none. */
  transaction<T>(body: () => T): T;

  clusterId(): string;
  /** A number above all earlier ones, from 1. */
  nextVersion(): number;
  /** The first of `count` producer ids that nobody else has, from 0. */
  allocateProducerIds(count: number): number;

  topic(name: string): StoredTopic | null;
  topicById(topicId: string): StoredTopic | null;
  /** A topic whose name is the same as `name` or differs only in `.` and `_`: the same one first. */
  similarTopic(name: string): string | null;
  listTopics(query: PageQuery): StoredTopic[];
  /** Adds or replaces the topic with this name and id. */
  putTopic(topic: StoredTopic): void;
  removeTopic(name: string): void;

  deletion(topicId: string): StoredDeletion | null;
  /** Of the topics whose deletion is not finished. */
  deletingTopicIds(): string[];
  putDeletion(deletion: StoredDeletion): void;
  removeDeletion(topicId: string): void;

  hasGroup(groupId: string): boolean;
  addGroup(groupId: string): void;
  removeGroup(groupId: string): void;
  listGroups(query: PageQuery): string[];

  addTransaction(transactionalId: string): void;
  removeTransaction(transactionalId: string): void;
  listTransactions(query: PageQuery): string[];

  hasShareGroup(groupId: string): boolean;
  addShareGroup(groupId: string): void;
  removeShareGroup(groupId: string): void;
  listShareGroups(query: PageQuery): string[];
}

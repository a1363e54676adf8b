// The cluster object's store in SQLite. Rows written are what storage costs, so that a text key is the table itself (WITHOUT ROWID) and
// nothing has a second index: topics are found by id through a map in memory, filled by one scan in the life of the object.
//
// Stored; columns and tables may be added, never renamed or given another meaning. `cluster.schema` is the number to raise, and to
// migrate from, when that is not enough.

import type { PageQuery, StoredDeletion, StoredTopic, TopicStore } from "./topic-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS cluster (
    id INTEGER PRIMARY KEY CHECK (id = 0),  -- the only row
    schema INTEGER NOT NULL,                -- of these tables: 1
    cluster_id TEXT NOT NULL,               -- UUID, made once
    version INTEGER NOT NULL,               -- the last that was given
    next_producer_id INTEGER NOT NULL       -- all below were given
  );
  CREATE TABLE IF NOT EXISTS topics (
    name TEXT PRIMARY KEY,
    topic_id TEXT NOT NULL,                 -- UUID
    partition_count INTEGER NOT NULL,
    configs TEXT NOT NULL,                  -- JSON object, text to text
    version INTEGER NOT NULL,               -- at the last change
    created_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS deletions (
    topic_id TEXT PRIMARY KEY,
    partition_count INTEGER NOT NULL,
    next_partition INTEGER NOT NULL,        -- not tried from here on
    failed TEXT NOT NULL,                   -- JSON array of partitions to try again
    attempts INTEGER NOT NULL               -- passes that left some
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS groups (group_id TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS transactions (transactional_id TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS share_groups (group_id TEXT PRIMARY KEY) WITHOUT ROWID;
`;

type TopicRow = {
  readonly name: string;
  readonly topic_id: string;
  readonly partition_count: number;
  readonly configs: string;
  readonly version: number;
  readonly created_at_ms: number;
};

type DeletionRow = {
  readonly topic_id: string;
  readonly partition_count: number;
  readonly next_partition: number;
  readonly failed: string;
  readonly attempts: number;
};

export class SqliteTopicStore implements TopicStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  /** Topic id to name. Null until it is needed, and after a transaction that was rolled back. */
  #nameById: Map<string, string> | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(SCHEMA);
    this.#sql.exec("INSERT OR IGNORE INTO cluster VALUES (0, 1, ?, 0, 0)", crypto.randomUUID());
  }

  transaction<T>(body: () => T): T {
    try {
      return this.#storage.transactionSync(body);
    } catch (error) {
      this.#nameById = null;
      throw error;
    }
  }

  clusterId(): string {
    return this.#sql.exec<{ cluster_id: string }>("SELECT cluster_id FROM cluster").one().cluster_id;
  }

  nextVersion(): number {
    return this.#sql.exec<{ version: number }>("UPDATE cluster SET version = version + 1 RETURNING version").one().version;
  }

  allocateProducerIds(count: number): number {
    const query = "UPDATE cluster SET next_producer_id = next_producer_id + ?1 RETURNING next_producer_id - ?1 AS first";
    return this.#sql.exec<{ first: number }>(query, count).one().first;
  }

  topic(name: string): StoredTopic | null {
    const [row] = this.#sql.exec<TopicRow>("SELECT * FROM topics WHERE name = ?", name);
    return row === undefined ? null : toTopic(row);
  }

  topicById(topicId: string): StoredTopic | null {
    const name = this.#names().get(topicId);
    return name === undefined ? null : this.topic(name);
  }

  similarTopic(name: string): string | null {
    const firstCollidingAt = name.search(/[._]/);
    if (firstCollidingAt < 0) return this.topic(name)?.name ?? null;
    // A name that collides has the same beginning and then '.' or '_' ('`' is the character after '_'), so that only a part of the
    // table is read.
    const beginning = name.slice(0, firstCollidingAt);
    const [row] = this.#sql.exec<{ name: string }>(
      `SELECT name FROM topics WHERE name >= ?1 AND name < ?2 AND replace(name, '.', '_') = replace(?3, '.', '_')
       ORDER BY name <> ?3, name LIMIT 1`,
      `${beginning}.`,
      `${beginning}\``,
      name,
    );
    return row?.name ?? null;
  }

  listTopics(query: PageQuery): StoredTopic[] {
    const rows = this.#sql.exec<TopicRow>(
      "SELECT * FROM topics WHERE name >= ? AND name > ? ORDER BY name LIMIT ?",
      query.prefix,
      query.after,
      query.limit,
    );
    return withPrefix(rows, query, (row) => row.name).map(toTopic);
  }

  putTopic(topic: StoredTopic): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO topics (name, topic_id, partition_count, configs, version, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
      topic.name,
      topic.topicId,
      topic.partitionCount,
      JSON.stringify(topic.configs),
      topic.version,
      topic.createdAtMs,
    );
    this.#nameById?.set(topic.topicId, topic.name);
  }

  removeTopic(name: string): void {
    for (const { topic_id } of this.#sql.exec<{ topic_id: string }>("DELETE FROM topics WHERE name = ? RETURNING topic_id", name)) {
      this.#nameById?.delete(topic_id);
    }
  }

  deletion(topicId: string): StoredDeletion | null {
    const [row] = this.#sql.exec<DeletionRow>("SELECT * FROM deletions WHERE topic_id = ?", topicId);
    return row === undefined ? null : toDeletion(row);
  }

  deletingTopicIds(): string[] {
    return [...this.#sql.exec<{ topic_id: string }>("SELECT topic_id FROM deletions ORDER BY topic_id")].map((row) => row.topic_id);
  }

  putDeletion(deletion: StoredDeletion): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO deletions (topic_id, partition_count, next_partition, failed, attempts) VALUES (?, ?, ?, ?, ?)",
      deletion.topicId,
      deletion.partitionCount,
      deletion.nextPartition,
      JSON.stringify(deletion.failed),
      deletion.attempts,
    );
  }

  removeDeletion(topicId: string): void {
    this.#sql.exec("DELETE FROM deletions WHERE topic_id = ?", topicId);
  }

  hasGroup(groupId: string): boolean {
    return [...this.#sql.exec("SELECT 1 FROM groups WHERE group_id = ?", groupId)].length > 0;
  }

  addGroup(groupId: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO groups VALUES (?)", groupId);
  }

  removeGroup(groupId: string): void {
    this.#sql.exec("DELETE FROM groups WHERE group_id = ?", groupId);
  }

  listGroups(query: PageQuery): string[] {
    const rows = this.#sql.exec<{ group_id: string }>(
      "SELECT group_id FROM groups WHERE group_id >= ? AND group_id > ? ORDER BY group_id LIMIT ?",
      query.prefix,
      query.after,
      query.limit,
    );
    return withPrefix(rows, query, (row) => row.group_id).map((row) => row.group_id);
  }

  addTransaction(transactionalId: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO transactions VALUES (?)", transactionalId);
  }

  removeTransaction(transactionalId: string): void {
    this.#sql.exec("DELETE FROM transactions WHERE transactional_id = ?", transactionalId);
  }

  listTransactions(query: PageQuery): string[] {
    const rows = this.#sql.exec<{ transactional_id: string }>(
      "SELECT transactional_id FROM transactions WHERE transactional_id >= ? AND transactional_id > ? ORDER BY transactional_id LIMIT ?",
      query.prefix,
      query.after,
      query.limit,
    );
    return withPrefix(rows, query, (row) => row.transactional_id).map((row) => row.transactional_id);
  }

  hasShareGroup(groupId: string): boolean {
    return [...this.#sql.exec("SELECT 1 FROM share_groups WHERE group_id = ?", groupId)].length > 0;
  }

  addShareGroup(groupId: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO share_groups VALUES (?)", groupId);
  }

  removeShareGroup(groupId: string): void {
    this.#sql.exec("DELETE FROM share_groups WHERE group_id = ?", groupId);
  }

  listShareGroups(query: PageQuery): string[] {
    const rows = this.#sql.exec<{ group_id: string }>(
      "SELECT group_id FROM share_groups WHERE group_id >= ? AND group_id > ? ORDER BY group_id LIMIT ?",
      query.prefix,
      query.after,
      query.limit,
    );
    return withPrefix(rows, query, (row) => row.group_id).map((row) => row.group_id);
  }

  #names(): Map<string, string> {
    if (this.#nameById === null) {
      const rows = this.#sql.exec<{ topic_id: string; name: string }>("SELECT topic_id, name FROM topics");
      this.#nameById = new Map([...rows].map((row) => [row.topic_id, row.name]));
    }
    return this.#nameById;
  }
}

/**
 * The rows of a page whose name has the prefix: they stand together, in front. All are read: a cursor that is left open keeps SQLite from
 * emptying its write-ahead log until it is collected.
 */
function withPrefix<Row>(rows: Iterable<Row>, { prefix }: PageQuery, nameOf: (row: Row) => string): Row[] {
  return [...rows].filter((row) => nameOf(row).startsWith(prefix));
}

function toTopic(row: TopicRow): StoredTopic {
  return {
    name: row.name,
    topicId: row.topic_id,
    partitionCount: row.partition_count,
    configs: JSON.parse(row.configs) as Record<string, string>,
    version: row.version,
    createdAtMs: row.created_at_ms,
  };
}

function toDeletion(row: DeletionRow): StoredDeletion {
  return {
    topicId: row.topic_id,
    partitionCount: row.partition_count,
    nextPartition: row.next_partition,
    failed: JSON.parse(row.failed) as number[],
    attempts: row.attempts,
  };
}

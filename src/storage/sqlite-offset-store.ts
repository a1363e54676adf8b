// A group's offsets in SQLite. An offset is one row in a table that is its own index; topic ids, 36 characters each, are stored once and
// stood for by small integers. The tables are made by the first write, so that asking for a group that does not exist stores nothing,
// and a group that was cleared costs nothing.
//
// Stored; columns and tables may be added, never renamed or given another meaning. `consumer_group.schema` is the number to raise, and
// to migrate from, when that is not enough.

import type { OffsetStore, StoredOffset } from "./offset-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS consumer_group (
    id INTEGER PRIMARY KEY CHECK (id = 0),  -- the only row: the group exists
    schema INTEGER NOT NULL,                -- of these tables: 1
    group_id TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS topics (
    topic INTEGER PRIMARY KEY,              -- stands for the topic id in offsets
    topic_id TEXT NOT NULL,                 -- UUID
    name TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS offsets (
    topic INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,                -- the next to be read
    leader_epoch INTEGER NOT NULL,          -- -1: not known
    metadata TEXT NOT NULL,
    committed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
  ) WITHOUT ROWID;
`;

const DROP = "DROP TABLE IF EXISTS offsets; DROP TABLE IF EXISTS topics; DROP TABLE IF EXISTS consumer_group;";

type OffsetRow = {
  readonly topic_id: string;
  readonly name: string;
  readonly partition: number;
  readonly offset: number;
  readonly leader_epoch: number;
  readonly metadata: string;
  readonly committed_at_ms: number;
};

export class SqliteOffsetStore implements OffsetStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #groupId: string | null = null;
  /** Topic id to the integer that stands for it. */
  #topics = new Map<string, number>();

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#load();
  }

  groupId(): string | null {
    return this.#groupId;
  }

  putOffsets(groupId: string, offsets: readonly StoredOffset[]): void {
    try {
      this.#storage.transactionSync(() => {
        this.#makeGroup(groupId);
        for (const offset of offsets) this.#putOffset(offset);
      });
    } catch (error) {
      this.#load();
      throw error;
    }
  }

  offset(topicId: string, partition: number): StoredOffset | null {
    const topic = this.#topics.get(topicId);
    if (topic === undefined) return null;
    const [row] = this.#sql.exec<OffsetRow>(
      `SELECT topic_id, name, partition, offset, leader_epoch, metadata, committed_at_ms
       FROM offsets JOIN topics USING (topic) WHERE topic = ? AND partition = ?`,
      topic,
      partition,
    );
    return row === undefined ? null : toOffset(row);
  }

  offsets(): StoredOffset[] {
    if (this.#groupId === null) return [];
    const rows = this.#sql.exec<OffsetRow>(
      `SELECT topic_id, name, partition, offset, leader_epoch, metadata, committed_at_ms
       FROM offsets JOIN topics USING (topic) ORDER BY name, topic_id, partition`,
    );
    return [...rows].map(toOffset);
  }

  removeOffsets(offsets: readonly Pick<StoredOffset, "topicId" | "partition">[]): void {
    this.#storage.transactionSync(() => {
      for (const { topicId, partition } of offsets) {
        const topic = this.#topics.get(topicId);
        if (topic !== undefined) this.#sql.exec("DELETE FROM offsets WHERE topic = ? AND partition = ?", topic, partition);
      }
    });
  }

  async clear(scope: "group" | "object"): Promise<void> {
    this.#groupId = null; // at once: nothing may be written to what is about to go
    this.#topics.clear();
    try {
      if (scope === "object") await this.#storage.deleteAll();
      else this.#storage.transactionSync(() => this.#sql.exec(DROP));
    } catch (error) {
      this.#load();
      throw error;
    }
  }

  #load(): void {
    this.#groupId = null;
    this.#topics.clear();
    const [table] = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'consumer_group'");
    if (table === undefined) return;
    const [group] = this.#sql.exec<{ group_id: string }>("SELECT group_id FROM consumer_group");
    this.#groupId = group?.group_id ?? null;
    for (const row of this.#sql.exec<{ topic: number; topic_id: string }>("SELECT topic, topic_id FROM topics")) {
      this.#topics.set(row.topic_id, row.topic);
    }
  }

  #makeGroup(groupId: string): void {
    if (this.#groupId !== null) return;
    this.#sql.exec(SCHEMA);
    this.#sql.exec("INSERT INTO consumer_group VALUES (0, 1, ?)", groupId);
    this.#groupId = groupId;
  }

  #putOffset(offset: StoredOffset): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO offsets (topic, partition, offset, leader_epoch, metadata, committed_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
      this.#internTopic(offset.topicId, offset.topic),
      offset.partition,
      offset.offset,
      offset.leaderEpoch,
      offset.metadata,
      offset.committedAtMs,
    );
  }

  #internTopic(topicId: string, name: string): number {
    const known = this.#topics.get(topicId);
    if (known !== undefined) return known;
    const query = "INSERT INTO topics (topic_id, name) VALUES (?, ?) RETURNING topic";
    const { topic } = this.#sql.exec<{ topic: number }>(query, topicId, name).one();
    this.#topics.set(topicId, topic);
    return topic;
  }
}

function toOffset(row: OffsetRow): StoredOffset {
  return {
    topicId: row.topic_id,
    topic: row.name,
    partition: row.partition,
    offset: row.offset,
    leaderEpoch: row.leader_epoch,
    metadata: row.metadata,
    committedAtMs: row.committed_at_ms,
  };
}

// A partition's log in its Durable Object's SQLite. Rows written are what the platform charges for, so a flush is one row, and nothing
// is indexed beside the primary key.
//
//   log_state           one row
//     id                always 0
//     topic_id          UUID
//     partition         index in the topic
//     leader_epoch      rises at each start
//     log_start_offset  first offset that may be read
//     topic_version     of configs
//     configs           JSON object, the topic's set configs
//
//   log                 one row a flush, or a part of one
//     base_offset       of its first batch
//     end_offset        exclusive
//     position          bytes of the log before it
//     max_timestamp     ms
//     bytes             whole record batches, below 2 MB; last, so that the other columns are read without it
//
//   producer_snapshot   the newest snapshot's parts (src/log/producer-state.ts draws the bytes)
//     part              0, 1, …
//     end_offset        exclusive, the same in each part
//     bytes
//
// To change a table: add columns with defaults or new tables in `createTables`; never reuse a name for another meaning.

import type { LogRow, LogState, LogStore, ProducerSnapshot } from "../log/log-store.ts";

const ROW_COLUMNS = "base_offset, end_offset, position, max_timestamp, bytes";

type StateColumns = {
  topic_id: string;
  partition: number;
  leader_epoch: number;
  log_start_offset: number;
  topic_version: number;
  configs: string;
};

type RowColumns = { base_offset: number; end_offset: number; position: number; max_timestamp: number; bytes: ArrayBuffer };

type SnapshotColumns = { end_offset: number; bytes: ArrayBuffer };

export class SqliteLogStore implements LogStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** Makes the tables. Called before the first write only, so that an object that refuses everything stores nothing. */
  createTables(): void {
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS log_state (
        id INTEGER PRIMARY KEY, topic_id TEXT NOT NULL, partition INTEGER NOT NULL, leader_epoch INTEGER NOT NULL,
        log_start_offset INTEGER NOT NULL, topic_version INTEGER NOT NULL, configs TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS log (
        base_offset INTEGER PRIMARY KEY, end_offset INTEGER NOT NULL, position INTEGER NOT NULL, max_timestamp INTEGER NOT NULL,
        bytes BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS producer_snapshot (part INTEGER PRIMARY KEY, end_offset INTEGER NOT NULL, bytes BLOB NOT NULL)`);
  }

  loadState(): LogState | null {
    const hasTable = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'log_state'").next();
    if (hasTable.done) return null;
    const row = this.#sql.exec<StateColumns>("SELECT * FROM log_state").next();
    if (row.done) return null;
    return {
      topicId: row.value.topic_id,
      partition: row.value.partition,
      leaderEpoch: row.value.leader_epoch,
      logStartOffset: row.value.log_start_offset,
      topicVersion: row.value.topic_version,
      configs: JSON.parse(row.value.configs),
    };
  }

  saveState(state: LogState): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO log_state (id, topic_id, partition, leader_epoch, log_start_offset, topic_version, configs)
       VALUES (0, ?, ?, ?, ?, ?, ?)`,
      state.topicId,
      state.partition,
      state.leaderEpoch,
      state.logStartOffset,
      state.topicVersion,
      JSON.stringify(state.configs),
    );
  }

  transaction(work: () => void): void {
    this.#storage.transactionSync(work);
  }

  appendRow(row: LogRow): void {
    const statement = `INSERT INTO log (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?)`;
    this.#sql.exec(statement, row.baseOffset, row.endOffset, row.position, row.maxTimestamp, row.bytes);
  }

  firstRow(): LogRow | null {
    return this.#oneRow("ORDER BY base_offset LIMIT 1");
  }

  lastRow(): LogRow | null {
    return this.#oneRow("ORDER BY base_offset DESC LIMIT 1");
  }

  *rowsFrom(offset: number): Iterable<LogRow> {
    const holder = "coalesce((SELECT max(base_offset) FROM log WHERE base_offset <= ?), 0)";
    const rows = this.#sql.exec<RowColumns>(`SELECT ${ROW_COLUMNS} FROM log WHERE base_offset >= ${holder} ORDER BY base_offset`, offset);
    for (const columns of rows) {
      if (columns.end_offset > offset) yield toRow(columns);
    }
  }

  rowAtTimestamp(timestamp: number, fromOffset: number): LogRow | null {
    return this.#oneRow("WHERE end_offset > ? AND max_timestamp >= ? ORDER BY base_offset LIMIT 1", fromOffset, timestamp);
  }

  rowWithMaxTimestamp(fromOffset: number): LogRow | null {
    const newest = "SELECT base_offset FROM log WHERE end_offset > ? ORDER BY max_timestamp DESC, base_offset LIMIT 1";
    return this.#oneRow(`WHERE base_offset = (${newest})`, fromOffset);
  }

  loadProducerSnapshot(): ProducerSnapshot | null {
    const parts = this.#sql.exec<SnapshotColumns>("SELECT end_offset, bytes FROM producer_snapshot ORDER BY part").toArray();
    return parts.length === 0 ? null : { endOffset: parts[0]!.end_offset, parts: parts.map((part) => part.bytes) };
  }

  saveProducerSnapshot(snapshot: ProducerSnapshot): void {
    this.#sql.exec("DELETE FROM producer_snapshot WHERE part >= ?", snapshot.parts.length);
    for (const [part, bytes] of snapshot.parts.entries()) {
      this.#sql.exec(
        "INSERT OR REPLACE INTO producer_snapshot (part, end_offset, bytes) VALUES (?, ?, ?)",
        part,
        snapshot.endOffset,
        bytes,
      );
    }
  }

  #oneRow(clauses: string, ...values: number[]): LogRow | null {
    const row = this.#sql.exec<RowColumns>(`SELECT ${ROW_COLUMNS} FROM log ${clauses}`, ...values).next();
    return row.done ? null : toRow(row.value);
  }
}

function toRow(columns: RowColumns): LogRow {
  return {
    baseOffset: columns.base_offset,
    endOffset: columns.end_offset,
    position: columns.position,
    maxTimestamp: columns.max_timestamp,
    bytes: columns.bytes,
  };
}

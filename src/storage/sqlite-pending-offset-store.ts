// A group's pending offsets in SQLite: a table of their own, made by the first write, so that a group without transactions has none. A
// transaction of a few partitions is a few rows written, and as many deleted when it ends.
//
// Stored; columns may be added, never renamed or given another meaning. The table goes with the group: its object's storage is wiped.

import type { StoredOffset } from "./offset-store.ts";
import type { PartitionKey, PendingOffset, PendingOffsetStore, PendingTransaction } from "./pending-offset-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS pending_offsets (
    sequence INTEGER PRIMARY KEY,         -- rises with each that is put
    producer_id INTEGER NOT NULL,
    producer_epoch INTEGER NOT NULL,
    transaction_number INTEGER NOT NULL,  -- of the transactional id: tells its transactions apart
    topic_id TEXT NOT NULL,               -- UUID
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,              -- the next to be read
    leader_epoch INTEGER NOT NULL,        -- -1: not known
    metadata TEXT NOT NULL,
    committed_at_ms INTEGER NOT NULL,
    is_superseded INTEGER NOT NULL        -- 1: the partition's committed offset is newer
  );
`;

type OffsetRow = {
  readonly topic_id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leader_epoch: number;
  readonly metadata: string;
  readonly committed_at_ms: number;
  readonly is_superseded: number;
};

export class SqlitePendingOffsetStore implements PendingOffsetStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  isEmpty(): boolean {
    return !this.#hasTable() || [...this.#sql.exec("SELECT 1 FROM pending_offsets LIMIT 1")].length === 0;
  }

  transactionOf(producerId: number): PendingTransaction | null {
    if (!this.#hasTable()) return null;
    const [row] = this.#sql.exec<{ producer_epoch: number; transaction_number: number }>(
      "SELECT producer_epoch, transaction_number FROM pending_offsets WHERE producer_id = ? LIMIT 1",
      producerId,
    );
    return row === undefined ? null : { producerId, producerEpoch: row.producer_epoch, transactionNumber: row.transaction_number };
  }

  put(transaction: PendingTransaction, offsets: readonly StoredOffset[]): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(SCHEMA);
      for (const offset of offsets) this.#putOffset(transaction, offset);
    });
  }

  offsetsOf(producerId: number): PendingOffset[] {
    if (!this.#hasTable()) return [];
    const rows = this.#sql.exec<OffsetRow>(
      `SELECT topic_id, topic, partition, offset, leader_epoch, metadata, committed_at_ms, is_superseded
       FROM pending_offsets WHERE producer_id = ? ORDER BY sequence`,
      producerId,
    );
    return [...rows].map(toOffset);
  }

  remove(producerId: number): void {
    if (this.#hasTable()) this.#sql.exec("DELETE FROM pending_offsets WHERE producer_id = ?", producerId);
  }

  supersede(partitions: readonly PartitionKey[], producerId: number | null = null): void {
    if (this.isEmpty()) return;
    for (const { topicId, partition } of partitions) {
      this.#sql.exec(
        `UPDATE pending_offsets SET is_superseded = 1 WHERE topic_id = ?1 AND partition = ?2 AND (?3 IS NULL OR sequence <
           (SELECT sequence FROM pending_offsets WHERE topic_id = ?1 AND partition = ?2 AND producer_id = ?3))`,
        topicId,
        partition,
        producerId,
      );
    }
  }

  partitions(): PartitionKey[] {
    if (!this.#hasTable()) return [];
    const rows = this.#sql.exec<Pick<OffsetRow, "topic_id" | "topic" | "partition">>(
      "SELECT DISTINCT topic, topic_id, partition FROM pending_offsets ORDER BY topic, topic_id, partition",
    );
    return [...rows].map((row) => ({ topicId: row.topic_id, topic: row.topic, partition: row.partition }));
  }

  clear(): void {
    this.#sql.exec("DROP TABLE IF EXISTS pending_offsets");
  }

  #hasTable(): boolean {
    return [...this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'pending_offsets'")].length > 0;
  }

  #putOffset({ producerId, producerEpoch, transactionNumber }: PendingTransaction, offset: StoredOffset): void {
    const { topicId, topic, partition, leaderEpoch, metadata, committedAtMs } = offset;
    const isSame = "producer_id = ? AND topic_id = ? AND partition = ?";
    this.#sql.exec(`DELETE FROM pending_offsets WHERE ${isSame}`, producerId, topicId, partition);
    this.#sql.exec(
      `INSERT INTO pending_offsets (producer_id, producer_epoch, transaction_number, topic_id, topic, partition, offset, leader_epoch,
         metadata, committed_at_ms, is_superseded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
      ...[producerId, producerEpoch, transactionNumber],
      ...[topicId, topic, partition, offset.offset, leaderEpoch, metadata, committedAtMs],
    );
  }
}

function toOffset(row: OffsetRow): PendingOffset {
  return {
    topicId: row.topic_id,
    topic: row.topic,
    partition: row.partition,
    offset: row.offset,
    leaderEpoch: row.leader_epoch,
    metadata: row.metadata,
    committedAtMs: row.committed_at_ms,
    isSuperseded: row.is_superseded === 1,
  };
}

// What a partition's log needs from storage. Implementations: src/storage/sqlite-log-store.ts, src/storage/memory-log-store.ts.
//
// Invariant: rows follow one another without a hole, row.baseOffset = the row before's endOffset, and likewise for positions.
// Everything is synchronous; what happens inside one `transaction` becomes durable whole or not at all.

/** What a partition knows of itself beside its records. Stored; written at each start and when its topic changes. */
export interface LogState {
  readonly topicId: string;
  readonly partition: number;
  /** Rises by one at each start. */
  readonly leaderEpoch: number;
  readonly logStartOffset: number;
  /** TopicMetadata.version that `configs` is of. */
  readonly topicVersion: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** A run of whole batches that was flushed together, or a part of one: at most MAX_ROW_BYTES. */
export interface LogRow {
  /** Of its first batch. */
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  /** Bytes of the log before this row. */
  readonly position: number;
  /** Largest timestamp in it (ms). */
  readonly maxTimestamp: number;
  readonly bytes: ArrayBuffer;
}

/** The producers' state up to an offset, in parts below the limit of a row. */
export interface ProducerSnapshot {
  /** Exclusive: batches from here on are not in it. */
  readonly endOffset: number;
  readonly parts: readonly ArrayBuffer[];
}

export interface LogStore {
  /** null: nothing was ever written, or it was destroyed. */
  loadState(): LogState | null;
  saveState(state: LogState): void;
  transaction(work: () => void): void;
  appendRow(row: LogRow): void;
  firstRow(): LogRow | null;
  lastRow(): LogRow | null;
  /** Rows in order, from the one that holds `offset` (or the first after it). Take what you need before the next await. */
  rowsFrom(offset: number): Iterable<LogRow>;
  /** The first row at or after `fromOffset` that has a timestamp at or above `timestamp`. */
  rowAtTimestamp(timestamp: number, fromOffset: number): LogRow | null;
  /** The row with the largest timestamp, the first of them. */
  rowWithMaxTimestamp(fromOffset: number): LogRow | null;
  loadProducerSnapshot(): ProducerSnapshot | null;
  /** Replaces the one before. */
  saveProducerSnapshot(snapshot: ProducerSnapshot): void;
}

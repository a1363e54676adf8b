// A partition's log in its Durable Object's SQLite. Rows written are what the platform charges for, so a flush is one row, nothing is
// indexed beside the primary keys, and a segment's rows go all at once with their table.
//
//   log_state           one row
//     id                always 0
//     topic_id          UUID
//     partition         index in the topic
//     leader_epoch      rises at each start
//     log_start_offset  first offset that may be read
//     first_dirty_offset, round_end_offset, round_next_offset
//                       how far the log is compacted (CleanerState of src/log/log-store.ts; the last two null: no round is under way)
//     topic_version     of configs
//     configs           JSON object, the topic's set configs
//
//   segments            the manifest, one row a segment (src/log/segment.ts tells what the columns mean)
//     base_offset, generation, place, created_at_ms, end_offset, size_bytes, max_timestamp, sealed_at_ms, crc32c, delete_horizon_ms,
//     archive_epoch, archive_attempt, index_bytes, time_index_bytes (all four null: not in the archive)
//
//   segment_N           the rows of the local segment with base offset N, one row a flush, or a part of one; segment_N_G those of its
//                       generation G, from 1 on
//     base_offset       of its first batch
//     end_offset        exclusive
//     position          bytes of the segment before it
//     size_bytes        of its batches
//     max_timestamp     largest of the segment up to here (ms)
//     bytes             whole record batches; last, so that the other columns are read without it. A row of more than MAX_ROW_BYTES
//                       (one large batch) goes on in
//   segment_N_parts     (or segment_N_G_parts) base_offset, part (1, 2, …), bytes
//
//   aborted_transactions  one row a transaction that was aborted (src/log/aborted-transactions.ts)
//     last_offset       of its marker
//     producer_id, first_offset, last_stable_offset
//
//   producer_snapshot   the newest snapshot's parts (src/log/producer-state.ts draws the bytes)
//     part              0, 1, …
//     end_offset        exclusive, the same in each part
//     bytes
//
// Every query is read to its end at once: a cursor that is left open locks its tables, and a segment's could not be dropped. So long
// results are read in pages of whole rows: as many bytes as the reader wants, or small at first for those who want one batch.
//
// To change a table: add columns with defaults or new tables in `createTables`; never reuse a name for another meaning.

import { MAX_ROW_BYTES } from "../common/limits/platform.ts";
import type { AbortedEntry } from "../log/aborted-transactions.ts";
import type { LogRow, LogState, LogStore, ProducerSnapshot, RowPlace } from "../log/log-store.ts";
import { type Segment, type SegmentName, SegmentPlace } from "../log/segment.ts";
import { SegmentTimes } from "./segment-times.ts";

type StateColumns = {
  topic_id: string;
  partition: number;
  leader_epoch: number;
  log_start_offset: number;
  first_dirty_offset: number;
  round_end_offset: number | null;
  round_next_offset: number | null;
  topic_version: number;
  configs: string;
};

type SegmentColumns = {
  base_offset: number;
  generation: number;
  place: number;
  created_at_ms: number;
  end_offset: number;
  size_bytes: number;
  max_timestamp: number;
  sealed_at_ms: number;
  crc32c: number | null;
  delete_horizon_ms: number | null;
  archive_epoch: number | null;
  archive_attempt: number;
  index_bytes: number;
  time_index_bytes: number;
};

type PlaceColumns = { base_offset: number; end_offset: number; position: number; size_bytes: number; max_timestamp: number };
type RowColumns = PlaceColumns & { bytes: ArrayBuffer };
type AbortedColumns = { last_offset: number; producer_id: number; first_offset: number; last_stable_offset: number };
type SnapshotColumns = { end_offset: number; bytes: ArrayBuffer };

const PLACE_COLUMNS = "base_offset, end_offset, position, size_bytes, max_timestamp";

/** Bytes of rows in a page, from the first to the largest; one row in any case. */
const FIRST_PAGE_BYTES = 64 * 1024;
const MAX_PAGE_BYTES = 1024 * 1024;

/** Manifest rows in the first page and in those after it. */
const FIRST_PAGE_SEGMENTS = 4;
const MAX_PAGE_SEGMENTS = 250;

/** Made when a log is opened too, should the log be from before there were transactions. */
const ABORTED_TABLE = `CREATE TABLE IF NOT EXISTS aborted_transactions (
  last_offset INTEGER PRIMARY KEY, producer_id INTEGER NOT NULL, first_offset INTEGER NOT NULL, last_stable_offset INTEGER NOT NULL)`;

/** Aborted transactions in the first page and in those after it: a reader mostly wants to see that there are none. */
const FIRST_PAGE_ABORTED = 16;
const MAX_PAGE_ABORTED = 1_000;

export class SqliteLogStore implements LogStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  /** Of the sealed segments, null where the manifest changed since they were read. */
  #times: SegmentTimes | null = null;
  /** Not below that of any aborted transaction; null where they were not looked at. Most logs have none, and every reader asks. */
  #lastAbortedOffset: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** Makes the tables. Called before the first write only, so that an object that refuses everything stores nothing. */
  createTables(): void {
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS log_state (
        id INTEGER PRIMARY KEY, topic_id TEXT NOT NULL, partition INTEGER NOT NULL, leader_epoch INTEGER NOT NULL,
        log_start_offset INTEGER NOT NULL, first_dirty_offset INTEGER NOT NULL, round_end_offset INTEGER, round_next_offset INTEGER,
        topic_version INTEGER NOT NULL, configs TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS segments (
        base_offset INTEGER PRIMARY KEY, generation INTEGER NOT NULL, place INTEGER NOT NULL, created_at_ms INTEGER NOT NULL,
        end_offset INTEGER NOT NULL, size_bytes INTEGER NOT NULL, max_timestamp INTEGER NOT NULL, sealed_at_ms INTEGER NOT NULL,
        crc32c INTEGER, delete_horizon_ms INTEGER, archive_epoch INTEGER, archive_attempt INTEGER, index_bytes INTEGER,
        time_index_bytes INTEGER);
      ${ABORTED_TABLE};
      CREATE TABLE IF NOT EXISTS producer_snapshot (part INTEGER PRIMARY KEY, end_offset INTEGER NOT NULL, bytes BLOB NOT NULL)`);
  }

  loadState(): LogState | null {
    if (!this.#hasTable("log_state")) return null;
    const row = this.#sql.exec<StateColumns>("SELECT * FROM log_state").toArray()[0];
    if (row === undefined) return null;
    this.#sql.exec(ABORTED_TABLE);
    return {
      topicId: row.topic_id,
      partition: row.partition,
      leaderEpoch: row.leader_epoch,
      logStartOffset: row.log_start_offset,
      cleaner: {
        firstDirtyOffset: row.first_dirty_offset,
        round: row.round_end_offset === null ? null : { endOffset: row.round_end_offset, nextOffset: row.round_next_offset ?? 0 },
      },
      topicVersion: row.topic_version,
      configs: JSON.parse(row.configs),
    };
  }

  saveState(state: LogState): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO log_state (id, topic_id, partition, leader_epoch, log_start_offset, first_dirty_offset, round_end_offset,
         round_next_offset, topic_version, configs) VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      state.topicId,
      state.partition,
      state.leaderEpoch,
      state.logStartOffset,
      state.cleaner.firstDirtyOffset,
      state.cleaner.round?.endOffset ?? null,
      state.cleaner.round?.nextOffset ?? null,
      state.topicVersion,
      JSON.stringify(state.configs),
    );
  }

  transaction(work: () => void): void {
    this.#storage.transactionSync(work);
  }

  putSegment(segment: Segment): void {
    const { archive } = segment;
    this.#times = null;
    this.#sql.exec(
      `INSERT OR REPLACE INTO segments (base_offset, generation, place, created_at_ms, end_offset, size_bytes, max_timestamp, sealed_at_ms,
         crc32c, delete_horizon_ms, archive_epoch, archive_attempt, index_bytes, time_index_bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      segment.baseOffset,
      segment.generation,
      segment.place,
      segment.createdAtMs,
      segment.endOffset,
      segment.sizeBytes,
      segment.maxTimestamp,
      segment.sealedAtMs,
      segment.crc32c,
      segment.deleteHorizonMs,
      archive?.leaderEpoch ?? null,
      archive?.attempt ?? null,
      archive?.indexBytes ?? null,
      archive?.timeIndexBytes ?? null,
    );
  }

  removeSegment(baseOffset: number): void {
    this.#times = null;
    this.#sql.exec("DELETE FROM segments WHERE base_offset = ?", baseOffset);
  }

  segmentHolding(offset: number): Segment | null {
    return this.#oneSegment("WHERE base_offset <= ? ORDER BY base_offset DESC LIMIT 1", offset);
  }

  *segmentsFrom(baseOffset: number): Iterable<Segment> {
    const query = "SELECT * FROM segments WHERE base_offset >= ? ORDER BY base_offset LIMIT ?";
    yield* this.#segmentPages(query, baseOffset, 1);
  }

  *newestSegments(): Iterable<Segment> {
    const query = "SELECT * FROM segments WHERE base_offset <= ? ORDER BY base_offset DESC LIMIT ?";
    yield* this.#segmentPages(query, Number.MAX_SAFE_INTEGER, -1);
  }

  lastSegment(): Segment | null {
    return this.#oneSegment("ORDER BY base_offset DESC LIMIT 1");
  }

  segmentAtTimestamp(timestamp: number, fromBaseOffset: number): Segment | null {
    this.#times ??= this.#readTimes();
    const baseOffset = this.#times.firstAtOrAbove(timestamp, fromBaseOffset);
    return baseOffset === null ? null : this.segmentHolding(baseOffset);
  }

  sealedBytes(): number {
    const query = "SELECT coalesce(sum(size_bytes), 0) AS bytes FROM segments WHERE place NOT IN (?, ?)";
    return this.#sql.exec<{ bytes: number }>(query, SegmentPlace.active, SegmentPlace.deleting).one().bytes;
  }

  createRows(segment: SegmentName): void {
    this.#sql.exec(`CREATE TABLE ${rowsTable(segment)} (
      base_offset INTEGER PRIMARY KEY, end_offset INTEGER NOT NULL, position INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
      max_timestamp INTEGER NOT NULL, bytes BLOB NOT NULL)`);
  }

  dropRows(segment: SegmentName): void {
    this.#sql.exec(`DROP TABLE IF EXISTS ${rowsTable(segment)}; DROP TABLE IF EXISTS ${partsTable(segment)}`);
  }

  dropStrayRows(): number {
    const tables = this.#sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'segment_*'");
    const listed = new Set([...this.segmentsFrom(0)].flatMap((segment) => [rowsTable(segment), partsTable(segment)]));
    const strays = [...tables].map(({ name }) => name).filter((name) => !listed.has(name));
    for (const name of strays) this.#sql.exec(`DROP TABLE ${name}`);
    return strays.filter((name) => !name.endsWith("_parts")).length;
  }

  appendRow(segment: SegmentName, row: LogRow): void {
    const first = row.bytes.byteLength <= MAX_ROW_BYTES ? row.bytes : row.bytes.slice(0, MAX_ROW_BYTES);
    this.#sql.exec(
      `INSERT INTO ${rowsTable(segment)} (${PLACE_COLUMNS}, bytes) VALUES (?, ?, ?, ?, ?, ?)`,
      row.baseOffset,
      row.endOffset,
      row.position,
      row.sizeBytes,
      row.maxTimestamp,
      first,
    );
    if (first !== row.bytes) this.#appendParts(segment, row);
  }

  *rowsFrom(segment: SegmentName, offset: number, maxBytes = Number.POSITIVE_INFINITY): Iterable<LogRow> {
    let next = this.#startOfRows(segment, offset);
    const table = rowsTable(segment);
    // The row that would outgrow the page ends it. A plain condition on the position, which has no index, would look at every row that
    // is left in the segment; the inner query stops at the first.
    const query = `SELECT ${PLACE_COLUMNS}, bytes FROM ${table}
      WHERE base_offset >= ?1 AND base_offset < coalesce(
        (SELECT base_offset FROM ${table} WHERE base_offset >= ?1 AND position > ?2 AND position + size_bytes > ?2 + ?3
         ORDER BY base_offset LIMIT 1), ${Number.MAX_SAFE_INTEGER})
      ORDER BY base_offset`;
    let left = maxBytes;
    for (let page = FIRST_PAGE_BYTES; ; page = Math.min(page * 4, MAX_PAGE_BYTES)) {
      if (maxBytes !== Number.POSITIVE_INFINITY) page = Math.min(left, MAX_PAGE_BYTES);
      const rows = this.#sql.exec<RowColumns>(query, next.offset, next.position, page).toArray();
      for (const columns of rows) {
        if (columns.end_offset > offset) yield { ...toPlace(columns), bytes: this.#wholeBytes(segment, columns) };
      }
      const last = rows.at(-1);
      if (last === undefined || page === left) return;
      const position = last.position + last.size_bytes;
      left -= position - next.position;
      if (left <= 0) return;
      next = { offset: last.base_offset + 1, position };
    }
  }

  rowHolding(segment: SegmentName, offset: number): RowPlace | null {
    return this.#onePlace(segment, "WHERE base_offset <= ? ORDER BY base_offset DESC LIMIT 1", offset);
  }

  lastRow(segment: SegmentName): RowPlace | null {
    return this.#onePlace(segment, "ORDER BY base_offset DESC LIMIT 1");
  }

  addAborted({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedEntry): void {
    this.#lastAbortedOffset = Math.max(this.#lastAborted(), lastOffset);
    this.#sql.exec(
      "INSERT OR REPLACE INTO aborted_transactions (last_offset, producer_id, first_offset, last_stable_offset) VALUES (?, ?, ?, ?)",
      lastOffset,
      producerId,
      firstOffset,
      lastStableOffset,
    );
  }

  removeAborted(lastOffsets: readonly number[]): void {
    for (const lastOffset of lastOffsets) this.#sql.exec("DELETE FROM aborted_transactions WHERE last_offset = ?", lastOffset);
  }

  dropAbortedBefore(offset: number): void {
    this.#sql.exec("DELETE FROM aborted_transactions WHERE last_offset < ?", offset);
  }

  *abortedFrom(offset: number): Iterable<AbortedEntry> {
    if (offset > this.#lastAborted()) return;
    const query = "SELECT * FROM aborted_transactions WHERE last_offset >= ? ORDER BY last_offset LIMIT ?";
    for (let from = offset, page = FIRST_PAGE_ABORTED; ; page = MAX_PAGE_ABORTED) {
      const rows = this.#sql.exec<AbortedColumns>(query, from, page).toArray();
      for (const row of rows) yield toAborted(row);
      if (rows.length < page) return;
      from = rows.at(-1)!.last_offset + 1;
    }
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

  #lastAborted(): number {
    const query = "SELECT coalesce(max(last_offset), -1) AS last_offset FROM aborted_transactions";
    this.#lastAbortedOffset ??= this.#sql.exec<Pick<AbortedColumns, "last_offset">>(query).one().last_offset;
    return this.#lastAbortedOffset;
  }

  #appendParts(segment: SegmentName, row: LogRow): void {
    const table = partsTable(segment);
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS ${table} (
      base_offset INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (base_offset, part)) WITHOUT ROWID`);
    for (let part = 1; part * MAX_ROW_BYTES < row.bytes.byteLength; part++) {
      const bytes = row.bytes.slice(part * MAX_ROW_BYTES, (part + 1) * MAX_ROW_BYTES);
      this.#sql.exec(`INSERT INTO ${table} (base_offset, part, bytes) VALUES (?, ?, ?)`, row.baseOffset, part, bytes);
    }
  }

  /** Of the row that holds `offset`, or of the first after it. */
  #startOfRows(segment: SegmentName, offset: number): { readonly offset: number; readonly position: number } {
    const row = this.rowHolding(segment, offset);
    if (row === null) return { offset: 0, position: 0 };
    const isPast = row.endOffset <= offset;
    return isPast
      ? { offset: row.baseOffset + 1, position: row.position + row.sizeBytes }
      : { offset: row.baseOffset, position: row.position };
  }

  #wholeBytes(segment: SegmentName, columns: RowColumns): ArrayBuffer {
    if (columns.bytes.byteLength === columns.size_bytes) return columns.bytes;
    const whole = new Uint8Array(columns.size_bytes);
    whole.set(new Uint8Array(columns.bytes));
    let position = columns.bytes.byteLength;
    const query = `SELECT bytes FROM ${partsTable(segment)} WHERE base_offset = ? ORDER BY part`;
    for (const { bytes } of this.#sql.exec<{ bytes: ArrayBuffer }>(query, columns.base_offset)) {
      whole.set(new Uint8Array(bytes), position);
      position += bytes.byteLength;
    }
    return whole.buffer;
  }

  #hasTable(name: string): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name).toArray().length > 0;
  }

  /** @param direction of the query: 1 upwards, -1 downwards */
  *#segmentPages(query: string, firstOffset: number, direction: 1 | -1): Iterable<Segment> {
    for (let from = firstOffset, page = FIRST_PAGE_SEGMENTS; ; page = MAX_PAGE_SEGMENTS) {
      const rows = this.#sql.exec<SegmentColumns>(query, from, page).toArray();
      for (const row of rows) yield toSegment(row);
      if (rows.length < page) return;
      from = rows.at(-1)!.base_offset + direction;
    }
  }

  #readTimes(): SegmentTimes {
    const query = "SELECT base_offset, max_timestamp FROM segments WHERE place <> ? ORDER BY base_offset";
    const rows = this.#sql.exec<Pick<SegmentColumns, "base_offset" | "max_timestamp">>(query, SegmentPlace.active).toArray();
    return new SegmentTimes(rows.map((row) => ({ baseOffset: row.base_offset, maxTimestamp: row.max_timestamp })));
  }

  #oneSegment(clauses: string, ...values: number[]): Segment | null {
    const row = this.#sql.exec<SegmentColumns>(`SELECT * FROM segments ${clauses}`, ...values).toArray()[0];
    return row === undefined ? null : toSegment(row);
  }

  #onePlace(segment: SegmentName, clauses: string, ...values: number[]): RowPlace | null {
    const query = `SELECT ${PLACE_COLUMNS} FROM ${rowsTable(segment)} ${clauses}`;
    const row = this.#sql.exec<PlaceColumns>(query, ...values).toArray()[0];
    return row === undefined ? null : toPlace(row);
  }
}

function rowsTable({ baseOffset, generation }: SegmentName): string {
  return generation === 0 ? `segment_${baseOffset}` : `segment_${baseOffset}_${generation}`;
}

function partsTable(segment: SegmentName): string {
  return `${rowsTable(segment)}_parts`;
}

function toPlace(columns: PlaceColumns): RowPlace {
  return {
    baseOffset: columns.base_offset,
    endOffset: columns.end_offset,
    position: columns.position,
    sizeBytes: columns.size_bytes,
    maxTimestamp: columns.max_timestamp,
  };
}

function toAborted(columns: AbortedColumns): AbortedEntry {
  return {
    producerId: columns.producer_id,
    firstOffset: columns.first_offset,
    lastOffset: columns.last_offset,
    lastStableOffset: columns.last_stable_offset,
  };
}

function toSegment(columns: SegmentColumns): Segment {
  return {
    baseOffset: columns.base_offset,
    generation: columns.generation,
    place: columns.place as SegmentPlace,
    createdAtMs: columns.created_at_ms,
    endOffset: columns.end_offset,
    sizeBytes: columns.size_bytes,
    maxTimestamp: columns.max_timestamp,
    sealedAtMs: columns.sealed_at_ms,
    crc32c: columns.crc32c,
    deleteHorizonMs: columns.delete_horizon_ms,
    archive:
      columns.archive_epoch === null
        ? null
        : {
            leaderEpoch: columns.archive_epoch,
            attempt: columns.archive_attempt,
            indexBytes: columns.index_bytes,
            timeIndexBytes: columns.time_index_bytes,
          },
  };
}

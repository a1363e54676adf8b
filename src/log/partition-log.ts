// The log of one partition: assigns offsets, refuses what must not be written, rolls segments, reads by offset. Pure: storage and time
// come in.
//
// Invariants:
// - Offsets are given without a hole, in the order of the appends.
// - What `append` returns is written in one transaction of the store; the caller lets the answer out once that is durable.
// - A change that throws may have changed memory and not the store: the instance is done with, refuses everything that changes the
//   log, and says so to its owner, who drops it and opens another over the same store.
// - There is an active segment from the first append on, so that the end of the log is known whatever expires.
// - Producer state is derived: the last snapshot, and the batches after it. A change that begins a segment takes one at its end, when
//   the log holds all that the producers know of: so a start reads the active segment at most.

import type { Failure } from "../common/errors.ts";
import { NEWEST_ROWS_BYTES, PRODUCER_ID_EXPIRATION_MS, SHARED_ROW_BYTES } from "../common/limits/partition-log.ts";
import { type BatchHeader, isControl } from "../record/record-batch.ts";
import { type AppendedRun, type AppendItem, AppendPlan } from "./append-plan.ts";
import { type LogConfig, offsetIndexBytes } from "./log-config.ts";
import {
  batchesOf,
  DamagedRowError,
  findByTimestamp,
  type InArchive,
  type LogRead,
  type ReadLimits,
  readLog,
  readRows,
} from "./log-reader.ts";
import type { CleanerState, LogRow, LogState, LogStore } from "./log-store.ts";
import { NewestRows } from "./newest-rows.ts";
import { type ProducerDescription, ProducerState } from "./producer-state.ts";
import type { RecordTools, TimestampedOffset } from "./record-tools.ts";
import { type PackedRow, RowWriter } from "./row-writer.ts";
import { type CopyName, MAX_SEGMENT_OFFSETS, type Segment, type SegmentName, SegmentPlace } from "./segment.ts";
import { type PlacedSegment, sealAgeMs } from "./segment-jitter.ts";

export type { AppendedRun, AppendItem };

/** A producer snapshot is taken after this many bytes or rows, so that a start reads no more than that again. */
const SNAPSHOT_INTERVAL_BYTES = 16 * 1024 * 1024;
const SNAPSHOT_INTERVAL_ROWS = 2_000;

/** Of a segment that was neither copied to the archive nor compacted. */
const UNCOPIED = { crc32c: null, archive: null, deleteHorizonMs: null } as const;

/** What an active segment grows by. */
interface ActiveSegment extends SegmentName {
  /** Of its first batch (ms); of its beginning while it is empty. */
  createdAtMs: number;
  sizeBytes: number;
  /** ms, -1 without records */
  maxTimestamp: number;
}

export class PartitionLog {
  readonly #store: LogStore;
  readonly #tools: RecordTools;
  readonly #now: () => number;
  readonly #abandon: (error: unknown) => void;
  readonly #producers: ProducerState;
  readonly #newest = new NewestRows(NEWEST_ROWS_BYTES);
  #state: LogState;
  /** null: nothing was ever appended. */
  #active: ActiveSegment | null = null;
  #logEndOffset = 0;
  #bytesSinceSnapshot = 0;
  #rowsSinceSnapshot = 0;
  #isSnapshotDue = false;
  #hasRolled = false;
  #hasFailed = false;
  /** Whether the leader epoch is stored. */
  #hasBegun = false;
  #failedCopies = 0;

  /**
   * Opens the log as the next leader epoch, which is stored with the first change: before anything is written in it, and not for readers
   * alone, so that a log can be read on a disk that takes nothing more. A life that changes nothing leaves its epoch to the next.
   * @param abandon told of a change that threw: from then on only another instance over the store knows the log
   * @throws DamagedRowError where the end of the log is not what was written
   */
  constructor(store: LogStore, state: LogState, tools: RecordTools, now: () => number, abandon: (error: unknown) => void = () => {}) {
    this.#store = store;
    this.#tools = tools;
    this.#now = now;
    this.#abandon = abandon;
    this.#state = { ...state, leaderEpoch: state.leaderEpoch + 1 };
    this.#producers = new ProducerState(this.#state.leaderEpoch);
    this.#recover();
  }

  get state(): LogState {
    return this.#state;
  }

  /** Exclusive; what is written is durable before anybody sees it, so this is also the log end offset. */
  get highWatermark(): number {
    return this.#logEndOffset;
  }

  /** Exclusive: everything below belongs to no transaction, or to one that has ended. */
  get lastStableOffset(): number {
    return Math.max(this.logStartOffset, this.#producers.firstOpenOffset ?? this.#logEndOffset);
  }

  /** The producers that are remembered, by producer id. */
  describeProducers(): ProducerDescription[] {
    return this.#producers.describe();
  }

  /** Bytes of the active segment. */
  get activeBytes(): number {
    return this.#active?.sizeBytes ?? 0;
  }

  /** Largest timestamp of the active segment (ms), -1 without records. */
  get activeMaxTimestamp(): number {
    return this.#active?.maxTimestamp ?? -1;
  }

  get logStartOffset(): number {
    return this.#state.logStartOffset;
  }

  /** Bytes of batches in all segments, local and archived. */
  get sizeBytes(): number {
    return this.#store.sealedBytes() + (this.#active?.sizeBytes ?? 0);
  }

  setConfigs(topicVersion: number, configs: Readonly<Record<string, string>>): void {
    this.#change(() => this.#saveState({ ...this.#state, topicVersion, configs }));
  }

  /**
   * Notes how far the log is compacted, in one transaction with what got it there: what is noted as compacted is never looked at again.
   * @param rewrite of the manifest
   */
  setCleaner(cleaner: CleanerState, rewrite: () => void = () => {}): void {
    this.#change(() =>
      this.#store.transaction(() => {
        rewrite();
        this.#saveState({ ...this.#state, cleaner });
      }),
    );
  }

  /** Whether a stored batch is the newest of its producer, by which a repeat of it is recognised. */
  isLastOfProducer(batch: BatchHeader): boolean {
    return this.#producers.isLast(batch);
  }

  /**
   * Appends runs of whole, validated batches, each run whole or not at all, and transactions' ends, all in one transaction of the store.
   * Sets base offsets and leader epochs in the runs' own bytes.
   * @returns for each item where it begins, or why it was refused (Unverified where a transaction must be verified first)
   */
  append(items: readonly AppendItem[], config: LogConfig): (AppendedRun | Failure)[] {
    return this.#change(() => this.#append(items, config));
  }

  #append(items: readonly AppendItem[], config: LogConfig): (AppendedRun | Failure)[] {
    const nowMs = this.#now();
    const rows = new RowWriter(this.#logEndOffset, Math.min(SHARED_ROW_BYTES, config.segmentBytes));
    const { leaderEpoch } = this.#state;
    const plan = new AppendPlan({ producers: this.#producers, tools: this.#tools, config, rows, leaderEpoch, nowMs });
    const stableBefore = this.lastStableOffset;
    const results = items.map((item) => plan.add(item));
    const packed = plan.finish();
    if (packed.length > 0) {
      const written: LogRow[] = [];
      this.#store.transaction(() => {
        for (const row of packed) written.push(this.#appendRow(row, config, nowMs));
        for (const entry of plan.aborted) this.#store.addAborted(entry);
        this.#snapshotProducersIfDue();
      });
      this.#newest.add(written, this.#active!.baseOffset);
      // Sealed segments that waited for a transaction's end may be compacted from here on.
      const wasBehind = this.#active !== null && stableBefore < this.#active.baseOffset;
      this.#hasRolled ||= wasBehind && this.lastStableOffset > stableBefore;
    }
    return results;
  }

  /** Whole batches from the one that holds `offset` on, or the segment that has them. `offset` must be in range. */
  read(offset: number, limits: ReadLimits): LogRead | InArchive {
    const endOffset = Math.min(limits.endOffset ?? this.#logEndOffset, this.#logEndOffset);
    if (offset >= endOffset) return { batches: new ArrayBuffer(0), nextOffset: offset };
    const newest = this.#newest.from(offset);
    const read = newest === null ? readLog(this.#store, offset, limits) : readRows(newest, offset, limits);
    return "segment" in read ? read : { ...read, nextOffset: Math.min(read.nextOffset, this.#logEndOffset) };
  }

  /** The first record at or after `fromOffset` with a timestamp at or above `timestamp` (ms), null where there is none. */
  findByTimestamp(timestamp: number, fromOffset: number): TimestampedOffset | InArchive | null {
    return findByTimestamp(this.#store, this.#tools, timestamp, Math.max(fromOffset, this.logStartOffset));
  }

  /** The largest timestamp in the log (ms), -1 where there is none. */
  maxTimestamp(): number {
    let max = this.#active?.maxTimestamp ?? -1;
    for (const segment of this.#store.segmentsFrom(0)) {
      const isReadable = segment.place !== SegmentPlace.deleting && segment.place !== SegmentPlace.active;
      if (isReadable) max = Math.max(max, segment.maxTimestamp);
    }
    return max;
  }

  /** When the active segment is to be sealed, for its age or because it expired or was deleted (ms), null while it is empty. */
  rollDueMs(config: LogConfig): number | null {
    const active = this.#active;
    if (active === null || active.sizeBytes === 0) return null;
    if (this.#logEndOffset === this.logStartOffset) return 0; // all of it was deleted
    const byAge = active.createdAtMs + sealAgeMs(this.#placeOf(active), config);
    if (!config.isDeleted || config.retentionMs < 0) return byAge;
    const newest = active.maxTimestamp < 0 ? active.createdAtMs : active.maxTimestamp;
    return Math.min(byAge, Math.max(newest, active.createdAtMs) + config.retentionMs);
  }

  /** A name for a copy of a segment that no other attempt has: the leader epoch in it is this instance's alone. */
  nameCopy(): CopyName {
    this.#begin();
    return { leaderEpoch: this.#state.leaderEpoch, attempt: this.#failedCopies };
  }

  /** A copy failed, and may have left objects behind. */
  noteFailedCopy(): void {
    this.#failedCopies += 1;
  }

  /** Whether a segment was sealed, or the transactions in a sealed one ended, since this was last asked. */
  takeRolled(): boolean {
    const hasRolled = this.#hasRolled;
    this.#hasRolled = false;
    return hasRolled;
  }

  /** Seals the active segment, unless it is empty, and begins the next. */
  roll(): void {
    this.#change(() =>
      this.#store.transaction(() => {
        this.#roll(this.#now());
        this.#snapshotProducersIfDue();
      }),
    );
  }

  /**
   * Moves the start of the log up to `offset`: what lies before it is not served any more, and segments wholly before it go. Local
   * ones go at once, archived ones when their objects are deleted (SegmentPlace.deleting).
   */
  advanceLogStart(offset: number): void {
    if (offset <= this.logStartOffset) return;
    if (offset > this.#logEndOffset) throw new Error(`the log ends at ${this.#logEndOffset}, it cannot start at ${offset}`);
    this.#change(() =>
      this.#store.transaction(() => {
        this.#saveState({ ...this.#state, logStartOffset: offset });
        this.#store.dropAbortedBefore(offset);
        for (const segment of [...this.#store.segmentsFrom(0)]) {
          if (segment.place === SegmentPlace.active || segment.endOffset > offset) break;
          this.#dropSegment(segment);
        }
      }),
    );
  }

  #change<T>(work: () => T): T {
    if (this.#hasFailed) throw new Error("a change of this log failed: it is to be opened again");
    try {
      this.#begin();
      return work();
    } catch (error) {
      this.#hasFailed = true;
      this.#newest.clear();
      this.#abandon(error);
      throw error;
    }
  }

  /** Stores the leader epoch. */
  #begin(): void {
    if (this.#hasBegun) return;
    this.#store.saveState(this.#state);
    this.#hasBegun = true;
  }

  #saveState(state: LogState): void {
    this.#store.saveState(state);
    this.#state = state;
  }

  #dropSegment(segment: Segment): void {
    if (segment.place === SegmentPlace.local || segment.place === SegmentPlace.both) this.#store.dropRows(segment);
    if (segment.place === SegmentPlace.local) this.#store.removeSegment(segment.baseOffset);
    else if (segment.place !== SegmentPlace.deleting) this.#store.putSegment({ ...segment, place: SegmentPlace.deleting });
  }

  /** @returns the row as the store has it */
  #appendRow(row: PackedRow, config: LogConfig, nowMs: number): LogRow {
    if (this.#active !== null && this.#isFullFor(row, this.#active, config, nowMs)) this.#roll(nowMs);
    const active = this.#active ?? this.#beginSegment(nowMs);
    if (active.sizeBytes === 0) active.createdAtMs = nowMs;
    const sizeBytes = row.bytes.byteLength;
    const maxTimestamp = Math.max(active.maxTimestamp, row.maxTimestamp);
    const stored = { ...row, position: active.sizeBytes, sizeBytes, maxTimestamp };
    this.#store.appendRow(active, stored);
    active.sizeBytes += sizeBytes;
    active.maxTimestamp = maxTimestamp;
    this.#logEndOffset = row.endOffset;
    this.#bytesSinceSnapshot += sizeBytes;
    this.#rowsSinceSnapshot += 1;
    return stored;
  }

  /** Kafka's LogSegment.shouldRoll. */
  #isFullFor(row: PackedRow, active: ActiveSegment, config: LogConfig, nowMs: number): boolean {
    if (active.sizeBytes === 0) return false;
    const sizeBytes = active.sizeBytes + row.bytes.byteLength;
    return (
      sizeBytes > config.segmentBytes ||
      offsetIndexBytes(sizeBytes, config) > config.segmentIndexBytes ||
      row.endOffset - active.baseOffset > MAX_SEGMENT_OFFSETS ||
      nowMs - active.createdAtMs >= sealAgeMs(this.#placeOf(active), config)
    );
  }

  #placeOf({ baseOffset }: SegmentName): PlacedSegment {
    return { topicId: this.#state.topicId, partition: this.#state.partition, baseOffset };
  }

  #roll(nowMs: number): void {
    const active = this.#active;
    if (active === null || active.sizeBytes === 0) return;
    const sealed: Segment = {
      ...{ ...active, ...UNCOPIED },
      ...{ place: SegmentPlace.local, endOffset: this.#logEndOffset, sealedAtMs: nowMs },
    };
    this.#store.putSegment(sealed);
    if (sealed.endOffset <= this.logStartOffset) this.#dropSegment(sealed);
    this.#hasRolled = true;
    this.#isSnapshotDue = true;
    this.#beginSegment(nowMs);
  }

  #beginSegment(nowMs: number): ActiveSegment {
    const baseOffset = this.#logEndOffset;
    const active: ActiveSegment = { baseOffset, generation: 0, createdAtMs: nowMs, sizeBytes: 0, maxTimestamp: -1 };
    this.#store.putSegment({ ...active, ...UNCOPIED, place: SegmentPlace.active, endOffset: baseOffset, sealedAtMs: -1 });
    this.#store.createRows(active);
    this.#active = active;
    this.#newest.clear();
    return active;
  }

  #snapshotProducersIfDue(): void {
    this.#isSnapshotDue ||= this.#bytesSinceSnapshot >= SNAPSHOT_INTERVAL_BYTES || this.#rowsSinceSnapshot >= SNAPSHOT_INTERVAL_ROWS;
    if (!this.#isSnapshotDue) return;
    this.#isSnapshotDue = false;
    this.#bytesSinceSnapshot = 0;
    this.#rowsSinceSnapshot = 0;
    this.#producers.expire(this.#now() - PRODUCER_ID_EXPIRATION_MS);
    this.#store.saveProducerSnapshot({ endOffset: this.#logEndOffset, parts: this.#producers.encodeSnapshot() });
  }

  /** Finds the end of the log and rebuilds the producers, reading what the last snapshot lacks and no more. */
  #recover(): void {
    const segment = this.#store.lastSegment();
    if (segment === null) return;
    const { baseOffset, generation, createdAtMs } = segment;
    const last = this.#store.lastRow(segment);
    this.#logEndOffset = last?.endOffset ?? baseOffset;
    const sizeBytes = last === null ? 0 : last.position + last.sizeBytes;
    this.#active = { baseOffset, generation, createdAtMs, sizeBytes, maxTimestamp: last?.maxTimestamp ?? -1 };
    const snapshot = this.#store.loadProducerSnapshot();
    if (snapshot !== null) this.#producers.decodeSnapshot(snapshot.parts);
    this.#applyRowsFrom(segment, snapshot?.endOffset ?? 0);
    if (last !== null) this.#checkLastBatch(segment);
  }

  #applyRowsFrom(segment: SegmentName, offset: number): void {
    for (const row of this.#store.rowsFrom(segment, Math.max(offset, segment.baseOffset))) {
      this.#rowsSinceSnapshot += 1;
      this.#bytesSinceSnapshot += row.sizeBytes;
      for (const batch of batchesOf(row)) {
        if (batch.baseOffset >= offset) this.#applyStored(batch, row);
      }
    }
  }

  #applyStored(batch: BatchHeader, row: LogRow): void {
    if (!isControl(batch)) {
      this.#producers.apply(batch, this.#now());
      return;
    }
    const marker = this.#tools.markerIn(new Uint8Array(row.bytes, batch.position, batch.sizeBytes));
    if (marker !== null) this.#producers.applyMarker(marker, batch.baseOffset, this.#now());
  }

  #checkLastBatch(segment: SegmentName): void {
    for (const row of this.#store.rowsFrom(segment, this.#logEndOffset - 1)) {
      const batch = [...batchesOf(row)].at(-1)!;
      if (!this.#tools.isIntact(new Uint8Array(row.bytes, batch.position, batch.sizeBytes))) throw new DamagedRowError(row, batch.position);
    }
  }
}

// The log of one partition: assigns offsets, refuses what must not be written, reads by offset. Pure: storage and time come in.
//
// Invariants:
// - Offsets have no hole: every row begins where the one before ends.
// - What `append` returns is written in the store's transaction, rows and all; the caller lets the answer out once that is durable.
// - A write that throws leaves this instance unusable: drop it and open another over the same store.
// - Producer state is derived: the last snapshot, and the batches after it.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_ROW_BYTES, PRODUCER_ID_EXPIRATION_MS } from "../common/limits.ts";
import { type BatchHeader, lastOffset, patchBatch, wholeRunHeaders } from "../record/record-batch.ts";
import { type AppendRules, checkAppendRules } from "./append-rules.ts";
import { batchesOf, findByTimestamp, findMaxTimestamp, type LogRead, type ReadLimits, readLog } from "./log-reader.ts";
import type { LogState, LogStore } from "./log-store.ts";
import { ProducerState } from "./producer-state.ts";
import type { RecordTools, TimestampedOffset } from "./record-tools.ts";
import { RowWriter } from "./row-writer.ts";

/** A producer snapshot is taken after this many bytes or rows, so that a start reads no more than that again. */
const SNAPSHOT_INTERVAL_BYTES = 16 * 1024 * 1024;
const SNAPSHOT_INTERVAL_ROWS = 2_000;

/** Where a run's batches go: those that are new, and the offset to answer with. */
interface Placement {
  readonly batches: readonly BatchHeader[];
  readonly baseOffset: number;
}

export interface AppendedRun {
  /** Of the first batch; of its first write when it was a repeat. */
  readonly baseOffset: number;
  /** ms; -1 where records keep their own time. */
  readonly logAppendTimeMs: number;
}

export class PartitionLog {
  readonly #store: LogStore;
  readonly #tools: RecordTools;
  readonly #now: () => number;
  readonly #producers = new ProducerState();
  #state: LogState;
  #logEndOffset = 0;
  /** Bytes ever written. */
  #endPosition = 0;
  #bytesSinceSnapshot = 0;
  #rowsSinceSnapshot = 0;

  /** Opens the log as the next leader epoch, which is durable before anything is written in it. */
  constructor(store: LogStore, state: LogState, tools: RecordTools, now: () => number) {
    this.#store = store;
    this.#tools = tools;
    this.#now = now;
    this.#state = { ...state, leaderEpoch: state.leaderEpoch + 1 };
    store.saveState(this.#state);
    this.#recover();
  }

  get state(): LogState {
    return this.#state;
  }

  /** Exclusive; what is written is durable before anybody sees it, so this is also the log end offset. */
  get highWatermark(): number {
    return this.#logEndOffset;
  }

  get logStartOffset(): number {
    return this.#state.logStartOffset;
  }

  /** Bytes of batches that are stored. */
  get sizeBytes(): number {
    const first = this.#store.firstRow();
    return first === null ? 0 : this.#endPosition - first.position;
  }

  setConfigs(topicVersion: number, configs: Readonly<Record<string, string>>): void {
    this.#state = { ...this.#state, topicVersion, configs };
    this.#store.saveState(this.#state);
  }

  /**
   * Appends runs of whole, validated batches, each run whole or not at all, all in one transaction. Sets base offsets and leader
   * epochs in the runs' own bytes.
   * @returns for each run where it begins, or why it was refused
   */
  append(runs: readonly ArrayBuffer[], rules: AppendRules): (AppendedRun | Failure)[] {
    const rows = new RowWriter(this.#logEndOffset, this.#endPosition, MAX_ROW_BYTES);
    const results = runs.map((run) => this.#appendRun(run, rules, rows));
    const written = rows.finish();
    if (written.length === 0) return results;
    this.#bytesSinceSnapshot += rows.endPosition - this.#endPosition;
    this.#rowsSinceSnapshot += written.length;
    this.#logEndOffset = rows.endOffset;
    this.#endPosition = rows.endPosition;
    this.#store.transaction(() => {
      for (const row of written) this.#store.appendRow(row);
      this.#snapshotProducersIfDue();
    });
    return results;
  }

  /** Whole batches from the one that holds `offset` on. `offset` must be in range. */
  read(offset: number, limits: ReadLimits): LogRead {
    return readLog(this.#store, offset, limits);
  }

  /** The first record with a timestamp at or above `timestamp` (ms), null where there is none. */
  findByTimestamp(timestamp: number): TimestampedOffset | null {
    return findByTimestamp(this.#store, this.#tools, timestamp, this.logStartOffset);
  }

  /** The first of the records with the largest timestamp, null in an empty log. */
  findMaxTimestamp(): TimestampedOffset | null {
    return findMaxTimestamp(this.#store, this.#tools, this.logStartOffset);
  }

  #appendRun(run: ArrayBuffer, rules: AppendRules, rows: RowWriter): AppendedRun | Failure {
    const nowMs = this.#now();
    const headers = wholeRunHeaders(new Uint8Array(run));
    if (headers === null) return failure("CORRUPT_MESSAGE", "the run is not made of whole record batches of version 2");
    for (const header of headers) {
      const refused = checkAppendRules(header, rules, nowMs);
      if (refused !== null) return refused;
    }
    const placement = this.#place(headers, rows.endOffset, nowMs);
    if (isFailure(placement)) return placement;
    const view = new DataView(run);
    for (const batch of placement.batches) {
      patchBatch(view, batch.position, batch.baseOffset, this.#state.leaderEpoch);
      if (rules.isLogAppendTime) this.#tools.setLogAppendTime(new Uint8Array(run, batch.position, batch.sizeBytes), nowMs);
      rows.add(run, rules.isLogAppendTime ? { ...batch, maxTimestamp: nowMs } : batch);
    }
    return { baseOffset: placement.baseOffset, logAppendTimeMs: rules.isLogAppendTime ? nowMs : -1 };
  }

  /** Gives the new batches of a run their offsets and tells the producers' state of them; a refused batch undoes its run. */
  #place(headers: readonly BatchHeader[], endOffset: number, nowMs: number): Placement | Failure {
    const undo = headers.length === 1 ? null : this.#producers.checkpoint(headers);
    const batches: BatchHeader[] = [];
    let baseOffset = -1;
    let nextOffset = endOffset;
    for (const header of headers) {
      const check = this.#producers.check(header);
      if (check === "append") {
        const placed = { ...header, baseOffset: nextOffset };
        this.#producers.apply(placed, nowMs);
        batches.push(placed);
        nextOffset = lastOffset(placed) + 1;
      } else if ("error" in check) {
        undo?.();
        return check;
      }
      if (baseOffset === -1) baseOffset = check === "append" ? endOffset : check.duplicateOf;
    }
    return { batches, baseOffset };
  }

  #snapshotProducersIfDue(): void {
    if (this.#bytesSinceSnapshot < SNAPSHOT_INTERVAL_BYTES && this.#rowsSinceSnapshot < SNAPSHOT_INTERVAL_ROWS) return;
    this.#bytesSinceSnapshot = 0;
    this.#rowsSinceSnapshot = 0;
    this.#producers.expire(this.#now() - PRODUCER_ID_EXPIRATION_MS);
    this.#store.saveProducerSnapshot({ endOffset: this.#logEndOffset, parts: this.#producers.encodeSnapshot() });
  }

  /** Finds the end of the log and rebuilds the producers, reading what the last snapshot lacks and no more. */
  #recover(): void {
    const last = this.#store.lastRow();
    this.#logEndOffset = Math.max(last?.endOffset ?? 0, this.#state.logStartOffset);
    this.#endPosition = last === null ? 0 : last.position + last.bytes.byteLength;
    const snapshot = this.#store.loadProducerSnapshot();
    if (snapshot !== null) this.#producers.decodeSnapshot(snapshot.parts);
    const from = snapshot?.endOffset ?? 0;
    for (const row of this.#store.rowsFrom(from)) {
      if (row.endOffset <= from) continue;
      this.#rowsSinceSnapshot++;
      this.#bytesSinceSnapshot += row.bytes.byteLength;
      for (const batch of batchesOf(row)) this.#producers.apply(batch, this.#now());
    }
  }
}

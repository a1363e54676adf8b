// One group of appends on its way to the store: which are refused, what offsets the others get, and the rows that hold them. It tells the
// producers' state of each batch as it takes it, so that the next is judged with it.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { type BatchHeader, lastOffset, patchBatch, readBatchHeader, wholeRunHeaders } from "../record/record-batch.ts";
import type { AbortedEntry } from "./aborted-transactions.ts";
import { checkAppendRules } from "./append-rules.ts";
import type { LogConfig } from "./log-config.ts";
import type { ProducerState, Verification } from "./producer-state.ts";
import type { RecordTools } from "./record-tools.ts";
import type { PackedRow, RowWriter } from "./row-writer.ts";
import type { TxnMarker } from "./txn-marker.ts";

/** A run of whole, validated batches with the guard of its transaction. A run without one is its bytes alone. */
export interface VerifiedRun extends Verification {
  readonly bytes: ArrayBuffer;
}

export type AppendItem = ArrayBuffer | VerifiedRun | TxnMarker;

export interface AppendedRun {
  /** Of the first batch; of its first write when it was a repeat. Of a marker that need not be written: the end of the log. */
  readonly baseOffset: number;
  /** ms; -1 where records keep their own time. */
  readonly logAppendTimeMs: number;
}

export interface AppendPlanOptions {
  readonly producers: ProducerState;
  readonly tools: RecordTools;
  readonly config: LogConfig;
  readonly rows: RowWriter;
  readonly leaderEpoch: number;
  /** ms */
  readonly nowMs: number;
}

/** Where a run's batches go: those that are new, and the offset to answer with. */
interface Placement {
  readonly batches: readonly BatchHeader[];
  readonly baseOffset: number;
}

export class AppendPlan {
  /** Transactions that the group's markers abort, in the order of the markers. */
  readonly aborted: AbortedEntry[] = [];
  readonly #options: AppendPlanOptions;

  constructor(options: AppendPlanOptions) {
    this.#options = options;
  }

  /** Takes a run whole, or not at all; or a marker. Sets base offsets and leader epochs in the run's own bytes. */
  add(item: AppendItem): AppendedRun | Failure {
    if (item instanceof ArrayBuffer) return this.#addRun(item, undefined);
    return "bytes" in item ? this.#addRun(item.bytes, item) : this.#addMarker(item);
  }

  /** The rows of everything that was taken. */
  finish(): readonly PackedRow[] {
    return this.#options.rows.finish();
  }

  #addRun(run: ArrayBuffer, verification: Verification | undefined): AppendedRun | Failure {
    const { config, nowMs } = this.#options;
    const headers = wholeRunHeaders(new Uint8Array(run));
    if (headers === null) return failure("CORRUPT_MESSAGE", "the run is not made of whole record batches of version 2");
    for (const header of headers) {
      const refused = checkAppendRules(header, config, nowMs);
      if (refused !== null) return refused;
    }
    const placement = this.#place(headers, verification);
    if (isFailure(placement)) return placement;
    for (const batch of placement.batches) this.#write(run, batch);
    return { baseOffset: placement.baseOffset, logAppendTimeMs: config.isLogAppendTime ? nowMs : -1 };
  }

  /** Gives the new batches of a run their offsets and tells the producers' state of them; a refused batch undoes its run. */
  #place(headers: readonly BatchHeader[], verification: Verification | undefined): Placement | Failure {
    const { producers, rows, nowMs } = this.#options;
    const { endOffset } = rows;
    const undo = headers.length === 1 ? null : producers.checkpoint(headers);
    const batches: BatchHeader[] = [];
    let baseOffset = -1;
    let nextOffset = endOffset;
    for (const header of headers) {
      const check = producers.check(header, verification);
      if (check === "append") {
        const placed = { ...header, baseOffset: nextOffset };
        producers.apply(placed, nowMs);
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

  #addMarker(marker: TxnMarker): AppendedRun | Failure {
    const { producers, tools, config, rows, nowMs } = this.#options;
    const check = producers.checkMarker(marker);
    if (typeof check === "object") return check;
    const baseOffset = rows.endOffset;
    const result = { baseOffset, logAppendTimeMs: config.isLogAppendTime ? nowMs : -1 };
    if (check === "nothing") return result;
    const batch = tools.encodeMarker(marker, nowMs);
    const aborted = producers.applyMarker(marker, baseOffset, nowMs);
    if (aborted !== null) this.aborted.push(aborted);
    this.#write(batch, { ...readBatchHeader(new DataView(batch)), baseOffset });
    return result;
  }

  /** Sets what a leader assigns to a batch, and puts it into the rows. */
  #write(run: ArrayBuffer, batch: BatchHeader): void {
    const { tools, config, rows, leaderEpoch, nowMs } = this.#options;
    patchBatch(new DataView(run), batch.position, batch.baseOffset, leaderEpoch);
    if (config.isLogAppendTime) tools.setLogAppendTime(new Uint8Array(run, batch.position, batch.sizeBytes), nowMs);
    rows.add(run, config.isLogAppendTime ? { ...batch, maxTimestamp: nowMs } : batch);
  }
}

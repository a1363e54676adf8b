// Packs batches into rows: one for a whole flush, another only where a row would outgrow its limit. A run that fills a row by itself
// is stored as it came, uncopied.

import { type BatchHeader, lastOffset } from "../record/record-batch.ts";
import { concatPieces, type Piece } from "./pieces.ts";

/** A row before it has its place in a segment. */
export interface PackedRow {
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  /** Of its own batches (ms). */
  readonly maxTimestamp: number;
  readonly bytes: ArrayBuffer;
}

export class RowWriter {
  readonly #maxRowBytes: number;
  readonly #rows: PackedRow[] = [];
  #pieces: Piece[] = [];
  #rowBytes = 0;
  #rowBaseOffset: number;
  #rowMaxTimestamp = -1;
  #endOffset: number;

  /** @param endOffset where the log ends now; @param maxRowBytes soft: a single batch may be larger */
  constructor(endOffset: number, maxRowBytes: number) {
    this.#endOffset = endOffset;
    this.#rowBaseOffset = endOffset;
    this.#maxRowBytes = maxRowBytes;
  }

  /** Exclusive: where the next batch goes. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Adds the batch that lies in `run` at `batch.position` and has its final offsets. */
  add(run: ArrayBuffer, batch: BatchHeader): void {
    if (this.#rowBytes > 0 && this.#rowBytes + batch.sizeBytes > this.#maxRowBytes) this.#closeRow();
    const before = this.#pieces.at(-1);
    if (before !== undefined && before.buffer === run && before.end === batch.position) before.end += batch.sizeBytes;
    else this.#pieces.push({ buffer: run, start: batch.position, end: batch.position + batch.sizeBytes });
    this.#rowBytes += batch.sizeBytes;
    this.#rowMaxTimestamp = Math.max(this.#rowMaxTimestamp, batch.maxTimestamp);
    this.#endOffset = lastOffset(batch) + 1;
  }

  /** The rows that are full so far, once. */
  takeFull(): readonly PackedRow[] {
    return this.#rows.splice(0);
  }

  finish(): readonly PackedRow[] {
    if (this.#rowBytes > 0) this.#closeRow();
    return this.#rows;
  }

  #closeRow(): void {
    const bytes = concatPieces(this.#pieces);
    this.#rows.push({ baseOffset: this.#rowBaseOffset, endOffset: this.#endOffset, maxTimestamp: this.#rowMaxTimestamp, bytes });
    this.#rowBaseOffset = this.#endOffset;
    this.#pieces = [];
    this.#rowBytes = 0;
    this.#rowMaxTimestamp = -1;
  }
}

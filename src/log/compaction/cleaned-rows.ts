// Writes the rows of a compacted segment, as large as shared rows may be, whatever the pieces that come. Nothing in the manifest points to them
// until all are there.

import { SHARED_ROW_BYTES } from "../../common/limits/partition-log.ts";
import { batchHeaders, NO_TIMESTAMP } from "../../record/record-batch.ts";
import type { LogStore } from "../log-store.ts";
import { type PackedRow, RowWriter } from "../row-writer.ts";
import type { SegmentName } from "../segment.ts";

export class CleanedRows {
  readonly #store: LogStore;
  readonly #name: SegmentName;
  readonly #writer: RowWriter;
  #sizeBytes = 0;
  #maxTimestamp = NO_TIMESTAMP;

  /** Makes room; what a rewrite that was cut off left under this name goes. */
  constructor(store: LogStore, name: SegmentName) {
    this.#store = store;
    this.#name = name;
    this.#writer = new RowWriter(name.baseOffset, SHARED_ROW_BYTES);
    store.dropRows(name);
    store.createRows(name);
  }

  add(batches: ArrayBuffer): void {
    for (const header of batchHeaders(new Uint8Array(batches))) {
      this.#writer.add(batches, header.recordCount === 0 ? { ...header, maxTimestamp: NO_TIMESTAMP } : header);
    }
    this.#append(this.#writer.takeFull());
  }

  /** Writes the rest. @returns the size and the largest timestamp (ms) of all */
  finish(): { readonly sizeBytes: number; readonly maxTimestamp: number } {
    this.#append(this.#writer.finish());
    return { sizeBytes: this.#sizeBytes, maxTimestamp: this.#maxTimestamp };
  }

  discard(): void {
    this.#store.dropRows(this.#name);
  }

  #append(rows: readonly PackedRow[]): void {
    for (const row of rows) {
      const sizeBytes = row.bytes.byteLength;
      this.#maxTimestamp = Math.max(this.#maxTimestamp, row.maxTimestamp);
      this.#store.appendRow(this.#name, { ...row, position: this.#sizeBytes, sizeBytes, maxTimestamp: this.#maxTimestamp });
      this.#sizeBytes += sizeBytes;
    }
  }
}

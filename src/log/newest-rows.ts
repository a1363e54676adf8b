// The newest rows of the active segment, kept in memory: consumers that keep up want what was just appended, and are answered without a
// query.
//
// Invariants:
// - Its rows follow one another without a hole, and the last one ends where the log ends.
// - Every row is in the store as it is here: it is added after the transaction that wrote it, and answers leave the object only once that
//   is durable. Whoever fails to write forgets all of it (`clear`), and so does a roll: compaction rewrites sealed segments.

import type { LogRow } from "./log-store.ts";

export class NewestRows {
  readonly #maxBytes: number;
  /** Oldest first. */
  #rows: LogRow[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Adds the rows that an append has written, as the store has them.
   * @param segmentOffset where the active segment begins: earlier ones were sealed meanwhile
   */
  add(written: readonly LogRow[], segmentOffset: number): void {
    for (const row of written) {
      if (row.baseOffset < segmentOffset) continue;
      this.#rows.push(row);
      this.#bytes += row.sizeBytes;
    }
    while (this.#bytes > this.#maxBytes) this.#bytes -= this.#rows.shift()!.sizeBytes;
  }

  clear(): void {
    this.#rows = [];
    this.#bytes = 0;
  }

  /** The rows from the one that holds `offset` to the end of the log; null where that one is not kept. */
  from(offset: number): readonly LogRow[] | null {
    const first = this.#rows[0];
    if (first === undefined || offset < first.baseOffset) return null;
    const index = this.#rows.findLastIndex((row) => row.baseOffset <= offset);
    return this.#rows.slice(index);
  }
}

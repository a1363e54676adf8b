// A log store in memory: the twin of sqlite-log-store.ts, for tests. Transactions are whole because nothing in them can fail.

import type { LogRow, LogState, LogStore, ProducerSnapshot } from "../log/log-store.ts";

export class MemoryLogStore implements LogStore {
  #state: LogState | null = null;
  #rows: LogRow[] = [];
  #snapshot: ProducerSnapshot | null = null;

  loadState(): LogState | null {
    return this.#state;
  }

  saveState(state: LogState): void {
    this.#state = state;
  }

  transaction(work: () => void): void {
    work();
  }

  appendRow(row: LogRow): void {
    this.#rows.push({ ...row, bytes: row.bytes.slice(0) });
  }

  firstRow(): LogRow | null {
    return this.#rows[0] ?? null;
  }

  lastRow(): LogRow | null {
    return this.#rows.at(-1) ?? null;
  }

  rowsFrom(offset: number): Iterable<LogRow> {
    return this.#rows.filter((row) => row.endOffset > offset);
  }

  rowAtTimestamp(timestamp: number, fromOffset: number): LogRow | null {
    return this.#rows.find((row) => row.endOffset > fromOffset && row.maxTimestamp >= timestamp) ?? null;
  }

  rowWithMaxTimestamp(fromOffset: number): LogRow | null {
    const rows = this.#rows.filter((row) => row.endOffset > fromOffset);
    const max = Math.max(...rows.map((row) => row.maxTimestamp));
    return rows.find((row) => row.maxTimestamp === max) ?? null;
  }

  loadProducerSnapshot(): ProducerSnapshot | null {
    return this.#snapshot;
  }

  saveProducerSnapshot(snapshot: ProducerSnapshot): void {
    this.#snapshot = snapshot;
  }
}

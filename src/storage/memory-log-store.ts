// A log store in memory: the twin of sqlite-log-store.ts, for tests. A transaction that throws leaves nothing behind.

import type { LogRow, LogState, LogStore, ProducerSnapshot, RowPlace } from "../log/log-store.ts";
import { type Segment, SegmentPlace } from "../log/segment.ts";

interface Content {
  state: LogState | null;
  segments: Map<number, Segment>;
  rows: Map<number, LogRow[]>;
  snapshot: ProducerSnapshot | null;
}

export class MemoryLogStore implements LogStore {
  #content: Content = { state: null, segments: new Map(), rows: new Map(), snapshot: null };

  loadState(): LogState | null {
    return this.#content.state;
  }

  saveState(state: LogState): void {
    this.#content.state = state;
  }

  transaction(work: () => void): void {
    const before = copyOf(this.#content);
    try {
      work();
    } catch (error) {
      this.#content = before;
      throw error;
    }
  }

  putSegment(segment: Segment): void {
    this.#content.segments.set(segment.baseOffset, segment);
  }

  removeSegment(baseOffset: number): void {
    this.#content.segments.delete(baseOffset);
  }

  segmentHolding(offset: number): Segment | null {
    return this.#inOrder().findLast((segment) => segment.baseOffset <= offset) ?? null;
  }

  segmentsFrom(baseOffset: number): Iterable<Segment> {
    return this.#inOrder().filter((segment) => segment.baseOffset >= baseOffset);
  }

  lastSegment(): Segment | null {
    return this.#inOrder().at(-1) ?? null;
  }

  newestSegments(): Iterable<Segment> {
    return this.#inOrder().reverse();
  }

  segmentAtTimestamp(timestamp: number, fromBaseOffset: number): Segment | null {
    const isMatch = ({ baseOffset, maxTimestamp, place }: Segment): boolean =>
      baseOffset >= fromBaseOffset && maxTimestamp >= timestamp && place !== SegmentPlace.active;
    return this.#inOrder().find(isMatch) ?? null;
  }

  sealedBytes(): number {
    const counted = this.#inOrder().filter(({ place }) => place !== SegmentPlace.active && place !== SegmentPlace.deleting);
    return counted.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  createRows(baseOffset: number): void {
    if (this.#content.rows.has(baseOffset)) throw new Error(`segment ${baseOffset} has rows already`);
    this.#content.rows.set(baseOffset, []);
  }

  dropRows(baseOffset: number): void {
    this.#content.rows.delete(baseOffset);
  }

  appendRow(segmentBaseOffset: number, row: LogRow): void {
    this.#rowsOf(segmentBaseOffset).push({ ...row, bytes: row.bytes.slice(0) });
  }

  rowsFrom(segmentBaseOffset: number, offset: number, maxBytes = Number.POSITIVE_INFINITY): Iterable<LogRow> {
    const rows = this.#rowsOf(segmentBaseOffset).filter((row) => row.endOffset > offset);
    const start = rows[0]?.position ?? 0;
    return rows
      .filter((row, index) => index === 0 || row.position + row.sizeBytes - start <= maxBytes)
      .map((row) => ({ ...row, bytes: row.bytes.slice(0) }));
  }

  rowHolding(segmentBaseOffset: number, offset: number): RowPlace | null {
    return this.#rowsOf(segmentBaseOffset).findLast((row) => row.baseOffset <= offset) ?? null;
  }

  lastRow(segmentBaseOffset: number): RowPlace | null {
    return this.#rowsOf(segmentBaseOffset).at(-1) ?? null;
  }

  loadProducerSnapshot(): ProducerSnapshot | null {
    return this.#content.snapshot;
  }

  saveProducerSnapshot(snapshot: ProducerSnapshot): void {
    this.#content.snapshot = snapshot;
  }

  /** A store of its own with the same content. */
  copy(): MemoryLogStore {
    const store = new MemoryLogStore();
    store.#content = copyOf(this.#content);
    return store;
  }

  #inOrder(): Segment[] {
    return [...this.#content.segments.values()].sort((a, b) => a.baseOffset - b.baseOffset);
  }

  #rowsOf(baseOffset: number): LogRow[] {
    const rows = this.#content.rows.get(baseOffset);
    if (rows === undefined) throw new Error(`segment ${baseOffset} has no rows`);
    return rows;
  }
}

function copyOf(content: Content): Content {
  return {
    ...content,
    segments: new Map(content.segments),
    rows: new Map([...content.rows].map(([baseOffset, rows]) => [baseOffset, [...rows]])),
  };
}

// A log store in memory: the twin of sqlite-log-store.ts, for tests. A transaction that throws leaves nothing behind.

import type { AbortedEntry } from "../log/aborted-transactions.ts";
import type { LogRow, LogState, LogStore, ProducerSnapshot, RowPlace } from "../log/log-store.ts";
import { type Segment, type SegmentName, SegmentPlace } from "../log/segment.ts";

interface Content {
  state: LogState | null;
  segments: Map<number, Segment>;
  /** By segment name. */
  rows: Map<string, LogRow[]>;
  /** By the offset of the marker. */
  aborted: Map<number, AbortedEntry>;
  snapshot: ProducerSnapshot | null;
}

export class MemoryLogStore implements LogStore {
  #content: Content = { state: null, segments: new Map(), rows: new Map(), aborted: new Map(), snapshot: null };

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

  createRows(segment: SegmentName): void {
    const name = nameOf(segment);
    if (this.#content.rows.has(name)) throw new Error(`segment ${name} has rows already`);
    this.#content.rows.set(name, []);
  }

  dropRows(segment: SegmentName): void {
    this.#content.rows.delete(nameOf(segment));
  }

  dropStrayRows(): number {
    const listed = new Set([...this.#content.segments.values()].map(nameOf));
    const strays = [...this.#content.rows.keys()].filter((name) => !listed.has(name));
    for (const name of strays) this.#content.rows.delete(name);
    return strays.length;
  }

  appendRow(segment: SegmentName, row: LogRow): void {
    this.#rowsOf(segment).push({ ...row, bytes: row.bytes.slice(0) });
  }

  rowsFrom(segment: SegmentName, offset: number, maxBytes = Number.POSITIVE_INFINITY): Iterable<LogRow> {
    const rows = this.#rowsOf(segment).filter((row) => row.endOffset > offset);
    const start = rows[0]?.position ?? 0;
    return rows
      .filter((row, index) => index === 0 || row.position + row.sizeBytes - start <= maxBytes)
      .map((row) => ({ ...row, bytes: row.bytes.slice(0) }));
  }

  rowHolding(segment: SegmentName, offset: number): RowPlace | null {
    return this.#rowsOf(segment).findLast((row) => row.baseOffset <= offset) ?? null;
  }

  lastRow(segment: SegmentName): RowPlace | null {
    return this.#rowsOf(segment).at(-1) ?? null;
  }

  addAborted(entry: AbortedEntry): void {
    this.#content.aborted.set(entry.lastOffset, entry);
  }

  removeAborted(lastOffsets: readonly number[]): void {
    for (const lastOffset of lastOffsets) this.#content.aborted.delete(lastOffset);
  }

  dropAbortedBefore(offset: number): void {
    this.removeAborted([...this.#content.aborted.keys()].filter((lastOffset) => lastOffset < offset));
  }

  abortedFrom(offset: number): Iterable<AbortedEntry> {
    const from = [...this.#content.aborted.values()].filter(({ lastOffset }) => lastOffset >= offset);
    return from.sort((a, b) => a.lastOffset - b.lastOffset);
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

  #rowsOf(segment: SegmentName): LogRow[] {
    const rows = this.#content.rows.get(nameOf(segment));
    if (rows === undefined) throw new Error(`segment ${nameOf(segment)} has no rows`);
    return rows;
  }
}

function copyOf(content: Content): Content {
  return {
    ...content,
    segments: new Map(content.segments),
    aborted: new Map(content.aborted),
    rows: new Map([...content.rows].map(([name, rows]) => [name, [...rows]])),
  };
}

function nameOf({ baseOffset, generation }: SegmentName): string {
  return `${baseOffset}.${generation}`;
}

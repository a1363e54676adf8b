// Reads a sealed segment from its beginning, a slice of whole batches at a time, from its rows or from the archive, wherever the segment is by
// then: it may be copied, and its rows dropped, between two slices.

import { batchHeaders } from "../../record/record-batch.ts";
import { readWholeBatches } from "../archive-reader.ts";
import { ArchiveError, type ArchiveStore } from "../archive-store.ts";
import type { LogRow, LogStore } from "../log-store.ts";
import { concatPieces, type Piece } from "../pieces.ts";
import { archiveKey, isLocal, type Segment, SegmentPlace } from "../segment.ts";

/** Of stored batches, read at a time: calls to the archive have a price. A single row or batch may be larger. */
const READ_BYTES = 1024 * 1024;

/** Of stored batches, given out at a time: 5 to 20 ms of work where the codec is lz4 or gzip. A single batch may be larger. */
const SLICE_BYTES = 256 * 1024;

/** A segment that is being compacted expired, or is not there any more for another reason. The work on it is void. */
export class SegmentGoneError extends Error {}

export interface SliceSources {
  readonly store: LogStore;
  readonly archive: ArchiveStore | null;
  /** Of the archive's keys. */
  readonly prefix: string;
}

export class SegmentSlices {
  readonly #segment: Segment;
  readonly #sources: SliceSources;
  #nextOffset: number;
  /** Of what was read. */
  #position = 0;
  /** Read and not given out yet. */
  #rest = new ArrayBuffer(0);

  constructor(segment: Segment, sources: SliceSources) {
    this.#segment = segment;
    this.#sources = sources;
    this.#nextOffset = segment.baseOffset;
  }

  /**
   * The next slice, null at the end.
   * @throws SegmentGoneError; ArchiveError and whatever else the archive throws
   */
  async next(): Promise<ArrayBuffer | null> {
    const segment = currentSegment(this.#sources.store, this.#segment);
    if (this.#rest.byteLength === 0) {
      if (this.#position >= segment.sizeBytes) return null;
      this.#rest = isLocal(segment) ? this.#fromRows(segment) : await this.#fromArchive(segment);
      this.#position += this.#rest.byteLength;
    }
    const end = sliceEnd(this.#rest);
    const slice = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end);
    return slice;
  }

  #fromRows(segment: Segment): ArrayBuffer {
    const pieces: Piece[] = [];
    let sizeBytes = 0;
    for (const row of rowsUpTo(this.#sources.store.rowsFrom(segment, this.#nextOffset, READ_BYTES), READ_BYTES)) {
      pieces.push({ buffer: row.bytes, start: 0, end: row.sizeBytes });
      sizeBytes += row.sizeBytes;
      this.#nextOffset = row.endOffset;
    }
    if (sizeBytes === 0) throw new Error(`segment ${segment.baseOffset} ends at byte ${this.#position} of ${segment.sizeBytes}`);
    return concatPieces(pieces);
  }

  async #fromArchive(segment: Segment): Promise<ArrayBuffer> {
    const { archive, prefix } = this.#sources;
    if (archive === null || segment.archive === null)
      throw new ArchiveError(`segment ${segment.baseOffset}`, "it is in the archive, and there is no ARCHIVE binding");
    const object = { key: archiveKey(prefix, segment, segment.archive, "log"), sizeBytes: segment.sizeBytes };
    return readWholeBatches(archive, object, this.#position, READ_BYTES);
  }
}

/**
 * What the manifest says of a segment by now.
 * @throws SegmentGoneError where it has another in its place
 */
export function currentSegment(store: LogStore, { baseOffset, generation }: Segment): Segment {
  const current = store.segmentHolding(baseOffset);
  const isSame = current?.baseOffset === baseOffset && current.generation === generation && current.place !== SegmentPlace.deleting;
  if (!isSame) throw new SegmentGoneError(`segment ${baseOffset} is gone`);
  return current;
}

/** Where a slice ends that begins a run: after whole batches, one at least. */
function sliceEnd(run: ArrayBuffer): number {
  let end = 0;
  for (const { position, sizeBytes } of batchHeaders(new Uint8Array(run))) {
    if (end > 0 && position + sizeBytes > SLICE_BYTES) break;
    end = position + sizeBytes;
  }
  if (end === 0) throw new Error("a segment's bytes do not begin with a whole batch");
  return end;
}

/** Rows until they have `bytes` bytes, one at least. */
function* rowsUpTo(rows: Iterable<LogRow>, bytes: number): Generator<LogRow> {
  let taken = 0;
  for (const row of rows) {
    yield row;
    taken += row.sizeBytes;
    if (taken >= bytes) return;
  }
}

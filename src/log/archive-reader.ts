// Where in an archived segment an offset or a timestamp lies: by its sparse indexes, searched in the core, and a look at the batches
// between two entries. Indexes never change, so the last ones used are kept.

import { ArchiveError, type ArchiveStore } from "./archive-store.ts";
import { findInBatches } from "./log-reader.ts";
import type { IndexSearch, RecordTools, TimestampedOffset } from "./record-tools.ts";
import { type ArchivedCopy, archiveKey, type Segment } from "./segment.ts";

/** Most bytes of indexes to keep. */
const CACHE_BYTES = 8 * 1024 * 1024;

/** Most bytes of batches that are read at a time to find a record. A single batch may be larger. */
const SCAN_BYTES = 256 * 1024;

const BATCH_PREFIX_BYTES = 12;

/** Positions in a segment: of a batch, and behind one. */
export interface SegmentRange {
  readonly position: number;
  /** Exclusive. */
  readonly endPosition: number;
}

export interface ArchiveReaderOptions {
  readonly archive: ArchiveStore;
  readonly prefix: string;
  readonly tools: RecordTools;
  readonly search: IndexSearch;
}

export class ArchiveReader {
  readonly #options: ArchiveReaderOptions;
  /** By key, the least recently used first. */
  readonly #indexes = new Map<string, Uint8Array>();
  #cachedBytes = 0;

  constructor(options: ArchiveReaderOptions) {
    this.#options = options;
  }

  key(segment: Segment): string {
    return archiveKey(this.#options.prefix, segment, copyOf(segment), "log");
  }

  /** Where the batches with the offsets from `first` to `last` are, as closely as the index tells: it has an entry each index.interval.bytes. */
  async rangeOf(segment: Segment, first: number, last: number): Promise<SegmentRange> {
    const { baseOffset, endOffset, sizeBytes } = segment;
    const copy = copyOf(segment);
    const isToEnd = last >= endOffset - 1;
    if (copy.indexBytes === 0 || (first <= baseOffset && isToEnd)) return { position: 0, endPosition: sizeBytes };
    const index = await this.#index(archiveKey(this.#options.prefix, segment, copy, "index"), copy.indexBytes);
    const relative = (offset: number): number => Math.min(Math.max(offset, baseOffset), endOffset - 1) - baseOffset;
    const { position, endPosition } = this.#options.search.rangeOf(index, relative(first), isToEnd ? null : relative(last));
    return { position, endPosition: endPosition ?? sizeBytes };
  }

  /** The first record at or after `fromOffset` with a timestamp at or above `timestamp` (ms), null where the segment has none. */
  async findByTimestamp(segment: Segment, timestamp: number, fromOffset: number): Promise<TimestampedOffset | null> {
    const copy = copyOf(segment);
    if (copy.timeIndexBytes === 0) return null;
    const times = await this.#index(archiveKey(this.#options.prefix, segment, copy, "timeindex"), copy.timeIndexBytes);
    const around = this.#options.search.offsetsAround(times, timestamp);
    if (around === null) return null;
    const first = Math.max(segment.baseOffset + around.first, fromOffset);
    const { position: start, endPosition } = await this.rangeOf(segment, first, Math.max(segment.baseOffset + around.last, first));
    const object = { key: this.key(segment), sizeBytes: segment.sizeBytes };
    for (let position = start; position < segment.sizeBytes; ) {
      const soughtBytes = position < endPosition ? Math.min(endPosition - position, SCAN_BYTES) : SCAN_BYTES;
      const bytes = await readWholeBatches(this.#options.archive, object, position, soughtBytes);
      const row = {
        baseOffset: segment.baseOffset,
        endOffset: segment.endOffset,
        position,
        sizeBytes: bytes.byteLength,
        maxTimestamp: -1,
        bytes,
      };
      const found = findInBatches(row, this.#options.tools, timestamp, fromOffset);
      if (found !== null) return found;
      position += bytes.byteLength;
    }
    return null;
  }

  async #index(key: string, sizeBytes: number): Promise<Uint8Array> {
    const cached = this.#indexes.get(key);
    if (cached !== undefined) {
      this.#indexes.delete(key);
      this.#indexes.set(key, cached);
      return cached;
    }
    const bytes = new Uint8Array(await readRange(this.#options.archive, key, 0, sizeBytes));
    this.#keep(key, bytes);
    return bytes;
  }

  #keep(key: string, index: Uint8Array): void {
    if (index.length > CACHE_BYTES || this.#indexes.has(key)) return;
    this.#indexes.set(key, index);
    this.#cachedBytes += index.length;
    for (const [oldest, bytes] of this.#indexes) {
      if (this.#cachedBytes <= CACHE_BYTES) return;
      this.#indexes.delete(oldest);
      this.#cachedBytes -= bytes.length;
    }
  }
}

/**
 * A run of whole batches from a batch's position on, of `soughtBytes` at most unless the first is larger.
 * @throws ArchiveError where there is none, or it cannot be read
 */
export async function readWholeBatches(
  archive: ArchiveStore,
  { key, sizeBytes }: { readonly key: string; readonly sizeBytes: number },
  position: number,
  soughtBytes: number,
): Promise<ArrayBuffer> {
  for (let length = soughtBytes; ; ) {
    const bytes = await readRange(archive, key, position, Math.min(length, sizeBytes - position));
    const whole = wholeBatchBytes(bytes);
    if (whole > 0) return bytes.slice(0, whole);
    const needed = bytes.byteLength < BATCH_PREFIX_BYTES ? 0 : new DataView(bytes).getInt32(8) + BATCH_PREFIX_BYTES;
    if (needed <= length) throw new ArchiveError(key, `no batch at position ${position}`);
    length = needed;
  }
}

/** @throws ArchiveError where it cannot be read, or not whole */
async function readRange(archive: ArchiveStore, key: string, position: number, length: number): Promise<ArrayBuffer> {
  const bytes = await archive.get(key, position, length).catch((error: unknown) => {
    throw new ArchiveError(key, `it cannot be read from the archive right now: ${error}`);
  });
  if (bytes === null || bytes.byteLength !== length) throw new ArchiveError(key, "the archive does not have it, or not all of it");
  return bytes;
}

/** Bytes of the whole batches that `bytes` begins with. */
function wholeBatchBytes(bytes: ArrayBuffer): number {
  const view = new DataView(bytes);
  let end = 0;
  while (view.byteLength - end >= BATCH_PREFIX_BYTES) {
    const sizeBytes = view.getInt32(end + 8) + BATCH_PREFIX_BYTES;
    if (sizeBytes < BATCH_PREFIX_BYTES || sizeBytes > view.byteLength - end) break;
    end += sizeBytes;
  }
  return end;
}

function copyOf(segment: Segment): ArchivedCopy {
  if (segment.archive === null) throw new Error(`segment ${segment.baseOffset} is not in the archive`);
  return segment.archive;
}

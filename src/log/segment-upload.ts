// Copies a sealed segment to the archive: the log first, in parts where it is large, then its indexes. The partition answers from its own
// store which transactions were aborted; the index of them in the archive makes what is there complete by itself. Rows are read a part at a time,
// so that neither memory nor the partition's turn is held for the whole segment. What a copy that fails leaves behind is an orphan
// (maintenance.ts): nothing points to it.

import { encodeTxnIndex } from "./aborted-transactions.ts";
import type { ArchiveStore } from "./archive-store.ts";
import { IndexBuilder } from "./index-builder.ts";
import { batchesOf } from "./log-reader.ts";
import type { LogRow, LogStore } from "./log-store.ts";
import type { RecordTools } from "./record-tools.ts";
import { type ArchivedCopy, archiveKey, type CopyName, type Segment } from "./segment.ts";

export interface UploadedSegment {
  readonly copy: ArchivedCopy;
  readonly crc32c: number;
}

export interface UploadOptions {
  readonly archive: ArchiveStore;
  readonly store: LogStore;
  readonly tools: RecordTools;
  readonly prefix: string;
  readonly indexIntervalBytes: number;
  /** Whether the segment still has its rows; asked after each wait. Throws once the log is destroyed. */
  readonly isWanted: () => boolean;
}

/**
 * @param name no other attempt had it: what one left cannot stand for another's, whose indexes may differ
 * @returns null where the segment went meanwhile
 * @throws what the archive throws
 */
export async function uploadSegment(segment: Segment, name: CopyName, options: UploadOptions): Promise<UploadedSegment | null> {
  const { archive, prefix, tools, isWanted } = options;
  const source = new SegmentSource(segment, options);
  let crc32c = 0;
  const nextPart = (): ArrayBuffer => {
    const part = source.take(archive.partBytes);
    crc32c = tools.crc32c(new Uint8Array(part), crc32c);
    return part;
  };
  const logKey = archiveKey(prefix, segment, name, "log");
  if (segment.sizeBytes <= archive.partBytes) await archive.putIfAbsent(logKey, nextPart());
  else await uploadParts(archive, logKey, Math.ceil(segment.sizeBytes / archive.partBytes), nextPart, isWanted);
  if (!isWanted()) return null;

  const { offsetIndex, timeIndex } = source.indexes();
  await archive.putIfAbsent(archiveKey(prefix, segment, name, "index"), offsetIndex);
  await archive.putIfAbsent(archiveKey(prefix, segment, name, "timeindex"), timeIndex);
  const txnIndex = encodeTxnIndex(options.store, segment.baseOffset, segment.endOffset);
  if (txnIndex.byteLength > 0) await archive.putIfAbsent(archiveKey(prefix, segment, name, "txnindex"), txnIndex);
  if (!isWanted()) return null;
  return { copy: { ...name, indexBytes: offsetIndex.byteLength, timeIndexBytes: timeIndex.byteLength }, crc32c };
}

async function uploadParts(
  archive: ArchiveStore,
  key: string,
  partCount: number,
  nextPart: () => ArrayBuffer,
  isWanted: () => boolean,
): Promise<void> {
  const upload = await archive.beginUpload(key);
  try {
    for (let number = 1; number <= partCount; number++) {
      if (!isWanted()) return await upload.abort();
      await upload.part(number, nextPart());
    }
    await upload.complete();
  } catch (error) {
    await upload.abort().catch(() => undefined); // the upload's own error tells more; R2 drops what is left after a week
    throw error;
  }
}

/** The bytes of a local segment in order, and its indexes on the way. */
class SegmentSource {
  readonly #segment: Segment;
  readonly #store: LogStore;
  readonly #indexes: IndexBuilder;
  #nextOffset: number;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(segment: Segment, { store, indexIntervalBytes }: UploadOptions) {
    this.#segment = segment;
    this.#store = store;
    this.#indexes = new IndexBuilder(segment.baseOffset, indexIntervalBytes);
    this.#nextOffset = segment.baseOffset;
  }

  /** The next `length` bytes, fewer at the end, in a buffer of their own. */
  take(length: number): ArrayBuffer {
    const chunks = [this.#rest];
    let bytes = this.#rest.length;
    for (const row of this.#rowsLeft()) {
      if (bytes >= length) break;
      this.#index(row);
      chunks.push(new Uint8Array(row.bytes));
      bytes += row.sizeBytes;
      this.#nextOffset = row.endOffset;
    }
    const all = new Uint8Array(bytes);
    let position = 0;
    for (const chunk of chunks) {
      all.set(chunk, position);
      position += chunk.length;
    }
    this.#rest = all.slice(length);
    return bytes <= length ? all.buffer : all.slice(0, length).buffer;
  }

  indexes(): ReturnType<IndexBuilder["finish"]> {
    return this.#indexes.finish();
  }

  #rowsLeft(): Iterable<LogRow> {
    return this.#nextOffset >= this.#segment.endOffset ? [] : this.#store.rowsFrom(this.#segment, this.#nextOffset);
  }

  #index(row: LogRow): void {
    for (const batch of batchesOf(row)) this.#indexes.add(batch, row.position + batch.position);
  }
}

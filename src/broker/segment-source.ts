// The bytes of one copy of a segment, a run of whole batches at a time: from the archive by ranges of its object, past any cache, or from
// the partition by reads.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { batchSizeAt } from "../record/record-batch.ts";
import { readRange, wholeBatchLength } from "./archive-range.ts";
import type { ArchivePort, PartitionAddress, PartitionPort, SegmentDescription } from "./ports.ts";
import { CHUNK_BYTES, type CheckProgress } from "./segment-check.ts";

/** Where a copy is. A segment may have both. */
export type SegmentCopy = "archive" | "local";

/** The run that follows what was checked; an empty one at the end; or why there is none. */
export type NextRun = (progress: CheckProgress) => Promise<Uint8Array | Failure>;

const NOTHING = new Uint8Array(0);

/** The copies that a segment has. One that is being deleted has none that counts. */
export function copiesOf({ place }: SegmentDescription): readonly SegmentCopy[] {
  if (place === "deleting") return [];
  if (place === "both") return ["archive", "local"];
  return place === "archived" ? ["archive"] : ["local"];
}

export function archiveSource(archive: ArchivePort | null, segment: SegmentDescription): NextRun {
  const object = { key: segment.key ?? "", sizeBytes: segment.sizeBytes };
  return async ({ position }) => {
    const left = object.sizeBytes - position;
    if (left <= 0) return NOTHING;
    for (let length = Math.min(CHUNK_BYTES, left); ; ) {
      const bytes = await readRange(archive, object, position, length, true);
      if (isFailure(bytes)) return bytes;
      const end = wholeBatchesEnd(bytes);
      if (end > 0) return new Uint8Array(bytes, 0, end);
      const needed = wholeBatchLength(object, position, bytes);
      if (typeof needed === "object") return needed;
      length = needed;
    }
  };
}

export function localSource(partition: PartitionPort, address: PartitionAddress, segment: SegmentDescription): NextRun {
  return async ({ nextOffset }) => {
    if (nextOffset >= segment.endOffset) return NOTHING;
    const read = await partition.read({ ...address, start: nextOffset, maxBytes: CHUNK_BYTES, isolation: "read_uncommitted" });
    if (isFailure(read)) return failure(read.error, read.detail);
    if ("archived" in read && read.archived.endOffset > segment.endOffset) return NOTHING; // compaction took the rest of it
    if ("archived" in read) return failure("KAFKA_STORAGE_ERROR", `the partition has no rows of it from offset ${nextOffset} on`);
    return new Uint8Array(read.batches, 0, endWithin(read.batches, segment.endOffset));
  };
}

function wholeBatchesEnd(bytes: ArrayBuffer): number {
  const view = new DataView(bytes);
  let end = 0;
  for (let size = batchSizeAt(view, end); size > 0; size = batchSizeAt(view, end)) end += size;
  return end;
}

/** Bytes of the batches that begin before `endOffset`: a read goes on into the next segment. */
function endWithin(bytes: ArrayBuffer, endOffset: number): number {
  const view = new DataView(bytes);
  let end = 0;
  for (let size = batchSizeAt(view, end); size > 0; size = batchSizeAt(view, end)) {
    if (view.getBigInt64(end) >= BigInt(endOffset)) return end;
    end += size;
  }
  return bytes.byteLength; // what is left is no whole batch: the check says so
}

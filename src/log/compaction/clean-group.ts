// Compacts a group of neighbouring segments into one: its rows are written beside the old ones, and take their place in the manifest in
// one transaction. Until then readers see the old segments, from then on the new one; either is right.
//
// The new segment is local, whatever the old ones were: maintenance copies it to the archive as it copies any. The old ones' objects are
// in nobody's manifest then, and the caller deletes them; what a crash leaves of them, or of rows half written, the next start sweeps.

import type { CleanerState } from "../log-store.ts";
import type { PartitionLog } from "../partition-log.ts";
import { isLocal, type Segment, SegmentPlace } from "../segment.ts";
import { abortedIn } from "./aborted-in.ts";
import { type CleaningRules, cleanRun, latest } from "./clean-run.ts";
import { CleanedRows } from "./cleaned-rows.ts";
import { currentSegment, SegmentSlices, type SliceSources } from "./segment-slices.ts";

/** A step of compaction, after which others may have their turn. */
export interface CompactionStep {
  /** Of stored batches that it went through. */
  readonly bytes: number;
  /** Segments whose place in the manifest was taken. */
  readonly replaced: readonly Segment[];
}

export interface GroupOptions extends SliceSources {
  readonly log: PartitionLog;
  readonly rules: CleaningRules;
  /** What is to be noted with the change. */
  readonly cleaner: CleanerState;
}

/** @throws SegmentGoneError where one of them expires meanwhile; nothing is left of the work then */
export async function* cleanGroup(group: readonly Segment[], options: GroupOptions): AsyncGenerator<CompactionStep> {
  const { baseOffset, generation } = group[0]!;
  const rows = new CleanedRows(options.store, { baseOffset, generation: generation + 1 });
  let isKept = false;
  try {
    const goneMarkers: number[] = [];
    let hasChanged = group.length > 1;
    let deleteHorizonMs: number | null = null;
    for (const segment of group) {
      const slices = new SegmentSlices(segment, options);
      for (let slice = await slices.next(); slice !== null; slice = await slices.next()) {
        const cleaned = cleanRun(slice, abortedIn(slice, options.store), options.rules);
        rows.add(cleaned.batches);
        goneMarkers.push(...cleaned.goneMarkers);
        hasChanged ||= cleaned.hasChanged;
        deleteHorizonMs = latest(deleteHorizonMs, cleaned.deleteHorizonMs);
        yield { bytes: slice.byteLength, replaced: [] };
      }
    }
    const members = group.map((segment) => currentSegment(options.store, segment));
    if (hasChanged) replaceSegments(members, { ...rows.finish(), deleteHorizonMs }, goneMarkers, options);
    else keepSegment({ ...members[0]!, deleteHorizonMs }, options);
    isKept = hasChanged;
    yield { bytes: 0, replaced: hasChanged ? members : [] };
  } finally {
    if (!isKept) rows.discard();
  }
}

/** All of it is still needed: its bytes stay where they are. */
function keepSegment(segment: Segment, { store, log, cleaner }: GroupOptions): void {
  log.setCleaner(cleaner, () => store.putSegment(segment));
}

function replaceSegments(
  members: readonly Segment[],
  content: Pick<Segment, "sizeBytes" | "maxTimestamp" | "deleteHorizonMs">,
  goneMarkers: readonly number[],
  { store, log, cleaner }: GroupOptions,
): void {
  const [first, last] = [members[0]!, members.at(-1)!];
  log.setCleaner(cleaner, () => {
    // With their markers: a reader who is told of an aborted transaction takes it to go on until the producer's next marker.
    store.removeAborted(goneMarkers);
    for (const member of members) {
      if (isLocal(member)) store.dropRows(member);
      store.removeSegment(member.baseOffset);
    }
    store.putSegment({
      ...{ baseOffset: first.baseOffset, generation: first.generation + 1, createdAtMs: first.createdAtMs },
      ...{ endOffset: last.endOffset, sealedAtMs: last.sealedAtMs },
      ...{ place: SegmentPlace.local, crc32c: null, archive: null },
      ...content,
    });
  });
}

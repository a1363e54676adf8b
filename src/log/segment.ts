// Segments: a partition's log in pieces that are sealed, tiered, expired and compacted as a whole. The last one is active: it grows,
// and its manifest row tells only where it begins and since when.

/** Stored in the manifest; never renumber. */
export const SegmentPlace = {
  /** Growing, in rows. */
  active: 0,
  /** Sealed, in rows. */
  local: 1,
  /** Sealed, in rows and in the archive. */
  both: 2,
  /** Sealed, in the archive alone. */
  archived: 3,
  /** On its way out: below the log start offset, its objects in the archive may be gone already. */
  deleting: 4,
} as const;

export type SegmentPlace = (typeof SegmentPlace)[keyof typeof SegmentPlace];

/** What the archive holds of a segment. */
export interface ArchivedCopy {
  /** In the keys: of the leader that wrote the copy. */
  readonly leaderEpoch: number;
  /** In the keys: how many copies of this leader had failed before. What those left behind cannot stand for this one. */
  readonly attempt: number;
  readonly indexBytes: number;
  readonly timeIndexBytes: number;
}

/** What names the bytes of a segment, in rows or in the archive: the same name never stands for other bytes. */
export interface SegmentName {
  readonly baseOffset: number;
  /** 0 as it was written; each compaction's rewrite is one more. */
  readonly generation: number;
}

export interface Segment extends SegmentName {
  readonly place: SegmentPlace;
  /** When its first batch was written (ms, the broker's clock). */
  readonly createdAtMs: number;
  /** Exclusive. The next four tell of a sealed segment; an active one's are its rows' to tell. */
  readonly endOffset: number;
  readonly sizeBytes: number;
  /** Largest timestamp of its records (ms), -1 where they have none. */
  readonly maxTimestamp: number;
  readonly sealedAtMs: number;
  /** CRC-32C of all its bytes; null until it is known (once archived). */
  readonly crc32c: number | null;
  readonly archive: ArchivedCopy | null;
  /** When the last of its tombstones and markers may go (ms): compaction decides it. null: none waits. */
  readonly deleteHorizonMs: number | null;
}

export function isLocal(segment: Segment): boolean {
  return segment.place === SegmentPlace.active || segment.place === SegmentPlace.local || segment.place === SegmentPlace.both;
}

/** Offsets in an index are relative to the segment's, as 4 bytes. */
export const MAX_SEGMENT_OFFSETS = 2 ** 31 - 1;

/** Kafka's name of a segment: its base offset in 20 digits. */
export function segmentName(baseOffset: number): string {
  return String(baseOffset).padStart(20, "0");
}

/** Keys of everything that the archive holds of a partition begin so. */
export function archivePrefix(topicId: string, partition: number): string {
  return `topics/${topicId}/${partition}/`;
}

/** A segment without aborted transactions has no txnindex. */
const ARCHIVE_FILES = ["log", "index", "timeindex", "txnindex"] as const;

export type ArchiveFile = (typeof ARCHIVE_FILES)[number];

/** What tells the copies of the same bytes apart, in their keys. */
export type CopyName = Pick<ArchivedCopy, "leaderEpoch" | "attempt">;

/**
 * A segment's object in the archive. The leader epoch is in it, so that a stale leader can never overwrite what a newer one wrote, and
 * the generation, so that a reader of the old bytes never gets some of the new ones.
 */
export function archiveKey(prefix: string, segment: SegmentName, copy: CopyName, file: ArchiveFile): string {
  return `${prefix}${segmentName(segment.baseOffset)}.${copy.leaderEpoch}.${segment.generation}.${copy.attempt}.${file}`;
}

/** The keys of all objects that a copy may have. */
export function archiveKeys(prefix: string, segment: SegmentName, copy: CopyName): string[] {
  return ARCHIVE_FILES.map((file) => archiveKey(prefix, segment, copy, file));
}

/** The leader epoch in a key, null where it is not a key of ours. */
export function leaderEpochOf(prefix: string, key: string): number | null {
  const [baseOffset, leaderEpoch, generation, attempt, file] = key.slice(prefix.length).split(".");
  const areNumbers = [baseOffset, leaderEpoch, generation, attempt].every((part) => /^\d+$/.test(part ?? ""));
  const isOurs = areNumbers && ARCHIVE_FILES.includes(file as ArchiveFile);
  return isOurs ? Number(leaderEpoch) : null;
}

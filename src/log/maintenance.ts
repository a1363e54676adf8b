// What a log does in the background, driven by the partition's alarm: seals what is old, expires, copies sealed segments to the archive,
// drops their rows, deletes what expired there, and sweeps what no manifest row points to.
//
// Each step leaves either the old or the new state, and a step that is cut off is found unfinished, and done again, by the next run. The
// order of a copy (objects, then the manifest row, then the rows) means that a crash leaves the rows, or the objects, never neither.
// One run is under way at a time. Appends and reads go on while a run waits for the archive.

import type { ArchiveStore } from "./archive-store.ts";
import type { LogConfig } from "./log-config.ts";
import type { LogStore } from "./log-store.ts";
import type { PartitionLog } from "./partition-log.ts";
import type { RecordTools } from "./record-tools.ts";
import { expiresAtMs, localRetention, retentionStartOffset, rowsToDrop } from "./retention.ts";
import { archiveKey, archivePrefix, type Segment, SegmentPlace } from "./segment.ts";
import { uploadSegment } from "./segment-upload.ts";

export interface MaintenanceOptions {
  readonly log: PartitionLog;
  readonly store: LogStore;
  readonly archive: ArchiveStore | null;
  readonly tools: RecordTools;
  readonly config: () => LogConfig;
  /** ms */
  readonly now: () => number;
  /** Throws once the log is destroyed; called after each wait. */
  readonly checkAlive: () => void;
}

/** Does all that is due. @returns when the next run is due (ms), null: not before something is appended */
export async function runMaintenance(options: MaintenanceOptions): Promise<number | null> {
  const { log, store, now, config } = options;
  const rollDue = log.rollDueMs(config());
  if (rollDue !== null && rollDue <= now()) log.roll();
  const start = retentionStartOffset(store.segmentsFrom(0), log.sizeBytes, config(), now());
  if (start !== null) log.advanceLogStart(start);
  if (options.archive !== null) {
    await deleteExpired(options, options.archive);
    await copySealed(options, options.archive);
    dropRows(options);
  }
  return nextDueMs(options);
}

/** Copies sealed segments that the archive lacks, oldest first. */
async function copySealed(options: MaintenanceOptions, archive: ArchiveStore): Promise<void> {
  const { log, store, tools, config, checkAlive } = options;
  const { topicId, partition, leaderEpoch } = log.state;
  const prefix = archivePrefix(topicId, partition);
  for (let segment = nextToCopy(store); segment !== null; segment = nextToCopy(store)) {
    const { indexIntervalBytes } = config();
    const uploaded = await uploadSegment(segment, { archive, store, tools, prefix, leaderEpoch, indexIntervalBytes, checkAlive });
    const current = store.segmentHolding(segment.baseOffset);
    if (current?.baseOffset !== segment.baseOffset || current.place !== SegmentPlace.local) continue; // it expired meanwhile: an orphan now
    store.putSegment({ ...current, place: SegmentPlace.both, archive: uploaded.copy, crc32c: uploaded.crc32c });
    dropRows(options);
  }
}

function nextToCopy(store: LogStore): Segment | null {
  for (const segment of store.segmentsFrom(0)) if (segment.place === SegmentPlace.local) return segment;
  return null;
}

function dropRows({ store, config, now }: MaintenanceOptions): void {
  for (const segment of rowsToDrop(store.segmentsFrom(0), config(), now())) {
    store.transaction(() => {
      store.putSegment({ ...segment, place: SegmentPlace.archived });
      store.dropRows(segment.baseOffset);
    });
  }
}

/** Deletes the objects of segments on their way out, and then their manifest rows. */
async function deleteExpired({ log, store, checkAlive }: MaintenanceOptions, archive: ArchiveStore): Promise<void> {
  const { topicId, partition } = log.state;
  const prefix = archivePrefix(topicId, partition);
  const deleting = [...store.segmentsFrom(0)].filter((segment) => segment.place === SegmentPlace.deleting);
  for (const segment of deleting) {
    await archive.delete(objectKeys(prefix, segment));
    checkAlive();
    store.removeSegment(segment.baseOffset);
  }
}

function objectKeys(prefix: string, segment: Segment): string[] {
  const { archive } = segment;
  return archive === null ? [] : (["log", "index", "timeindex"] as const).map((file) => archiveKey(prefix, segment, archive, file));
}

/**
 * Deletes the objects that no manifest row points to: of copies that were cut off. To be run when no copy is under way.
 * @returns how many it deleted
 */
export async function sweepOrphans({ log, store, archive, checkAlive }: MaintenanceOptions): Promise<number> {
  if (archive === null) return 0;
  const { topicId, partition } = log.state;
  const prefix = archivePrefix(topicId, partition);
  let deleted = 0;
  let cursor: string | null = null;
  do {
    const page = await archive.list(prefix, cursor);
    checkAlive();
    const known = new Set([...store.segmentsFrom(0)].flatMap((segment) => objectKeys(prefix, segment)));
    const orphans = page.objects.map((object) => object.key).filter((key) => !known.has(key));
    if (orphans.length > 0) await archive.delete(orphans);
    checkAlive();
    deleted += orphans.length;
    cursor = page.cursor;
  } while (cursor !== null);
  return deleted;
}

/** Deletes everything that the archive holds of a partition. */
export async function deleteArchive(archive: ArchiveStore, topicId: string, partition: number): Promise<void> {
  for (;;) {
    const { objects } = await archive.list(archivePrefix(topicId, partition), null);
    if (objects.length === 0) return;
    await archive.delete(objects.map((object) => object.key));
  }
}

/** When something is due next. */
export function nextDueMs({ log, store, archive, config }: MaintenanceOptions): number | null {
  const due: number[] = [];
  const rollDue = log.rollDueMs(config());
  if (rollDue !== null) due.push(rollDue);
  const keepMs = localRetention(config()).ms;
  for (const segment of store.segmentsFrom(0)) {
    if (segment.place === SegmentPlace.active) break;
    const expires = expiresAtMs(segment, config());
    if (expires !== null && segment.place !== SegmentPlace.deleting) due.push(expires);
    if (archive !== null && segment.place === SegmentPlace.both && keepMs !== Number.POSITIVE_INFINITY)
      due.push(segment.sealedAtMs + keepMs);
    if (due.length > 3) break; // the oldest go first: later ones are due later
  }
  return due.length === 0 ? null : Math.min(...due);
}

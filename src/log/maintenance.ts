// What a log does in the background, driven by the partition's alarm: seals what is old, expires, copies sealed segments to the archive,
// drops their rows, deletes what expired there, compacts, and sweeps what no manifest row points to.
//
// Each step leaves either the old or the new state, and a step that is cut off is found unfinished, and done again, by the next run. The
// order of a copy (objects, then the manifest row, then the rows) means that a crash leaves the rows, or the objects, never neither.
// One run is under way at a time. Appends and reads go on while a run waits for the archive, and between two steps of a compaction.

import { COMPACTION_BYTES_PER_RUN } from "../common/limits/partition-log.ts";
import type { ArchiveStore } from "./archive-store.ts";
import type { Compactor } from "./compaction/compactor.ts";
import type { LogConfig } from "./log-config.ts";
import type { LogStore } from "./log-store.ts";
import type { PartitionLog } from "./partition-log.ts";
import type { RecordTools } from "./record-tools.ts";
import { expiresAtMs, localRetention, retentionStartOffset, rowsToDrop } from "./retention.ts";
import { archiveKeys, archivePrefix, isLocal, leaderEpochOf, type Segment, SegmentPlace } from "./segment.ts";
import { uploadSegment } from "./segment-upload.ts";

/** As ArchiveStore.delete takes them. */
const MAX_KEYS_PER_DELETE = 1_000;

export interface MaintenanceOptions {
  readonly log: PartitionLog;
  readonly store: LogStore;
  readonly archive: ArchiveStore | null;
  readonly tools: RecordTools;
  readonly compactor: Compactor;
  readonly config: () => LogConfig;
  /** ms */
  readonly now: () => number;
  /** Throws once the log is destroyed; called after each wait. */
  readonly checkAlive: () => void;
  /** Lets others have their turn of the event loop. */
  readonly yieldTurn: () => Promise<void>;
}

/** Does all that is due. @returns when the next run is due (ms), null: not before something is appended */
export async function runMaintenance(options: MaintenanceOptions): Promise<number | null> {
  const { log, store, now, config } = options;
  const rollDue = log.rollDueMs(config());
  if (rollDue !== null && rollDue <= now()) log.roll();
  const start = retentionStartOffset(store.segmentsFrom(0), log.sizeBytes, config(), now());
  if (start !== null) log.advanceLogStart(start);
  if (options.archive !== null) await deleteExpired(options, options.archive);
  await tier(options);
  const isCompacted = await compact(options);
  return isCompacted ? nextDueMs(options) : now();
}

async function tier(options: MaintenanceOptions): Promise<void> {
  if (options.archive === null) return;
  await copySealed(options, options.archive);
  dropRows(options);
}

/** Compacts for as long as a run may. What it replaces moves on at once, so that no more than a segment is local. @returns whether it is done */
async function compact(options: MaintenanceOptions): Promise<boolean> {
  const { compactor, archive, checkAlive, yieldTurn } = options;
  for (let bytes = 0; bytes < COMPACTION_BYTES_PER_RUN; ) {
    const step = await compactor.next();
    checkAlive();
    if (step === null) return true;
    bytes += step.bytes;
    if (step.replaced.length > 0) {
      if (archive !== null) await deleteObjects(options, archive, step.replaced);
      await tier(options);
    }
    await yieldTurn();
    checkAlive();
  }
  return false;
}

async function deleteObjects({ log, checkAlive }: MaintenanceOptions, archive: ArchiveStore, segments: readonly Segment[]): Promise<void> {
  const prefix = archivePrefix(log.state.topicId, log.state.partition);
  const keys = segments.flatMap((segment) => objectKeys(prefix, segment));
  for (let first = 0; first < keys.length; first += MAX_KEYS_PER_DELETE) {
    await archive.delete(keys.slice(first, first + MAX_KEYS_PER_DELETE));
    checkAlive();
  }
}

/** Copies sealed segments that the archive lacks, oldest first. */
async function copySealed(options: MaintenanceOptions, archive: ArchiveStore): Promise<void> {
  const { log, store, tools, config, checkAlive } = options;
  const prefix = archivePrefix(log.state.topicId, log.state.partition);
  for (let segment = nextToCopy(options); segment !== null; segment = nextToCopy(options)) {
    const { baseOffset } = segment;
    const current = (): Segment | null => {
      checkAlive();
      const found = store.segmentHolding(baseOffset);
      return found?.baseOffset === baseOffset && found.place === SegmentPlace.local ? found : null;
    };
    const name = log.nameCopy();
    const { indexIntervalBytes } = config();
    const upload = uploadSegment(segment, name, { archive, store, tools, prefix, indexIntervalBytes, isWanted: () => current() !== null });
    const uploaded = await upload.catch((error: unknown) => {
      log.noteFailedCopy();
      throw error;
    });
    const wanted = current();
    if (uploaded === null || wanted === null) {
      await archive.delete(archiveKeys(prefix, segment, name)); // it expired meanwhile
      continue;
    }
    store.putSegment({ ...wanted, place: SegmentPlace.both, archive: uploaded.copy, crc32c: uploaded.crc32c });
    dropRows(options);
  }
}

/**
 * The segments that are local, oldest first: the newest of the log, since copies are made and rows dropped in order. What compaction
 * writes again is local anywhere.
 */
function localSegments({ log, store }: MaintenanceOptions): Segment[] {
  const { firstDirtyOffset, round } = log.state.cleaner;
  const wasCompacted = firstDirtyOffset > 0 || round !== null;
  const local: Segment[] = [];
  for (const segment of store.newestSegments()) {
    if (isLocal(segment)) local.push(segment);
    else if (!wasCompacted) break;
  }
  return local.reverse();
}

function nextToCopy(options: MaintenanceOptions): Segment | null {
  return localSegments(options).find(({ place }) => place === SegmentPlace.local) ?? null;
}

function dropRows(options: MaintenanceOptions): void {
  const { store, config, now } = options;
  for (const segment of rowsToDrop(localSegments(options), config(), now())) {
    store.transaction(() => {
      store.putSegment({ ...segment, place: SegmentPlace.archived });
      store.dropRows(segment);
    });
  }
}

/** Deletes the objects of segments on their way out, and then their manifest rows. */
async function deleteExpired(options: MaintenanceOptions, archive: ArchiveStore): Promise<void> {
  const { store } = options;
  const deleting = [...store.segmentsFrom(0)].filter((segment) => segment.place === SegmentPlace.deleting);
  for (const segment of deleting) {
    await deleteObjects(options, archive, [segment]);
    store.removeSegment(segment.baseOffset);
  }
}

function objectKeys(prefix: string, segment: Segment): string[] {
  return segment.archive === null ? [] : archiveKeys(prefix, segment, segment.archive);
}

/**
 * Deletes the rows and objects that no manifest row points to: of copies and compactions that were cut off. Objects of a newer leader are
 * left alone: where there is one, this one is out of date and does not know its manifest. To be run when no copy is under way; a
 * compaction that is begins its round again.
 * @returns how many objects it deleted
 */
export async function sweepOrphans({ log, store, archive, compactor, checkAlive }: MaintenanceOptions): Promise<number> {
  await compactor.stop();
  store.dropStrayRows();
  if (archive === null) return 0;
  const { topicId, partition, leaderEpoch } = log.state;
  const prefix = archivePrefix(topicId, partition);
  let deleted = 0;
  let cursor: string | null = null;
  do {
    const page = await archive.list(prefix, cursor);
    checkAlive();
    const known = new Set([...store.segmentsFrom(0)].flatMap((segment) => objectKeys(prefix, segment)));
    const isOrphan = (key: string): boolean => !known.has(key) && (leaderEpochOf(prefix, key) ?? leaderEpoch + 1) <= leaderEpoch;
    const orphans = page.objects.map((object) => object.key).filter(isOrphan);
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

/** When something is due next (ms; what could not be done before, at once), null: not before something is appended. */
export function nextDueMs(options: MaintenanceOptions): number | null {
  const { log, store, archive, compactor, config } = options;
  const due = [log.rollDueMs(config()), compactor.dueMs()];
  for (const segment of store.segmentsFrom(0)) {
    if (segment.place === SegmentPlace.active) break;
    if (segment.place === SegmentPlace.deleting) {
      if (archive !== null) due.push(0);
      continue;
    }
    due.push(expiresAtMs(segment, config()));
    break; // the others go after it
  }
  const local = archive === null ? [] : localSegments(options);
  if (local.some(({ place }) => place === SegmentPlace.local)) due.push(0);
  if (local[0]?.place === SegmentPlace.both) due.push(local[0].sealedAtMs + localRetention(config()).ms);
  const nextMs = Math.min(...due.map((dueMs) => dueMs ?? Number.POSITIVE_INFINITY));
  return nextMs === Number.POSITIVE_INFINITY ? null : nextMs;
}

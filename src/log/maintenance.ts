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
import { archiveKeys, archivePrefix, isLocal, leaderEpochOf, type Segment, SegmentPlace } from "./segment.ts";
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
  const prefix = archivePrefix(log.state.topicId, log.state.partition);
  for (let segment = nextToCopy(store); segment !== null; segment = nextToCopy(store)) {
    const { baseOffset } = segment;
    const current = (): Segment | null => {
      checkAlive();
      const found = store.segmentHolding(baseOffset);
      return found?.baseOffset === baseOffset && found.place === SegmentPlace.local ? found : null;
    };
    const name = log.nameCopy(segment);
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

/** The segments that are local, oldest first: the newest of the log, since copies are made and rows dropped in order. */
function localSegments(store: LogStore): Segment[] {
  const local: Segment[] = [];
  for (const segment of store.newestSegments()) {
    if (!isLocal(segment)) break;
    local.push(segment);
  }
  return local.reverse();
}

function nextToCopy(store: LogStore): Segment | null {
  return localSegments(store).find(({ place }) => place === SegmentPlace.local) ?? null;
}

function dropRows({ store, config, now }: MaintenanceOptions): void {
  for (const segment of rowsToDrop(localSegments(store), config(), now())) {
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
  return segment.archive === null ? [] : archiveKeys(prefix, segment, segment.archive);
}

/**
 * Deletes the objects that no manifest row points to: of copies that were cut off. Those of a newer leader are left alone: where there
 * is one, this one is out of date and does not know its manifest. To be run when no copy is under way.
 * @returns how many it deleted
 */
export async function sweepOrphans({ log, store, archive, checkAlive }: MaintenanceOptions): Promise<number> {
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
export function nextDueMs({ log, store, archive, config }: MaintenanceOptions): number | null {
  const due = [log.rollDueMs(config())];
  for (const segment of store.segmentsFrom(0)) {
    if (segment.place === SegmentPlace.active) break;
    if (segment.place === SegmentPlace.deleting) {
      if (archive !== null) due.push(0);
      continue;
    }
    due.push(expiresAtMs(segment, config()));
    break; // the others go after it
  }
  const [oldestLocal] = localSegments(store);
  if (archive !== null && oldestLocal?.place === SegmentPlace.local) due.push(0);
  if (archive !== null && oldestLocal?.place === SegmentPlace.both) due.push(oldestLocal.sealedAtMs + localRetention(config()).ms);
  const nextMs = Math.min(...due.map((dueMs) => dueMs ?? Number.POSITIVE_INFINITY));
  return nextMs === Number.POSITIVE_INFINITY ? null : nextMs;
}

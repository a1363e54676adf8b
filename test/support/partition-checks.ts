// What must hold of a partition under faults beside the contents of its log: what reads answer, that an alarm is set while something is
// left to do, and that nothing is left over once all is done.

import type { TopicConfig } from "../../src/common/configs.ts";
import { isCompacted } from "./compaction-model.ts";
import { isExpired } from "./log-model.ts";
import type { PartitionUnderFaults } from "./partition-under-faults.ts";
import { ACTIVE, ARCHIVED, BOTH, DELETING, equal, LOCAL, type StoredLog } from "./stored-log.ts";

/** Upkeep tries again after this long at the latest (ms). */
const LAST_RETRY_MS = 300_000;

/**
 * Checks that a read has every record that is there still, and none that was gone when it began.
 * @param read offsets; @param stored when the read began, and when it ended
 */
export function checkRead(
  read: readonly number[],
  { start, nextOffset }: { readonly start: number; readonly nextOffset: number },
  { begun, ended }: { readonly begun: StoredLog; readonly ended: StoredLog },
): void {
  if (nextOffset > ended.endOffset) throw new Error(`a read ends at ${nextOffset}, beyond the log`);
  if (nextOffset <= start && start < begun.endOffset) throw new Error(`a read at ${start} came to nothing`);
  for (const [index, offset] of read.entries()) {
    if (index > 0 && offset <= read[index - 1]!) throw new Error(`a read has ${offset} after ${read[index - 1]}`);
    if (offset >= nextOffset) throw new Error(`a read that ends at ${nextOffset} has ${offset}`);
    if (offset < begun.endOffset && !begun.records.has(offset)) throw new Error(`a read has ${offset}, which was gone before it began`);
  }
  const found = new Set(read);
  const missing = ended.recordsBetween(start, nextOffset).find(({ offset }) => !found.has(offset));
  if (missing !== undefined) throw new Error(`a read from ${start} to ${nextOffset} lacks ${missing.offset}`);
}

/** Whatever is left to do, an alarm is set that does it in time. */
export function checkAlarm(partition: PartitionUnderFaults, config: TopicConfig, nowMs: number): void {
  if (partition.isRinging) return;
  const sealed = [...partition.disk.segmentsFrom(0)].filter(({ place }) => place !== ACTIVE);
  const { round } = partition.disk.loadState()!.cleaner;
  const dues = [Number.POSITIVE_INFINITY];
  if (sealed.some(({ place }) => place === LOCAL || place === DELETING)) dues.push(0);
  if (isCompacted(config) && round !== null) dues.push(0);
  if (isCompacted(config)) dues.push(...sealed.flatMap(({ deleteHorizonMs }) => deleteHorizonMs ?? []));
  const [oldest] = sealed;
  if (oldest !== undefined && config.cleanupPolicy.includes("delete") && config.retentionMs >= 0)
    dues.push((oldest.maxTimestamp < 0 ? oldest.sealedAtMs : oldest.maxTimestamp) + config.retentionMs);
  const dueMs = Math.min(...dues);
  const latestMs = Math.max(dueMs, nowMs + LAST_RETRY_MS);
  const { alarmMs } = partition;
  if ((alarmMs ?? Number.POSITIVE_INFINITY) > latestMs) throw new Error(`the alarm is set to ${alarmMs}, though work is due at ${dueMs}`);
}

/** Nothing is left to do, and nothing left over. */
export function checkSettled({ disk, bucket }: PartitionUnderFaults, stored: StoredLog, config: TopicConfig, nowMs: number): void {
  const segments = [...disk.segmentsFrom(0)];
  const archived = segments.filter(({ place }) => place === BOTH || place === ARCHIVED).length;
  equal(archived, Math.max(segments.length - 1, 0), "segments in the archive");
  equal(bucket.objects.size, archived * 3, "objects in the archive");
  equal(disk.dropStrayRows(), 0, "segments of stray rows");
  const [oldest] = segments;
  if (oldest === undefined || archived === 0) return;
  const { baseOffset, endOffset, maxTimestamp, sealedAtMs } = oldest;
  if (isExpired(maxTimestamp < 0 ? sealedAtMs : maxTimestamp, stored.bytesFrom(endOffset), config, nowMs))
    throw new Error(`segment ${baseOffset} expired and is there`);
}

/** Whether all that is sealed is compacted as soon as it can be. */
export function isSoonCompacted(config: TopicConfig): boolean {
  return isCompacted(config) && config.minCleanableDirtyRatio === 0 && config.minCompactionLagMs === 0;
}

// What compaction may take out of a log, and what it must keep, at any moment (org.apache.kafka.storage.internals.log.Cleaner and
// LogCleanerManager), from the model's list and two looks at what is stored:
//
// - nothing is compacted in the active segment, nor from the first segment on that has a record younger than min.compaction.lag.ms;
// - of what is compacted, a record may go if its key has a newer one there, or if it has no key;
// - the newest record of a key stays: for ever if it has a value; as a tombstone until delete.retention.ms after it was first compacted;
// - what is gone does not come back, and no older record outlives its key's tombstone;
// - the newest batch of each producer stays, be it empty.

import type { TopicConfig } from "../../src/common/configs.ts";
import type { CleanerState } from "../../src/log/log-store.ts";
import type { Interval, LogModel } from "./log-model.ts";
import type { StoredBatch, StoredLog } from "./stored-log.ts";

export class CompactionModel {
  readonly #model: LogModel;
  /** Records and tombstones that were compacted away. */
  readonly counts = { superseded: 0, tombstones: 0 };
  /** Exclusive: how far the log is compacted, or is being. */
  #endOffset = 0;

  constructor(model: LogModel) {
    this.#model = model;
  }

  /** Checks one interval. The model's log start is that of its end. */
  check(interval: Interval, cleaner: CleanerState): void {
    this.#checkEnd(interval, cleaner);
    this.#checkVanished(interval);
    this.#checkHorizons(interval);
    this.#checkTombstones(interval.now);
    this.#checkProducers(interval.now);
  }

  /** Whether a record that is not there at an interval's end may have been compacted away. */
  mayVanish(offset: number, { before, configs, earliestMs, latestMs }: Interval, cleaner: CleanerState): boolean {
    const compacting = configs.filter(isCompacted);
    if (compacting.length === 0 || offset >= endOf(cleaner)) return false;
    const { key, value } = this.#model.records[offset]!;
    if (key === null || this.#hasNewer(key, offset, endOf(cleaner))) return true;
    if (value !== null) return false;
    const soonestMs = earliestMs + Math.min(...compacting.map((config) => config.deleteRetentionMs));
    return (batchWith(before, offset)?.deleteHorizonMs ?? soonestMs) <= latestMs;
  }

  /** That nothing is left to compact: of each key one record. Tombstones may still wait. */
  checkDone(now: StoredLog): void {
    const newest = new Map<string | null, number>();
    for (const { offset, key } of now.recordsBetween(0, now.activeBaseOffset)) {
      if (key === null) throw new Error(`the record at ${offset} has no key, and is still there`);
      if (newest.has(key)) throw new Error(`${key} is at ${offset}, and still at ${newest.get(key)}`);
      newest.set(key, offset);
    }
  }

  #hasNewer(key: string, offset: number, endOffset: number): boolean {
    return this.#model.records.slice(offset + 1, endOffset).some((record) => record.key === key);
  }

  /** How far compaction goes is decided by the segments as they were before it. */
  #checkEnd({ before, now, configs, latestMs }: Interval, cleaner: CleanerState): void {
    const endOffset = endOf(cleaner);
    if (endOffset === this.#endOffset) return;
    if (endOffset < this.#endOffset) throw new Error(`compaction went back from ${this.#endOffset} to ${endOffset}`);
    const compacting = configs.filter(isCompacted);
    if (compacting.length === 0) throw new Error(`the log was compacted up to ${endOffset}, and is not to be`);
    if (endOffset > now.activeBaseOffset) throw new Error(`compaction goes up to ${endOffset}, into the active segment`);
    const lagMs = Math.min(...compacting.map((config) => config.minCompactionLagMs));
    const startOffset = Math.max(this.#endOffset, this.#model.logStartOffset);
    const young = before.recordsBetween(startOffset, endOffset).find(({ timestamp }) => timestamp + lagMs > latestMs);
    if (lagMs > 0 && young !== undefined) throw new Error(`the record at ${young.offset} is too young to be compacted`);
    this.#endOffset = endOffset;
  }

  #checkVanished(interval: Interval): void {
    const { before, now } = interval;
    const cleaner = { firstDirtyOffset: this.#endOffset, round: null };
    for (const offset of before.records.keys()) {
      if (offset < this.#model.logStartOffset || now.records.has(offset)) continue;
      if (!this.mayVanish(offset, interval, cleaner)) throw new Error(`the record at ${offset} is gone: ${this.#describe(offset)}`);
      const { key } = this.#model.records[offset]!;
      this.counts[key === null || this.#hasNewer(key, offset, this.#endOffset) ? "superseded" : "tombstones"] += 1;
    }
    for (const offset of now.records.keys())
      if (!before.records.has(offset) && offset < before.endOffset) throw new Error(`the record at ${offset} was gone, and is back`);
  }

  /** A tombstone's time begins when it is first compacted, and does not change after. */
  #checkHorizons({ before, now, configs, earliestMs }: Interval): void {
    const known = new Map(before.batches.map(({ header, deleteHorizonMs }) => [header.baseOffset, deleteHorizonMs]));
    const retentionMs = Math.min(...configs.filter(isCompacted).map((config) => config.deleteRetentionMs));
    for (const { header, records, deleteHorizonMs } of now.batches) {
      if (deleteHorizonMs === null) continue;
      const name = `the horizon of batch ${header.baseOffset}`;
      if (!records.some(({ value }) => value === null)) throw new Error(`${name} is set, and it has no tombstone`);
      const earlierMs = known.get(header.baseOffset) ?? null;
      if (earlierMs !== null && earlierMs !== deleteHorizonMs) throw new Error(`${name} went from ${earlierMs} to ${deleteHorizonMs}`);
      if (earlierMs === null && deleteHorizonMs < earliestMs + retentionMs) throw new Error(`${name} is ${deleteHorizonMs}: too early`);
    }
  }

  /** A key whose newest record is a tombstone that is gone has no record that is older. */
  #checkTombstones(now: StoredLog): void {
    const newest = new Map(this.#model.records.map(({ key }, offset) => [key, offset]));
    for (const { key, offset } of now.records.values()) {
      const last = newest.get(key)!;
      if (key === null || offset < this.#model.logStartOffset || now.records.has(last)) continue;
      throw new Error(`${key} was deleted at ${last}, which is gone, and is still there at ${offset}`);
    }
  }

  #checkProducers(now: StoredLog): void {
    const stored = new Set(now.batches.map(({ header }) => header.baseOffset));
    for (const [producerId, baseOffset] of this.#model.lastBatches) {
      const isKept = baseOffset < this.#model.logStartOffset || stored.has(baseOffset);
      if (!isKept) throw new Error(`the last batch of producer ${producerId}, at ${baseOffset}, is gone`);
    }
  }

  #describe(offset: number): string {
    const { key, value } = this.#model.records[offset]!;
    const newer = this.#model.records.findLastIndex((record) => record.key === key);
    return `key ${key}, ${value === null ? "a tombstone" : "with a value"}, the newest is at ${newer}, compacted up to ${this.#endOffset}`;
  }
}

export function isCompacted({ cleanupPolicy }: TopicConfig): boolean {
  return cleanupPolicy.includes("compact");
}

function endOf({ firstDirtyOffset, round }: CleanerState): number {
  return Math.max(firstDirtyOffset, round?.endOffset ?? 0);
}

function batchWith(stored: StoredLog, offset: number): StoredBatch | undefined {
  return stored.batches.find(({ header }) => header.baseOffset <= offset && offset <= header.baseOffset + header.lastOffsetDelta);
}

// One round of compaction: the keys of the dirty part go into the map, as many as it holds, and then every segment up to where the map
// ends is compacted by it, oldest first (org.apache.kafka.storage.internals.log.Cleaner.doClean). What the map did not hold is the next round's.
//
// Oldest first matters: when a tombstone goes, no older record of its key is left that could come to life again.
//
// A round that is cut off goes on where it was. Its end is stored before its first group, and the map is built again from what the
// finished groups left, which has the same newest offset for each key that older segments may still have.

import { type BatchHeader, batchHeaders, isControl, lastOffset } from "../../record/record-batch.ts";
import type { LogConfig } from "../log-config.ts";
import type { CleanerRound } from "../log-store.ts";
import type { PartitionLog } from "../partition-log.ts";
import { type Segment, SegmentPlace } from "../segment.ts";
import { abortedIn } from "./aborted-in.ts";
import type { BatchTools } from "./batch-tools.ts";
import { type CompactionStep, cleanGroup } from "./clean-group.ts";
import type { CleaningRules } from "./clean-run.ts";
import { groupSegments } from "./group-segments.ts";
import type { HashSeed } from "./key-hash.ts";
import { KeyMap } from "./key-map.ts";
import { SegmentSlices, type SliceSources } from "./segment-slices.ts";
import { TransactionRemains } from "./transaction-remains.ts";

export interface RoundOptions extends SliceSources {
  readonly log: PartitionLog;
  readonly tools: BatchTools;
  readonly config: () => LogConfig;
  /** ms */
  readonly now: () => number;
  readonly randomSeed: () => HashSeed;
  /** Most bytes of the key map. */
  readonly keyMapBytes: number;
}

/** Compacts the log up to `wanted.endOffset`, or to where the key map is full. */
export async function* runRound(wanted: CleanerRound, options: RoundOptions): AsyncGenerator<CompactionStep> {
  const { log, config } = options;
  const { firstDirtyOffset } = log.state.cleaner;
  const keys = new KeyMap(wanted.endOffset - firstDirtyOffset, options.keyMapBytes, options.randomSeed());
  const endOffset = yield* readKeys(keys, firstDirtyOffset, wanted.endOffset, options);
  const doneOffset = endOffset === wanted.endOffset ? wanted.nextOffset : 0;
  log.setCleaner({ firstDirtyOffset, round: { endOffset, nextOffset: doneOffset } });
  const newestOffsetOf = (key: Uint8Array): number => keys.offsetOf(key);
  const transactions = new TransactionRemains(doneOffset === 0);
  for (const group of groupSegments(sealedSegments(options, doneOffset, endOffset), config())) {
    const rules = rulesOf(options, endOffset, newestOffsetOf, transactions);
    const cleaner = { firstDirtyOffset, round: { endOffset, nextOffset: group.at(-1)!.endOffset } };
    yield* cleanGroup(group, { ...options, rules, cleaner });
  }
  log.setCleaner({ firstDirtyOffset: endOffset, round: null });
}

/** Takes out of compacted segments the tombstones and markers whose time is over. */
export async function* dropTombstones(expired: readonly Segment[], options: RoundOptions): AsyncGenerator<CompactionStep> {
  const { cleaner } = options.log.state;
  for (const segment of expired) {
    const rules = rulesOf(options, cleaner.firstDirtyOffset, () => -1, new TransactionRemains(false));
    yield* cleanGroup([segment], { ...options, rules, cleaner });
  }
}

function rulesOf(
  { tools, log, now, config }: RoundOptions,
  endOffset: number,
  newestOffsetOf: (key: Uint8Array) => number,
  transactions: TransactionRemains,
): CleaningRules {
  const isLastOfProducer = (batch: BatchHeader): boolean => log.isLastOfProducer(batch);
  const { deleteRetentionMs } = config();
  return { tools, newestOffsetOf, transactions, endOffset, nowMs: now(), deleteRetentionMs, isLastOfProducer };
}

/** Fills the map batch by batch. @returns exclusive: where the batches end that are in it */
async function* readKeys(
  keys: KeyMap,
  startOffset: number,
  endOffset: number,
  options: RoundOptions,
): AsyncGenerator<CompactionStep, number> {
  for (const segment of sealedSegments(options, 0, endOffset)) {
    if (segment.endOffset <= startOffset) continue;
    const slices = new SegmentSlices(segment, options);
    for (let slice = await slices.next(); slice !== null; slice = await slices.next()) {
      const full = readKeysOfSlice(keys, slice, startOffset, endOffset, options);
      if (full !== null) return full;
      yield { bytes: slice.byteLength, replaced: [] };
    }
  }
  return endOffset;
}

/** @returns the base offset of the batch that did not fit, null where all did */
function readKeysOfSlice(
  keys: KeyMap,
  slice: ArrayBuffer,
  startOffset: number,
  endOffset: number,
  { tools, store }: RoundOptions,
): number | null {
  const bytes = new Uint8Array(slice);
  const isAborted = abortedIn(slice, store);
  for (const header of batchHeaders(bytes)) {
    if (lastOffset(header) < startOffset || isControl(header) || isAborted(header)) continue;
    if (header.baseOffset >= endOffset) return null;
    if (!keys.hasRoomFor(header.recordCount)) return header.baseOffset;
    for (const { key, offset } of tools.records(bytes.subarray(header.position, header.position + header.sizeBytes))) {
      if (key !== null) keys.put(key, offset);
    }
  }
  return null;
}

/** Those that begin in a range of offsets. */
function sealedSegments({ store }: RoundOptions, fromOffset: number, endOffset: number): Segment[] {
  const segments: Segment[] = [];
  for (const segment of store.segmentsFrom(fromOffset)) {
    if (segment.place === SegmentPlace.active || segment.baseOffset >= endOffset) break;
    if (segment.place !== SegmentPlace.deleting) segments.push(segment);
  }
  return segments;
}

// Which offsets of which partitions are meant by "from earliest to 10 minutes ago": asked of the broker once, before anything is read.

import { UsageError } from "../failure.ts";
import type { Session } from "../session.ts";
import type { Position } from "../values.ts";

/** A part of a partition. */
export interface Range {
  readonly topic: string;
  readonly partition: number;
  /** The first offset. */
  readonly start: number;
  /** The offset after the last; null: there is no end. */
  readonly end: number | null;
}

export interface RangeOptions {
  readonly from: Position;
  /** Records before it; null: for ever. */
  readonly to: Position | null;
  /** Only these. */
  readonly partitions?: readonly number[];
}

/** @throws UsageError for a partition that a topic has not */
export async function resolveRanges(session: Session, topics: readonly string[], options: RangeOptions): Promise<readonly Range[]> {
  const ranges = await Promise.all(topics.map((topic) => rangesOf(session, topic, options)));
  return ranges.flat();
}

interface LogOffsets {
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
}

async function rangesOf({ admin }: Session, topic: string, { from, to, partitions: only }: RangeOptions): Promise<Range[]> {
  const { partitions } = await admin.topics.describe(topic);
  const missing = only?.find((partition) => partition >= partitions.length);
  if (missing !== undefined) throw new UsageError(`${topic} has the partitions 0 to ${partitions.length - 1}, not ${missing}`);
  const chosen = partitions.filter(({ partition }) => only === undefined || only.includes(partition));
  return Promise.all(
    chosen.map(async (described) => {
      const { partition } = described;
      const log = "logStartOffset" in described ? described : await admin.topics.offset(topic, partition, "latest"); // asked again where it could not be
      const offsetAt = (position: Position): Promise<number> =>
        resolvePosition(
          position,
          log,
          async (timestamp) => (await admin.topics.offset(topic, partition, timestamp, "read_committed")).offset,
        );
      return { topic, partition, start: await offsetAt(from), end: to === null ? null : await offsetAt(to) };
    }),
  );
}

/** An offset before the first that the partition holds is moved there; one beyond its end is left: it may come to be. */
async function resolvePosition(
  position: Position,
  { logStartOffset, lastStableOffset }: LogOffsets,
  offsetOfTime: (timestamp: number) => Promise<number>,
): Promise<number> {
  switch (position.kind) {
    case "earliest":
      return logStartOffset;
    case "latest":
      return lastStableOffset;
    case "offset":
      return Math.max(logStartOffset, position.offset);
    case "last":
      return Math.max(logStartOffset, lastStableOffset - position.count);
    case "time": {
      const found = await offsetOfTime(position.timestamp);
      return found < 0 ? lastStableOffset : found;
    }
  }
}

// Which offsets are where (KIP-405): by the places of a partition's segments, which are in the order of their offsets.

import { type Failure, isFailure } from "../common/errors.ts";
import type { TierQuery } from "./messages/topics.ts";
import { queryOffset } from "./offsets.ts";
import type { OffsetResult, Ports, SegmentDescription } from "./ports.ts";
import { addressOf, type TopicCache, withPartition } from "./topics.ts";

const LOCAL: readonly SegmentDescription["place"][] = ["active", "local", "both"];
const TIERED: readonly SegmentDescription["place"][] = ["both", "archived"];

/** Nothing of the log is there. */
const NO_OFFSET = -1;

export async function queryTierOffset(
  ports: Ports,
  topics: TopicCache,
  topic: string,
  partition: number,
  query: TierQuery,
): Promise<OffsetResult | Failure> {
  const segments = await withPartition(topics, topic, partition, (metadata) =>
    ports.partition(metadata.topicId, partition).segments(addressOf(metadata, partition)),
  );
  if (isFailure(segments)) return segments;
  // Asked second: a segment may have gone in between, and never comes back.
  const earliest = await queryOffset(ports, topics, topic, partition, "earliest", "read_uncommitted");
  if (isFailure(earliest)) return earliest;
  const { logStartOffset } = earliest;
  if (query === "earliestLocal") {
    const first = segments.find(({ place }) => LOCAL.includes(place));
    return { ...earliest, offset: Math.max(first?.baseOffset ?? logStartOffset, logStartOffset) };
  }
  const last = segments.findLast(({ place, endOffset }) => TIERED.includes(place) && endOffset > logStartOffset);
  return { ...earliest, offset: last === undefined ? NO_OFFSET : last.endOffset - 1 };
}

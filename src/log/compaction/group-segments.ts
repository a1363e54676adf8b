// Which neighbouring segments become one when they are compacted, so that a log whose records go does not end as thousands of tiny
// segments (org.apache.kafka.storage.internals.log.Cleaner.groupSegmentsBySize). By their sizes before: what comes out is no larger.

import { type LogConfig, offsetIndexBytes } from "../log-config.ts";
import { MAX_SEGMENT_OFFSETS, type Segment } from "../segment.ts";

/** @param segments in order, next to one another */
export function groupSegments(segments: readonly Segment[], config: LogConfig): Segment[][] {
  const groups: Segment[][] = [];
  let sizeBytes = 0;
  for (const segment of segments) {
    const group = groups.at(-1);
    sizeBytes += segment.sizeBytes;
    const fits =
      sizeBytes <= config.segmentBytes &&
      offsetIndexBytes(sizeBytes, config) <= config.segmentIndexBytes &&
      segment.endOffset - (group?.[0]?.baseOffset ?? segment.baseOffset) <= MAX_SEGMENT_OFFSETS;
    if (group !== undefined && fits) group.push(segment);
    else {
      groups.push([segment]);
      sizeBytes = segment.sizeBytes;
    }
  }
  return groups;
}

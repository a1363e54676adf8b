// segment.jitter.ms: how much earlier than at segment.ms a segment is sealed, so that the partitions of a topic, which began together,
// do not all seal and copy their segments at once (org.apache.kafka.storage.internals.log.LogConfig.randomSegmentJitter: a random part of
// it, below segment.ms).
//
// Kafka draws it when it opens a segment, anew after each start. Here it is a hash of what the segment is: nothing has to be stored, a
// start changes nothing, and an alarm that was set before an eviction is right after it.

import { murmur2 } from "../common/murmur2.ts";
import type { LogConfig } from "./log-config.ts";

export interface PlacedSegment {
  readonly topicId: string;
  readonly partition: number;
  readonly baseOffset: number;
}

const encoder = new TextEncoder();

/** The age at which an active segment is sealed: segment.ms less its part of the jitter (ms), above 0. */
export function sealAgeMs(segment: PlacedSegment, { segmentMs, segmentJitterMs }: LogConfig): number {
  if (segmentJitterMs === 0) return segmentMs;
  return segmentMs - Math.floor(fractionOf(segment) * Math.min(segmentJitterMs, segmentMs));
}

/** From 0 to 1, 1 excluded; the same for a segment every time, and evenly spread over partitions and segments. */
function fractionOf({ topicId, partition, baseOffset }: PlacedSegment): number {
  return (murmur2(encoder.encode(`${topicId}/${partition}/${baseOffset}`)) >>> 0) / 2 ** 32;
}

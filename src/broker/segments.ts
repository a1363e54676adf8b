// A partition's manifest in pages. The cursor is the base offset of the next segment.

import { decodeCursor, encodeCursor } from "../common/cursor.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { ListSegmentsRequest, ListSegmentsResult } from "./messages/segments.ts";
import type { Ports } from "./ports.ts";
import { addressOf, type TopicCache, withPartition } from "./topics.ts";

export async function listSegments(ports: Ports, topics: TopicCache, request: ListSegmentsRequest): Promise<ListSegmentsResult | Failure> {
  const { topic: name, partition, limit, cursor } = request;
  const fromOffset = cursor === undefined ? 0 : parseCursor(cursor);
  if (fromOffset === null) return failure("INVALID_REQUEST", "cursor: it is not one that a listing of segments answered");
  return withPartition<ListSegmentsResult>(topics, name, partition, async (topic) => {
    const port = ports.partition(topic.topicId, partition);
    const address = addressOf(topic, partition);
    const listed = await port.segments(address, { fromOffset, limit: limit + 2 }); // one may lie before the cursor, one tells of more
    if (isFailure(listed)) return listed;
    const offsets = await port.describe(address);
    if (isFailure(offsets)) return offsets;
    const segments = listed.filter(({ baseOffset }) => baseOffset >= fromOffset);
    const next = segments[limit];
    return { offsets, segments: segments.slice(0, limit), nextCursor: next === undefined ? null : encodeCursor(String(next.baseOffset)) };
  });
}

function parseCursor(cursor: string): number | null {
  const text = decodeCursor(cursor) ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

// ListOffsets (key 2), versions 1-9: -1 the end, -2 the start, -3 the record with the largest timestamp (7+), -4 the start of what is
// local (8+), -5 the last offset that the archive has (9+; -1 where it has none), else the first record at or after a time.

import type { TierQuery } from "../../../broker/messages/topics.ts";
import type { OffsetQuery } from "../../../broker/ports.ts";
import { errorCode, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { mapPartitions } from "../map-partitions.ts";

const QUERIES = new Map<number, OffsetQuery>([
  [-1, "latest"],
  [-2, "earliest"],
  [-3, "maxTimestamp"],
]);

/** Of what is where, by timestamp. */
const TIER_QUERIES = new Map<number, TierQuery>([
  [-4, "earliestLocal"],
  [-5, "latestTiered"],
]);

/** Of no offset, where there is none to be told. */
const NO_EPOCH = -1;

/** The lowest timestamp that means something, from version 9, 8 and 7 on, and before. */
function leastTimestamp(version: number): number {
  return version >= 9 ? -5 : version === 8 ? -4 : version === 7 ? -3 : -2;
}

export const listOffsets = serve(API.listOffsets, { min: 1, max: 9 }, async ({ request, version, broker, session }) => {
  const isolation = request.isolationLevel === 1 ? "read_committed" : "read_uncommitted";
  const find = async (name: string, partition: number, timestamp: number) => {
    const tierQuery = TIER_QUERIES.get(timestamp);
    if (timestamp < leastTimestamp(version)) return failure("INVALID_REQUEST", `there is no timestamp ${timestamp} in version ${version}`);
    if (tierQuery !== undefined) return broker.tierOffset(name, partition, tierQuery);
    return broker.offset(name, partition, QUERIES.get(timestamp) ?? { timestamp }, isolation);
  };
  const answers = await mapPartitions(request.topics, async ({ name }, { partitionIndex, timestamp }) => {
    const found = await find(name, partitionIndex, timestamp);
    await session.fetchPlaces.asked(broker, name, partitionIndex);
    if (isFailure(found)) return { partitionIndex, errorCode: errorCode(found.error) };
    const { timestamp: foundTimestamp, offset, leaderEpoch } = found;
    return { partitionIndex, errorCode: 0, timestamp: foundTimestamp, offset, leaderEpoch: offset < 0 ? NO_EPOCH : leaderEpoch };
  });
  return { throttleTimeMs: 0, topics: answers.map(({ topic, partitions }) => ({ name: topic.name, partitions })) };
});

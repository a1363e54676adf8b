// ListOffsets (key 2), versions 1-8: -1 the end, -2 the start, -3 the record with the largest timestamp (7+), -4 the start of what is
// local (8+; the same as the start, since every client reads archived segments too), else the first record at or after a time.

import type { OffsetQuery } from "../../../broker/ports.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

const QUERIES = new Map<number, OffsetQuery>([
  [-1, "latest"],
  [-2, "earliest"],
  [-3, "maxTimestamp"],
  [-4, "earliest"],
]);

export const listOffsets = serve(API.listOffsets, { min: 1, max: 8 }, async ({ request, broker }) => {
  const isolation = request.isolationLevel === 1 ? "read_committed" : "read_uncommitted";
  const topics = await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(async ({ partitionIndex, timestamp }) => {
          const query = QUERIES.get(timestamp) ?? { timestamp };
          const found = timestamp < -4 ? null : await broker.offset(name, partitionIndex, query, isolation);
          if (found === null) return { partitionIndex, errorCode: errorCode("INVALID_REQUEST") };
          if (isFailure(found)) return { partitionIndex, errorCode: errorCode(found.error) };
          return { partitionIndex, errorCode: 0, timestamp: found.timestamp, offset: found.offset, leaderEpoch: found.leaderEpoch };
        }),
      ),
    })),
  );
  return { throttleTimeMs: 0, topics };
});

// DeleteRecords (key 21), versions 0-2: the records before an offset go; -1 stands for the high watermark.

import { mapConcurrently } from "../../../common/concurrency.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

const NO_OFFSET = -1;

export const deleteRecords = serve(API.deleteRecords, { min: 0, max: 2 }, async ({ request, broker }) => {
  const topics = [];
  for (const { name, partitions } of request.topics) {
    const answers = await mapConcurrently(partitions, MAX_CONCURRENT_CALLS, async ({ partitionIndex, offset }) => {
      const left = await broker.truncate(name, partitionIndex, offset);
      if (isFailure(left)) return { partitionIndex, lowWatermark: NO_OFFSET, errorCode: errorCode(left.error) };
      return { partitionIndex, lowWatermark: left.logStartOffset, errorCode: 0 };
    });
    topics.push({ name, partitions: answers });
  }
  return { throttleTimeMs: 0, topics };
});

// DeleteRecords (key 21), versions 0-2: the records before an offset go; -1 stands for the high watermark.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { mapPartitions } from "../map-partitions.ts";

const NO_OFFSET = -1;

export const deleteRecords = serve(API.deleteRecords, { min: 0, max: 2 }, async ({ request, broker }) => {
  const answers = await mapPartitions(request.topics, async ({ name }, { partitionIndex, offset }) => {
    const left = await broker.truncate(name, partitionIndex, offset);
    if (isFailure(left)) return { partitionIndex, lowWatermark: NO_OFFSET, errorCode: errorCode(left.error) };
    return { partitionIndex, lowWatermark: left.logStartOffset, errorCode: 0 };
  });
  return { throttleTimeMs: 0, topics: answers.map(({ topic, partitions }) => ({ name: topic.name, partitions })) };
});

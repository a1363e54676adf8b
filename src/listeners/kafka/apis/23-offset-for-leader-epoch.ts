// OffsetForLeaderEpoch (key 23), versions 2-4: where the epoch that a client read last ended, so that it notices a log that was cut back
// behind it. Here none ever is (only durable records are shown), so every epoch is answered with the end of the log.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { mapPartitions } from "../map-partitions.ts";

export const offsetForLeaderEpoch = serve(API.offsetForLeaderEpoch, { min: 2, max: 4 }, async ({ request, broker }) => {
  const answers = await mapPartitions(request.topics, async ({ topic }, { partition, leaderEpoch }) => {
    const end = await broker.offset(topic, partition, "latest");
    if (isFailure(end)) return { errorCode: errorCode(end.error), partition };
    if (leaderEpoch > end.leaderEpoch) return { errorCode: errorCode("UNKNOWN_LEADER_EPOCH"), partition };
    return { errorCode: 0, partition, leaderEpoch, endOffset: end.highWatermark };
  });
  return { throttleTimeMs: 0, topics: answers.map(({ topic, partitions }) => ({ topic: topic.topic, partitions })) };
});

// CreatePartitions (key 37), versions 0-3: more partitions for topics.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const createPartitions = serve(API.createPartitions, { min: 0, max: 3 }, async ({ request, broker }) => {
  const results = [];
  for (const { name, count } of request.topics) {
    const topic = await broker.topic(name);
    if (!isFailure(topic) && topic.partitionCount === count) {
      const errorMessage = `topic '${name}' has ${count} partitions already`;
      results.push({ name, errorCode: errorCode("INVALID_PARTITIONS"), errorMessage });
      continue;
    }
    const altered = await broker.alterTopic(name, { partitions: count, validateOnly: request.validateOnly });
    const isRefused = isFailure(altered);
    results.push({ name, errorCode: isRefused ? errorCode(altered.error) : 0, errorMessage: isRefused ? altered.detail : null });
  }
  return { throttleTimeMs: 0, results };
});

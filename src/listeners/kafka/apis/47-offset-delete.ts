// OffsetDelete (key 47), version 0: committed offsets that nobody needs any more. Those of a topic that a member subscribes to stay.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const offsetDelete = serve(API.offsetDelete, { min: 0, max: 0 }, async ({ request, broker }) => {
  const asked = request.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
  );
  const deleted = await broker.deleteOffsets(request.groupId, asked);
  if (isFailure(deleted)) return { errorCode: errorCode(deleted.error), throttleTimeMs: 0, topics: [] };
  const results = deleted.offsets.values();
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => {
      const refused = results.next().value?.failure;
      return { partitionIndex, errorCode: refused === undefined ? 0 : errorCode(refused.error) };
    }),
  }));
  return { errorCode: 0, throttleTimeMs: 0, topics };
});

// DescribeProducers (key 61), version 0: the producers that a partition remembers, and their open transactions (KIP-664).
//
// A producer's last timestamp is the broker's time of its last append, where Kafka has that of its last batch.

import type { Broker } from "../../../broker/broker.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits/platform.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const describeProducers = serve(API.describeProducers, { min: 0, max: 0 }, async ({ request, broker }) => {
  const topics = [];
  for (const { name, partitionIndexes } of request.topics) {
    const partitions = await mapConcurrently(partitionIndexes, MAX_CONCURRENT_CALLS, (index) => describeOne(broker, name, index));
    topics.push({ name, partitions });
  }
  return { throttleTimeMs: 0, topics };
});

async function describeOne(broker: Broker, topic: string, partitionIndex: number) {
  const producers = await broker.describeProducers(topic, partitionIndex);
  if (!isFailure(producers)) return { partitionIndex, errorCode: 0, activeProducers: producers };
  return { partitionIndex, errorCode: errorCode(producers.error), errorMessage: producers.detail, activeProducers: [] };
}

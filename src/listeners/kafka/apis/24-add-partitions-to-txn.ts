// AddPartitionsToTxn (key 24), versions 0-3: what a producer says before it writes to partitions for the first time in a transaction. 2:
// PRODUCER_FENCED where there was INVALID_PRODUCER_EPOCH. Not here: 4 and up, which brokers send to each other.

import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { fencedErrorCode } from "../transactional.ts";

const FENCED_VERSION = 2;

export const addPartitionsToTxn = serve(API.addPartitionsToTxn, { min: 0, max: 3 }, async ({ request, version, broker }) => {
  const { v3AndBelowTopics: topics } = request;
  const results = await broker.transactions.addPartitions({
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    partitions: topics.flatMap(({ name: topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
  });
  const remaining = results.values();
  const resultsByTopicV3AndBelow = topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: fencedErrorCode(remaining.next().value ?? null, version >= FENCED_VERSION),
    })),
  }));
  return { throttleTimeMs: 0, errorCode: 0, resultsByTransaction: [], resultsByTopicV3AndBelow };
});

// DescribeTransactions (key 65), version 0 (KIP-664).

import { mapConcurrently } from "../../../common/concurrency.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits/platform.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

const UNKNOWN = {
  transactionState: "",
  transactionTimeoutMs: 0,
  transactionStartTimeMs: -1,
  producerId: -1,
  producerEpoch: -1,
  topics: [],
};

export const describeTransactions = serve(API.describeTransactions, { min: 0, max: 0 }, async ({ request, broker }) => {
  const transactionStates = await mapConcurrently(request.transactionalIds, MAX_CONCURRENT_CALLS, async (transactionalId) => {
    const described = await broker.transactions.describe(transactionalId);
    if (isFailure(described)) return { errorCode: errorCode(described.error), transactionalId, ...UNKNOWN };
    return {
      errorCode: errorCode("NONE"),
      transactionalId,
      transactionState: described.state,
      transactionTimeoutMs: described.timeoutMs,
      transactionStartTimeMs: described.startedAtMs,
      producerId: described.producerId,
      producerEpoch: described.producerEpoch,
      topics: described.topics.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] })),
    };
  });
  return { throttleTimeMs: 0, transactionStates };
});

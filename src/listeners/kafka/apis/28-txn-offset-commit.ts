// TxnOffsetCommit (key 28), versions 0-4: offsets that become the group's once the transaction is committed. 3: the member, so that one
// that lost its partitions is refused (KIP-447). 4: the same bytes. A producer that is fenced is told INVALID_PRODUCER_EPOCH, as the log
// of Kafka's coordinator does.

import type { ErrorName } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { committedTopics, memberOf, offsetsOf } from "../offset-commits.ts";

export const txnOffsetCommit = serve(API.txnOffsetCommit, { min: 0, max: 4 }, async ({ request, broker }) => {
  const { transactionalId, producerId, producerEpoch, groupId, topics } = request;
  const transaction = { transactionalId, producerId, producerEpoch };
  const result = await broker.transactions.commitOffsets({ ...transaction, groupId, offsets: offsetsOf(topics), ...memberOf(request) });
  return { throttleTimeMs: 0, topics: committedTopics(topics, result, asFromTheLog) };
});

function asFromTheLog(error: ErrorName): ErrorName {
  if (error === "PRODUCER_FENCED") return "INVALID_PRODUCER_EPOCH";
  // Its end is under way: clients look for the coordinator, find the same, and ask again.
  return error === "CONCURRENT_TRANSACTIONS" ? "COORDINATOR_NOT_AVAILABLE" : error;
}

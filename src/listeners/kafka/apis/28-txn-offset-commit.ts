// TxnOffsetCommit (key 28), versions 0-5: offsets that become the group's once the transaction is committed. 3: the member, so that one
// that lost its partitions is refused (KIP-447). 4: TRANSACTION_ABORTABLE may be answered. 5: the same bytes, but the producer has not told its coordinator of the
// group (AddOffsetsToTxn): the group does (KIP-890, part 2). A producer that is fenced is told INVALID_PRODUCER_EPOCH, as the log
// of Kafka's coordinator does.

import type { ErrorName } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { committedTopics, memberOf, offsetsOf } from "../offset-commits.ts";

const ABORTABLE_SINCE = 4;
const ADDS_GROUP_SINCE = 5;

export const txnOffsetCommit = serve(API.txnOffsetCommit, { min: 0, max: 5 }, async ({ request, version, broker }) => {
  const { transactionalId, producerId, producerEpoch, groupId, topics } = request;
  const own = { knowsAbortable: version >= ABORTABLE_SINCE, ...(version >= ADDS_GROUP_SINCE && { addsGroup: true }) };
  const transaction = { transactionalId, producerId, producerEpoch, ...own };
  const result = await broker.transactions.commitOffsets({ ...transaction, groupId, offsets: offsetsOf(topics), ...memberOf(request) });
  return { throttleTimeMs: 0, topics: committedTopics(topics, result, asFromTheLog) };
});

function asFromTheLog(error: ErrorName): ErrorName {
  if (error === "PRODUCER_FENCED") return "INVALID_PRODUCER_EPOCH";
  // Its end is under way: clients look for the coordinator, find the same, and ask again.
  return error === "CONCURRENT_TRANSACTIONS" ? "COORDINATOR_NOT_AVAILABLE" : error;
}

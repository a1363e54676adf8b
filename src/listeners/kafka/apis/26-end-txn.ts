// EndTxn (key 26), versions 0-4: commits or aborts a transaction. The answer comes once the decision is durable, and usually once everybody
// has heard of it. 2: PRODUCER_FENCED where there was INVALID_PRODUCER_EPOCH. 4: the same bytes. Not here: 5, which raises the epoch with
// each transaction (KIP-890, part 2).

import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { fencedErrorCode } from "../transactional.ts";

const FENCED_VERSION = 2;

export const endTxn = serve(API.endTxn, { min: 0, max: 4 }, async ({ request, version, broker }) => {
  const { transactionalId, producerId, producerEpoch, committed: isCommit } = request;
  const refused = await broker.transactions.end({ transactionalId, producerId, producerEpoch, isCommit });
  return { throttleTimeMs: 0, errorCode: fencedErrorCode(refused, version >= FENCED_VERSION), producerId: -1, producerEpoch: -1 };
});

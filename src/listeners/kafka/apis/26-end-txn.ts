// EndTxn (key 26), versions 0-5: commits or aborts a transaction. The answer comes once the decision is durable, and usually once everybody
// has heard of it. 2: PRODUCER_FENCED where there was INVALID_PRODUCER_EPOCH. 4: the same bytes. 5: raises the epoch, and answers with what
// the producer goes on (KIP-890, part 2).

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { fencedErrorCode } from "../transactional.ts";

const FENCED_VERSION = 2;
const NEXT_EPOCH_VERSION = 5;

export const endTxn = serve(API.endTxn, { min: 0, max: 5 }, async ({ request, version, broker }) => {
  const { transactionalId, producerId, producerEpoch, committed: isCommit } = request;
  const asked = { transactionalId, producerId, producerEpoch, isCommit };
  const ended = version >= NEXT_EPOCH_VERSION ? await broker.transactions.endInNextEpoch(asked) : await broker.transactions.end(asked);
  if (ended !== null && !isFailure(ended)) return { throttleTimeMs: 0, errorCode: errorCode("NONE"), ...ended };
  return { throttleTimeMs: 0, errorCode: fencedErrorCode(ended, version >= FENCED_VERSION), producerId: -1, producerEpoch: -1 };
});

// AddOffsetsToTxn (key 25), versions 0-4: a group's offsets will be part of the transaction. 2: PRODUCER_FENCED where there was
// INVALID_PRODUCER_EPOCH. 4: the same bytes.

import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { fencedErrorCode } from "../transactional.ts";

const FENCED_VERSION = 2;

export const addOffsetsToTxn = serve(API.addOffsetsToTxn, { min: 0, max: 4 }, async ({ request, version, broker }) => {
  const { transactionalId, producerId, producerEpoch, groupId } = request;
  const refused = await broker.transactions.addGroup({ transactionalId, producerId, producerEpoch, groupId });
  return { throttleTimeMs: 0, errorCode: fencedErrorCode(refused, version >= FENCED_VERSION) };
});

// InitProducerId (key 22), versions 0-4: a producer id for an idempotent producer. One that keeps its id asks for the next epoch (3+,
// KIP-360). Not here: transactional ids.

import { type ErrorName, errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

/** An epoch is an int16; the last is Kafka's sign to take another id. */
const MAX_EPOCH = 32_766;

export const initProducerId = serve(API.initProducerId, { min: 0, max: 4 }, async ({ request, broker }) => {
  const refuse = (error: ErrorName) => ({ throttleTimeMs: 0, errorCode: errorCode(error), producerId: -1, producerEpoch: -1 });
  if (request.transactionalId !== null) return refuse("TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
  const { producerId, producerEpoch } = request;
  if (producerId >= 0 && producerEpoch >= 0 && producerEpoch < MAX_EPOCH) {
    return { throttleTimeMs: 0, errorCode: 0, producerId, producerEpoch: producerEpoch + 1 };
  }
  return { throttleTimeMs: 0, errorCode: 0, ...(await broker.createProducerId()) };
});

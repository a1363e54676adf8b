// InitProducerId (key 22), versions 0-5: a producer id, for an idempotent producer or, with a transactional id, for its transactions. The
// latter may keep its id and ask for the next epoch (3+, KIP-360). Without a transactional id the answer is always a new id, whatever the
// request says (Kafka's TransactionCoordinator.handleInitProducerId): there are clients that say 0, each of them. 4: PRODUCER_FENCED where
// there was INVALID_PRODUCER_EPOCH. 5: the same bytes.

import type { Broker } from "../../../broker/broker.ts";
import type { ProducerIdentity } from "../../../broker/ports.ts";
import { errorCode, type Failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { serve } from "../call.ts";
import { fencedErrorCode } from "../transactional.ts";

type InitProducerIdRequest = DecodedOf<typeof API.initProducerId.request>;

/** The first version whose clients know PRODUCER_FENCED. */
const FENCED_VERSION = 4;

export const initProducerId = serve(API.initProducerId, { min: 0, max: 5 }, async ({ request, version, broker }) => {
  const { transactionalId } = request;
  const producer = transactionalId === null ? await broker.createProducerId() : await transactional(broker, transactionalId, request);
  if (!isFailure(producer)) return { throttleTimeMs: 0, errorCode: errorCode("NONE"), ...producer };
  return { throttleTimeMs: 0, errorCode: fencedErrorCode(producer, version >= FENCED_VERSION), producerId: -1, producerEpoch: -1 };
});

function transactional(broker: Broker, transactionalId: string, request: InitProducerIdRequest): Promise<ProducerIdentity | Failure> {
  const { producerId, producerEpoch, transactionTimeoutMs: timeoutMs } = request;
  const goesOn = producerId >= 0 && producerEpoch >= 0;
  return broker.transactions.initProducerId({
    transactionalId,
    timeoutMs,
    ...(goesOn && { expected: { producerId, producerEpoch } }),
  });
}

// Produce (key 0), versions 3-11; 0-2 are advertised, because librdkafka compresses only for brokers that speak them (KAFKA-18659), and a
// client that really sends one is disconnected, as Kafka does (KIP-896).
//
// acks: 1 and -1 are answered once the records are durable. 0 gets no answer at all; where something is refused the connection is closed,
// as Kafka does, which is all that such a producer can notice. Partitions succeed and fail one by one.
// Records that are why a batch is refused are named (8+, KIP-467).
// Transactional batches (KIP-98) come with the request's transactional id; the first in a partition is verified (KIP-890). Up to 11 a
// producer has told its coordinator of the partition before (AddPartitionsToTxn).

import type { ProduceBatchesResult } from "../../../broker/broker.ts";
import type { BatchFailure } from "../../../broker/record-refusals.ts";
import { errorCode, type Failure, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { type Call, ConnectionRefused, serve } from "../call.ts";

type ProduceRequest = DecodedOf<typeof API.produce.request>;

const ALL = -1;
const REQUIRED_ACKS: readonly number[] = [ALL, 0, 1];

export const produce = serve(API.produce, { min: 3, max: 11, advertisedMin: 0 }, async (call) => {
  const { request } = call;
  const responses = await Promise.all(
    request.topicData.map(async ({ name, partitionData }) => ({
      name,
      partitionResponses: await Promise.all(partitionData.map(({ index, records }) => producePartition(call, name, index, records))),
    })),
  );
  if (request.acks !== 0) return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
  const refused = responses.flatMap(({ partitionResponses }) => partitionResponses).find((response) => response.errorCode !== 0);
  if (refused !== undefined) throw new ConnectionRefused(`a produce with acks 0 was refused: ${refused.errorMessage}`);
  return null;
});

async function producePartition(call: Call<ProduceRequest>, topic: string, index: number, records: Uint8Array | null) {
  const result = await append(call, topic, index, records);
  if (isFailure(result)) {
    const { error, detail, records: refused = [] } = result;
    return {
      index,
      errorCode: errorCode(error),
      baseOffset: -1,
      logAppendTimeMs: -1,
      logStartOffset: -1,
      recordErrors: refused.map(({ index: batchIndex, detail: batchIndexErrorMessage }) => ({ batchIndex, batchIndexErrorMessage })),
      errorMessage: detail,
    };
  }
  const { baseOffset, logAppendTimeMs, logStartOffset } = result;
  return { index, errorCode: 0, baseOffset, logAppendTimeMs, logStartOffset, recordErrors: [], errorMessage: null };
}

async function append(
  { broker, request, session }: Call<ProduceRequest>,
  topic: string,
  partition: number,
  records: Uint8Array | null,
): Promise<ProduceBatchesResult | BatchFailure> {
  const refused = refuse(request, records);
  if (refused !== null) return refused;
  // The frame's memory is read into again as soon as this returns: the records are copied now.
  const batches = records!.slice();
  const { transactionalId } = request;
  if (transactionalId === null) return broker.produceBatches({ topic, partition, batches });
  return session.transactionalOrder.run(topic, partition, () => broker.produceBatches({ topic, partition, batches, transactionalId }));
}

function refuse(request: ProduceRequest, records: Uint8Array | null): Failure | null {
  if (!REQUIRED_ACKS.includes(request.acks)) return failure("INVALID_REQUIRED_ACKS", `acks is ${request.acks}, not -1, 0 or 1`);
  if (request.transactionalId !== null && request.acks !== ALL) {
    return failure("INVALID_REQUIRED_ACKS", `acks is ${request.acks}: in a transaction it must be ${ALL}, all`);
  }
  return records === null ? failure("INVALID_RECORD", "there are no records for the partition") : null;
}

// Produce (key 0), versions 3-13; 0-2 are advertised, because librdkafka compresses only for brokers that speak them (KAFKA-18659), and a
// client that really sends one is disconnected, as Kafka does (KIP-896).
//
// acks: 1 and -1 are answered once the records are durable. 0 gets no answer at all; where something is refused the connection is closed,
// as Kafka does, which is all that such a producer can notice. Partitions succeed and fail one by one.
// Records that are why a batch is refused are named (8+, KIP-467).
// Transactional batches (KIP-98) come with the request's transactional id; the first in a partition is verified (KIP-890). Up to 11 a
// producer has told its coordinator of the partition before (AddPartitionsToTxn); from 12 on its first batch there does (KIP-890, part 2).
// Topic ids (13+, KIP-516): one that there is not, or not any more, is UNKNOWN_TOPIC_ID in each of its partitions.

import type { ProduceBatchesResult } from "../../../broker/messages/produce.ts";
import type { BatchFailure } from "../../../broker/record-refusals.ts";
import { errorCode, type Failure, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { type Call, ConnectionRefused, serve } from "../call.ts";

type ProduceRequest = DecodedOf<typeof API.produce.request>;

/** A partition as the request names it: by its topic's name and no id, or the other way. */
interface AskedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

const ALL = -1;
const REQUIRED_ACKS: readonly number[] = [ALL, 0, 1];

/** What was never added to the transaction is TRANSACTION_ABORTABLE (KIP-890). */
const ABORTABLE_SINCE = 11;

/** The first version whose producers leave it to the partitions to become part of their transactions, each with an epoch of its own. */
const ADDS_PARTITIONS_SINCE = 12;

const TOPIC_IDS_SINCE = 13;

export const produce = serve(API.produce, { min: 3, max: 13, advertisedMin: 0 }, async (call) => {
  const { request } = call;
  const responses = await Promise.all(
    request.topicData.map(async ({ name, topicId, partitionData }) => ({
      ...{ name, topicId },
      partitionResponses: await Promise.all(
        partitionData.map(({ index, records }) => producePartition(call, { topic: name, topicId, partition: index }, records)),
      ),
    })),
  );
  if (request.acks !== 0) return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
  const refused = responses.flatMap(({ partitionResponses }) => partitionResponses).find((response) => response.errorCode !== 0);
  if (refused !== undefined) throw new ConnectionRefused(`a produce with acks 0 was refused: ${refused.errorMessage}`);
  return null;
});

async function producePartition(call: Call<ProduceRequest>, asked: AskedPartition, records: Uint8Array | null) {
  const { partition: index } = asked;
  const result = await append(call, asked, records);
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
  call: Call<ProduceRequest>,
  asked: AskedPartition,
  records: Uint8Array | null,
): Promise<ProduceBatchesResult | BatchFailure> {
  const { request, session, version } = call;
  const refused = refuse(request, records);
  if (refused !== null) return refused;
  // The frame's memory is read into again as soon as this returns: the records are copied now.
  const batches = records!.slice();
  const { transactionalId } = request;
  if (transactionalId === null) return appendBatches(call, asked, { batches });
  const knowsAbortable = version >= ABORTABLE_SINCE;
  const ofNewProducer = version >= ADDS_PARTITIONS_SINCE && { addsPartition: true, hasOwnEpoch: true };
  const transaction = { transactionalId, knowsAbortable, ...ofNewProducer };
  const append = () => appendBatches(call, asked, { batches, ...transaction });
  return session.transactionalOrder.run(version >= TOPIC_IDS_SINCE ? asked.topicId : asked.topic, asked.partition, append);
}

type Batches = Omit<Parameters<Call<ProduceRequest>["broker"]["produceBatches"]>[0], "topic" | "topicId" | "partition">;

async function appendBatches({ broker, version }: Call<ProduceRequest>, { topic, topicId, partition }: AskedPartition, batches: Batches) {
  if (version < TOPIC_IDS_SINCE) return broker.produceBatches({ ...batches, topic, partition });
  const named = await broker.topicById(topicId);
  return isFailure(named) ? named : broker.produceBatches({ ...batches, topic: named.name, topicId, partition });
}

function refuse(request: ProduceRequest, records: Uint8Array | null): Failure | null {
  if (!REQUIRED_ACKS.includes(request.acks)) return failure("INVALID_REQUIRED_ACKS", `acks is ${request.acks}, not -1, 0 or 1`);
  if (request.transactionalId !== null && request.acks !== ALL) {
    return failure("INVALID_REQUIRED_ACKS", `acks is ${request.acks}: in a transaction it must be ${ALL}, all`);
  }
  return records === null ? failure("INVALID_RECORD", "there are no records for the partition") : null;
}

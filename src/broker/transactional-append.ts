// Appends batches that may belong to a transaction. The first of a transaction in a partition is only written once the transaction's
// coordinator has confirmed that the partition is part of it, or has made it so, so that no transaction stays open which nobody ends
// (KIP-890; kafka.server.ReplicaManager.maybeSendPartitionsToTransactionCoordinator, AddPartitionsToTxnManager).
//
// The coordinator's answer is durable before the batch is sent again: whoever dies on the way, a transaction that is open in a partition is
// one that the coordinator knows of.

import { type ErrorName, type Failure, failure, isFailure } from "../common/errors.ts";
import { isTransactional } from "../record/record-batch.ts";
import type { BatchInfo } from "../wasm/record-batches.ts";
import { type AbortableAware, asKnown } from "./abortable.ts";
import type { AppendRequest, AppendResult, Ports, Unverified } from "./ports.ts";

/** A guard is void once the partition restarts: then the transaction is verified again, so many times in all. */
const MAX_VERIFICATIONS = 3;

/** What Kafka's producers retry without giving their transaction up, they retry under this name. */
const RETRIED_AS = "NOT_ENOUGH_REPLICAS";

const RETRIABLE_VERIFICATIONS: ReadonlySet<ErrorName> = new Set([
  ...(["CONCURRENT_TRANSACTIONS", "NETWORK_EXCEPTION", "COORDINATOR_LOAD_IN_PROGRESS"] as const),
  ...(["COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR", "REQUEST_TIMED_OUT"] as const),
]);

/** The producer whose transaction a run belongs to, as its batches name it. */
export interface TransactionalProducer extends AbortableAware {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Where the producer does not add partitions to its transaction, and its first batch in one does: the topic's name (KIP-890, part 2). */
  readonly addsPartitionOf?: string;
  /** It has an epoch for each transaction: a Kafka client, told as one. */
  readonly hasOwnEpoch?: boolean;
}

/**
 * Who writes a run.
 * @returns null: it has no transactional batches; why it may not be written
 */
export function transactionalProducer(
  batches: readonly BatchInfo[],
  transactionalId: string | undefined,
): TransactionalProducer | null | Failure {
  const transactional = batches.filter(isTransactional);
  const first = transactional[0];
  if (first === undefined) return null;
  if (transactionalId === undefined) {
    return failure("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "the batches are transactional, and the request names no transactional id");
  }
  const { producerId, producerEpoch } = first;
  const isOfOne = transactional.every((batch) => batch.producerId === producerId && batch.producerEpoch === producerEpoch);
  if (producerId < 0 || !isOfOne) {
    return failure("INVALID_PRODUCER_ID_MAPPING", "the transactional batches of a request must all be of one producer id and epoch");
  }
  return { transactionalId, producerId, producerEpoch };
}

/** Appends a run, after a verification where the partition asks for one. */
export async function appendTransactional(
  ports: Ports,
  request: AppendRequest,
  producer: TransactionalProducer | null,
): Promise<AppendResult | Failure> {
  const { topicId, partition } = request;
  const port = ports.partition(topicId, partition);
  let result = await port.append(request);
  if (producer === null) return result;
  for (let count = 0; isUnverified(result) && count < MAX_VERIFICATIONS; count++) {
    const refused = await confirm(ports, request, producer);
    if (refused !== null) return refused;
    const { hasOwnEpoch } = producer;
    result = await port.append({ ...request, verification: result.needsVerification, ...(hasOwnEpoch && { hasOwnEpoch }) });
  }
  return isUnverified(result) ? failure(RETRIED_AS, `${result.detail}, ${MAX_VERIFICATIONS} times in turn`) : result;
}

/** null: the partition is part of the producer's open transaction. */
async function confirm(
  ports: Ports,
  { topicId, topicVersion, partition }: AppendRequest,
  producer: TransactionalProducer,
): Promise<null | Failure> {
  const { transactionalId, producerId, producerEpoch, addsPartitionOf: topic, hasOwnEpoch } = producer;
  const coordinator = ports.transaction(transactionalId);
  if (topic === undefined) {
    const refused = await coordinator.verify({ producerId, producerEpoch, topicId, partition });
    return refused && asKnown(asRetried(refused), producer);
  }
  const topics = [{ topicId, topic, topicVersion, partitions: [partition] }];
  const refused = await coordinator.addPartitions({ transactionalId, producerId, producerEpoch, topics });
  return hasOwnEpoch === true ? refused && asFenced(asRetried(refused)) : refused;
}

function isUnverified(result: AppendResult | Failure): result is Unverified {
  return isFailure(result) && "needsVerification" in result;
}

/** Of an epoch that is over Kafka's producers are told by a produce as its partition would say it, whoever knew. */
function asFenced(refused: Failure): Failure {
  return refused.error === "PRODUCER_FENCED" ? failure("INVALID_PRODUCER_EPOCH", refused.detail) : refused;
}

function asRetried(refused: Failure): Failure {
  if (!RETRIABLE_VERIFICATIONS.has(refused.error)) return refused;
  return failure(RETRIED_AS, `the transaction cannot be verified right now (${refused.error}): ${refused.detail}`);
}

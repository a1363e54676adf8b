// Transactions: a producer's id, what its transaction touches, its end, and what can be seen of it. Each transactional id has a
// coordinator of its own (ports.ts); here names become addresses, and answers are given for each partition.

import { mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { checkGroupId } from "../coordinator/committed-offsets.ts";
import { checkTransactionalId } from "../coordinator/transaction-coordinator.ts";
import type { TransactionRequest } from "../coordinator/transaction-messages.ts";
import { type AbortableAware, asKnown } from "./abortable.ts";
import { commitEach } from "./groups.ts";
import type { CommitOffsetsRequest, CommitOffsetsResult } from "./messages/offsets.ts";
import type {
  AddGroupRequest,
  EndTransactionRequest,
  InitProducerIdRequest,
  PageRequest,
  Ports,
  ProducerIdentity,
  TransactionDescription,
  TransactionTopic,
} from "./ports.ts";
import { checkPartition, findTopic, type TopicCache } from "./topics.ts";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface AddTransactionPartitionsRequest extends TransactionRequest {
  readonly partitions: readonly TopicPartition[];
}

/** The offsets become the group's once the transaction is committed. */
export interface CommitInTransactionRequest extends TransactionRequest, Omit<CommitOffsetsRequest, "force">, AbortableAware {
  /** The producer has not added the group to its transaction: the commit does. */
  readonly addsGroup?: boolean;
}

export interface ListTransactionsResult {
  readonly transactions: readonly TransactionDescription[];
  readonly nextCursor: string | null;
}

export interface Transactions {
  /** Fences every earlier producer of the transactional id. */
  initProducerId(request: InitProducerIdRequest): Promise<ProducerIdentity | Failure>;
  /** One entry for each partition, in order: where one is refused none is added, and the others are OPERATION_NOT_ATTEMPTED. */
  addPartitions(request: AddTransactionPartitionsRequest): Promise<readonly (null | Failure)[]>;
  addGroup(request: AddGroupRequest): Promise<null | Failure>;
  /** The group is part of the transaction, or becomes it. */
  commitOffsets(request: CommitInTransactionRequest): Promise<CommitOffsetsResult | Failure>;
  /** null: decided for good. */
  end(request: EndTransactionRequest): Promise<null | Failure>;
  /** As `end`, for a producer with an epoch for each transaction (KIP-890, part 2): with what it goes on. */
  endInNextEpoch(request: EndTransactionRequest): Promise<ProducerIdentity | Failure>;
  describe(transactionalId: string): Promise<TransactionDescription | Failure>;
  /** In the order of their ids. A coordinator that cannot be reached is left out. */
  list(request: PageRequest): Promise<ListTransactionsResult>;
}

export function createTransactions(ports: Ports, topics: TopicCache): Transactions {
  /** The coordinator, where the id can be one. */
  const coordinated = async <T>(transactionalId: string, work: (port: ReturnType<Ports["transaction"]>) => Promise<T | Failure>) =>
    checkTransactionalId(transactionalId) ?? (await work(ports.transaction(transactionalId)));
  return {
    initProducerId: (request) => coordinated(request.transactionalId, (port) => port.initProducerId(request)),
    addPartitions: (request) => addPartitions(ports, topics, request),
    addGroup: async (request) => checkGroupId(request.groupId) ?? coordinated(request.transactionalId, (port) => port.addGroup(request)),
    commitOffsets: async (request) =>
      checkTransactionalId(request.transactionalId) ?? checkGroupId(request.groupId) ?? commitOffsets(ports, topics, request),
    end: (request) => coordinated(request.transactionalId, (port) => port.end(request)),
    endInNextEpoch: (request) => coordinated(request.transactionalId, (port) => port.endInNextEpoch(request)),
    describe: (transactionalId) =>
      coordinated(transactionalId, async (port) => (await port.describe()) ?? unknownTransactionalId(transactionalId)),
    list: (request) => listTransactions(ports, request),
  };
}

async function addPartitions(
  ports: Ports,
  topics: TopicCache,
  request: AddTransactionPartitionsRequest,
): Promise<readonly (null | Failure)[]> {
  const { transactionalId, producerId, producerEpoch, partitions } = request;
  const badId = checkTransactionalId(transactionalId);
  if (badId !== null) return partitions.map(() => badId);
  const found = await mapConcurrently(partitions, MAX_CONCURRENT_CALLS, (partition) => resolve(topics, partition));
  const touched = found.filter((one): one is TransactionTopic => !isFailure(one));
  if (touched.length < found.length) return found.map((one) => (isFailure(one) ? one : notAttempted()));
  const port = ports.transaction(transactionalId);
  const refused = await port.addPartitions({ transactionalId, producerId, producerEpoch, topics: touched });
  return partitions.map(() => refused);
}

async function resolve(topics: TopicCache, { topic: name, partition }: TopicPartition): Promise<TransactionTopic | Failure> {
  const topic = await findTopic(topics, name);
  if (isFailure(topic)) return topic;
  const refused = checkPartition(topic, partition);
  if (refused !== null) return refused;
  return { topicId: topic.topicId, topic: topic.name, topicVersion: topic.version, partitions: [partition] };
}

function commitOffsets(ports: Ports, topics: TopicCache, request: CommitInTransactionRequest): Promise<CommitOffsetsResult | Failure> {
  const { knowsAbortable, ...commit } = request;
  return commitEach(topics, commit.offsets, async (offsets) => {
    const committed = await ports.group(commit.groupId).commitInTransaction({ ...commit, offsets });
    return isFailure(committed) ? asKnown(committed, request) : committed;
  });
}

/** An id that is registered and has no transaction behind it is left from a crash, or not begun yet. */
async function listTransactions(ports: Ports, request: PageRequest): Promise<ListTransactionsResult> {
  const { transactionalIds, nextCursor } = await ports.cluster.listTransactions(request);
  const described = await mapConcurrently(transactionalIds, MAX_CONCURRENT_CALLS, (id) => ports.transaction(id).describe());
  return { transactions: described.filter((one): one is TransactionDescription => one !== null && !isFailure(one)), nextCursor };
}

function notAttempted(): Failure {
  return failure("OPERATION_NOT_ATTEMPTED", "another partition of the request was refused, so that none was added to the transaction");
}

function unknownTransactionalId(transactionalId: string): Failure {
  return failure("TRANSACTIONAL_ID_NOT_FOUND", `there is no transactional id '${transactionalId}'`);
}

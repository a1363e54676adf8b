// Transactions as a client may use them, as Kafka's KafkaApis has it: WRITE on the transactional id for what changes one, DESCRIBE to see
// it, besides the rights on the topics and groups that it touches.

import { type Failure, failure } from "../common/errors.ts";
import type { Access } from "./access.ts";
import { commitAllowed } from "./refusals.ts";
import type { Transactions } from "./transactions.ts";

export function guardTransactions(transactions: Transactions, access: Access): Transactions {
  const toWrite = (transactionalId: string): Failure | null => access.refuse("WRITE", "TRANSACTIONAL_ID", transactionalId);
  return {
    initProducerId: async (request) => toWrite(request.transactionalId) ?? transactions.initProducerId(request),
    addPartitions: async (request) => {
      const refused = toWrite(request.transactionalId);
      const refusals = request.partitions.map(({ topic }) => refused ?? access.refuse("WRITE", "TOPIC", topic));
      return refusals.every((refusal) => refusal === null)
        ? transactions.addPartitions(request)
        : refusals.map((refusal) => refusal ?? failure("OPERATION_NOT_ATTEMPTED", "another partition of the request was refused"));
    },
    addGroup: async (request) =>
      toWrite(request.transactionalId) ?? access.refuse("READ", "GROUP", request.groupId) ?? transactions.addGroup(request),
    commitOffsets: async (request) =>
      toWrite(request.transactionalId) ??
      access.refuse("READ", "GROUP", request.groupId) ??
      commitAllowed(access, request, (allowed) => transactions.commitOffsets(allowed)),
    end: async (request) => toWrite(request.transactionalId) ?? transactions.end(request),
    endInNextEpoch: async (request) => toWrite(request.transactionalId) ?? transactions.endInNextEpoch(request),
    describe: async (transactionalId) =>
      access.refuse("DESCRIBE", "TRANSACTIONAL_ID", transactionalId) ?? transactions.describe(transactionalId),
    list: async (request) => {
      const { transactions: listed, nextCursor } = await transactions.list(request);
      const seen = listed.filter(({ transactionalId }) => access.allows("DESCRIBE", "TRANSACTIONAL_ID", transactionalId));
      return { transactions: seen, nextCursor };
    },
  };
}

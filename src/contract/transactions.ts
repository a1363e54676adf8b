// Transactions: group offsets into one, commit, abort, list, describe. Records join by `transactionalId` in a produce (produce.ts).

import { MAX_OFFSETS_PER_COMMIT } from "../common/limits/groups.ts";
import { MAX_TRANSACTIONAL_ID_LENGTH } from "../common/limits/transactions.ts";
import { TRANSACTION_STATES } from "../common/transaction-states.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { cursorParam, groupId, limitParam, nextCursor, partition, timestamp, topicName } from "./fields.ts";
import { commitAnswer, committingMember, offsetToCommit } from "./groups.ts";
import { operation } from "./operation.ts";
import { producerEpoch, producerId, transactionalId } from "./producer-fields.ts";
import { z } from "./zod.ts";

const transactionParams = z.strictObject({ transactionalId });
const producerFields = { producerId, producerEpoch };
const EXAMPLE_PRODUCER = { producerId: 12, producerEpoch: 0 };

const TRANSACTION_ERRORS = [
  "INVALID_REQUEST",
  "INVALID_PRODUCER_ID_MAPPING",
  "PRODUCER_FENCED",
  "INVALID_TXN_STATE",
  "CONCURRENT_TRANSACTIONS",
  "COORDINATOR_NOT_AVAILABLE",
] as const;

export const transactionOffsetsBody = z
  .strictObject({
    ...producerFields,
    groupId,
    offsets: z.array(offsetToCommit).min(1).max(MAX_OFFSETS_PER_COMMIT),
    ...committingMember,
  })
  .meta({ id: "TransactionOffsets", dependentRequired: { memberId: ["memberEpoch"], memberEpoch: ["memberId"] } });

export const commitTransactionOffsets = operation({
  id: "commitTransactionOffsets",
  method: "POST",
  path: "/v1/transactions/{transactionalId}/offsets",
  tag: "Transactions",
  summary: "Make a group's offsets part of the transaction",
  description:
    "They become the group's committed offsets when the transaction is committed, together with its records, and go when it is aborted. With a member, one that lost its place in the group is refused. An offset that is refused never fails the others; when all are, the answer is a problem that carries `offsets` too.",
  params: transactionParams,
  query: none,
  body: requestBody(transactionOffsetsBody, {
    ...EXAMPLE_PRODUCER,
    groupId: "billing",
    offsets: [{ topic: "orders", partition: 0, offset: 42 }],
  }),
  answers: {
    200: {
      description: "One result an offset, in order.",
      content: bothTypes(commitAnswer, { offsets: [{ topic: "orders", partition: 0 }] }),
    },
  },
  errors: [
    ...TRANSACTION_ERRORS,
    "INVALID_GROUP_ID",
    "UNKNOWN_TOPIC_OR_PARTITION",
    "UNKNOWN_MEMBER_ID",
    "ILLEGAL_GENERATION",
    "INCONSISTENT_GROUP_PROTOCOL",
    "OFFSET_METADATA_TOO_LARGE",
  ],
});

export const endTransactionBody = z.strictObject(producerFields).meta({ id: "EndTransaction" });

function endOperation(id: string, verb: "commit" | "abort", description: string) {
  return operation({
    id,
    method: "POST",
    path: `/v1/transactions/{transactionalId}/${verb}`,
    tag: "Transactions",
    summary: `${verb === "commit" ? "Commit" : "Abort"} a transaction`,
    description,
    params: transactionParams,
    query: none,
    body: requestBody(endTransactionBody, EXAMPLE_PRODUCER),
    answers: { 204: { description: "Decided for good, also where it was so before." } },
    errors: TRANSACTION_ERRORS,
  });
}

export const commitTransaction = endOperation(
  "commitTransaction",
  "commit",
  "All of its records and offsets become visible, or, where the answer is a problem, none. Repeat it until it is answered: a repeat changes nothing.",
);

export const abortTransaction = endOperation(
  "abortTransaction",
  "abort",
  "None of its records is given to readers of committed records, and its offsets are dropped. A transaction that nobody ends is aborted after its timeout.",
);

const transactionState = z.enum(TRANSACTION_STATES).meta({ description: "Kafka's state." });

const transaction = z
  .strictObject({
    transactionalId,
    state: transactionState,
    producerId,
    producerEpoch: z.int().min(-1).meta({ description: "The producer's epoch: earlier ones are fenced." }),
    transactionTimeoutMs: z.int().min(1),
    startedAt: timestamp.nullable().meta({ description: "When the last transaction began (ms); null before the first." }),
    partitions: z
      .array(z.strictObject({ topic: topicName, partition }))
      .meta({ description: "Of an open transaction; of a decided one, those that have not heard of it." }),
    groups: z.array(groupId).meta({ description: "Groups whose offsets are part of it, likewise." }),
  })
  .meta({ id: "Transaction" });

const EXAMPLE_TRANSACTION = {
  transactionalId: "billing-1",
  state: "Ongoing",
  ...EXAMPLE_PRODUCER,
  transactionTimeoutMs: 60000,
  startedAt: 1760000000000,
  partitions: [{ topic: "invoices", partition: 0 }],
  groups: ["billing"],
};

export const describeTransaction = operation({
  id: "describeTransaction",
  method: "GET",
  path: "/v1/transactions/{transactionalId}",
  tag: "Transactions",
  summary: "Describe a transactional id and its last transaction",
  params: transactionParams,
  query: none,
  answers: { 200: { description: "As it is now.", content: bothTypes(transaction, EXAMPLE_TRANSACTION) } },
  errors: ["INVALID_REQUEST", "TRANSACTIONAL_ID_NOT_FOUND", "COORDINATOR_NOT_AVAILABLE"],
});

const transactionPage = z.strictObject({ transactions: z.array(transaction), nextCursor }).meta({ id: "TransactionPage" });

export const listTransactions = operation({
  id: "listTransactions",
  method: "GET",
  path: "/v1/transactions",
  tag: "Transactions",
  summary: "List transactional ids",
  params: none,
  query: z.strictObject({
    prefix: z.string().max(MAX_TRANSACTIONAL_ID_LENGTH).optional().meta({ description: "Only ids that start so." }),
    state: transactionState.optional().meta({ description: "Only those in this state: a page may have fewer, and not be the last." }),
    limit: limitParam,
    cursor: cursorParam,
  }),
  answers: {
    200: { description: "A page, by id.", content: bothTypes(transactionPage, { transactions: [EXAMPLE_TRANSACTION], nextCursor: null }) },
  },
  errors: [],
});

export type TransactionAnswer = z.infer<typeof transaction>;
export type TransactionPage = z.infer<typeof transactionPage>;

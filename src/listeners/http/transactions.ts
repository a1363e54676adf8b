// /v1/transactions: group offsets into a transaction, commit, abort, list, describe.

import type { TransactionDescription } from "../../broker/ports.ts";
import * as contract from "../../contract/transactions.ts";
import type { z } from "../../contract/zod.ts";
import { answer, noContent } from "./answer.ts";
import type { Call } from "./call.ts";
import { committedAnswer, memberOf } from "./committed.ts";
import { defined } from "./defined.ts";
import { ProblemError, requireResult } from "./problem.ts";
import { validBody } from "./validate.ts";

type TransactionParams = z.output<(typeof contract.describeTransaction)["params"]>;

export async function commitTransactionOffsets(call: Call<TransactionParams>): Promise<Response> {
  const { transactionalId } = call.params;
  const { transactions } = call.broker;
  const { offsets, groupId, producerId, producerEpoch, ...rest } = await validBody(call.request, contract.transactionOffsetsBody);
  const member = memberOf(rest);
  const producer = { transactionalId, producerId, producerEpoch };
  const refused = await transactions.addGroup({ ...producer, groupId });
  if (refused !== null) throw new ProblemError(refused);
  return committedAnswer(call, await transactions.commitOffsets({ ...producer, groupId, offsets: offsets.map(defined), ...member }));
}

export function commitTransaction(call: Call<TransactionParams>): Promise<Response> {
  return endTransaction(call, true);
}

export function abortTransaction(call: Call<TransactionParams>): Promise<Response> {
  return endTransaction(call, false);
}

async function endTransaction(call: Call<TransactionParams>, isCommit: boolean): Promise<Response> {
  const { transactionalId } = call.params;
  const producer = await validBody(call.request, contract.endTransactionBody);
  const refused = await call.broker.transactions.end({ transactionalId, ...producer, isCommit });
  if (refused !== null) throw new ProblemError(refused);
  return noContent();
}

export async function describeTransaction(call: Call<TransactionParams>): Promise<Response> {
  return answer(call, transactionAnswer(requireResult(await call.broker.transactions.describe(call.params.transactionalId))));
}

export async function listTransactions(call: Call<object, z.output<(typeof contract.listTransactions)["query"]>>): Promise<Response> {
  const { state: wanted, ...page } = call.query;
  const { transactions, nextCursor } = await call.broker.transactions.list(defined(page));
  const listed = transactions.filter(({ state }) => wanted === undefined || state === wanted);
  return answer(call, { transactions: listed.map(transactionAnswer), nextCursor });
}

function transactionAnswer(transaction: TransactionDescription) {
  const { transactionalId, state, producerId, producerEpoch, timeoutMs, startedAtMs, topics, groups } = transaction;
  return {
    ...{ transactionalId, state, producerId, producerEpoch },
    transactionTimeoutMs: timeoutMs,
    startedAt: startedAtMs < 0 ? null : startedAtMs,
    partitions: topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
    groups,
  };
}

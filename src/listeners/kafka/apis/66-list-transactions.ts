// ListTransactions (key 66), versions 0-1 (KIP-664): of all transactional ids, those in certain states, of certain producer ids, or (1,
// KIP-994) whose transaction is open for longer than a time.

import type { Broker } from "../../../broker/broker.ts";
import type { TransactionDescription } from "../../../broker/ports.ts";
import { MAX_PAGE_ITEMS } from "../../../common/limits/topics.ts";
import { isTransactionState } from "../../../common/transaction-states.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { serve } from "../call.ts";

type Filters = DecodedOf<typeof API.listTransactions.request>;

const OPEN_STATES: readonly string[] = ["Ongoing", "PrepareCommit", "PrepareAbort"];

export const listTransactions = serve(API.listTransactions, { min: 0, max: 1 }, async ({ request, broker }) => {
  const unknownStateFilters = request.stateFilters.filter((state) => !isTransactionState(state));
  const transactions = await allTransactions(broker);
  const transactionStates = transactions
    .filter((transaction) => isWanted(transaction, request, Date.now()))
    .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, transactionState: state }));
  return { throttleTimeMs: 0, errorCode: 0, unknownStateFilters, transactionStates };
});

async function allTransactions(broker: Broker): Promise<TransactionDescription[]> {
  const all: TransactionDescription[] = [];
  let cursor: string | null = null;
  do {
    const request = { limit: MAX_PAGE_ITEMS, ...(cursor !== null && { cursor }) };
    const page: Awaited<ReturnType<typeof broker.transactions.list>> = await broker.transactions.list(request);
    all.push(...page.transactions);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}

/** An empty filter lets everything pass; one with unknown states alone lets nothing pass. */
function isWanted({ state, producerId, startedAtMs }: TransactionDescription, filters: Filters, nowMs: number): boolean {
  const { stateFilters, producerIdFilters, durationFilter } = filters;
  if (stateFilters.length > 0 && !stateFilters.includes(state)) return false;
  if (producerIdFilters.length > 0 && !producerIdFilters.includes(producerId)) return false;
  return durationFilter < 0n || (OPEN_STATES.includes(state) && BigInt(nowMs - startedAtMs) > durationFilter);
}

// Transactional ids and their transactions.

import type { TransactionAnswer, TransactionPage } from "../../contract/transactions.ts";
import type { Client } from "../client.ts";
import type { ProducerIdentity } from "../producer/sequences.ts";
import { pages } from "./pages.ts";

export class TransactionAdmin {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** By id. */
  async *list(filter: { readonly prefix?: string; readonly state?: TransactionAnswer["state"] } = {}): AsyncGenerator<TransactionAnswer> {
    for await (const { transactions } of pages<TransactionPage>(this.#client, "/v1/transactions", { ...filter })) yield* transactions;
  }

  describe(transactionalId: string): Promise<TransactionAnswer> {
    return this.#client.call("GET", transactionPath(transactionalId));
  }

  /** Aborts a transaction that its producer left open; `describe` tells the producer's id and epoch. */
  abort(transactionalId: string, producer: ProducerIdentity): Promise<void> {
    const { producerId, producerEpoch } = producer;
    return this.#client.call("POST", `${transactionPath(transactionalId)}/abort`, { body: { producerId, producerEpoch } });
  }
}

function transactionPath(transactionalId: string): string {
  return `/v1/transactions/${encodeURIComponent(transactionalId)}`;
}

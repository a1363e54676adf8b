// Acknowledgements on their way to the broker. One request is under way at a time, and whatever is asked meanwhile goes together in the next:
// a slow worker's acknowledgement goes at once, those of a fast one by the hundred. A lease is named once in a request, or all of it would
// be refused: an acknowledgement behind a renewal goes with the next.
//
// A request is made again as any other (client.ts), and one lease that is refused for the moment is asked for again by itself. After an
// answer that was lost, INVALID_RECORD_STATE may mean that the first request had settled it.

import { MAX_SETTLEMENTS } from "../../common/limits/share-groups.ts";
import type { SettleAnswer, SettleRequest } from "../../contract/share-groups.ts";
import { shareGroupPath } from "../admin/share-group-admin.ts";
import { backoffMs, sleep } from "../backoff.ts";
import type { Client } from "../client.ts";
import { refusalOf, SluiceError } from "../errors.ts";

/** What is asked of a lease, as KIP-932's AcknowledgeType has it. */
export type Settlement =
  | { readonly action: "ack" }
  | { readonly action: "reject" }
  | { readonly action: "release"; readonly delayMs: number }
  /** null: as long as the group says. */
  | { readonly action: "renew"; readonly leaseMs: number | null };

interface Asked {
  readonly leaseId: string;
  readonly settlement: Settlement;
  /** When a refusal is final, whatever it says of itself (ms). */
  readonly deadlineMs: number;
  resolve(): void;
  reject(error: unknown): void;
}

export class Settler {
  readonly #client: Client;
  readonly #path: string;
  #queue: Asked[] = [];
  #sending: Promise<void> | null = null;

  constructor(client: Client, groupId: string) {
    this.#client = client;
    this.#path = `${shareGroupPath(groupId)}/ack`;
  }

  /** Resolves once it is durable. @throws SluiceError INVALID_RECORD_STATE where the lease does not count any more */
  settle(leaseId: string, settlement: Settlement): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ leaseId, settlement, deadlineMs: Date.now() + this.#client.apiTimeoutMs, resolve, reject });
    this.#sending ??= this.#sendAll();
    return promise;
  }

  /** Resolves once all that was asked is answered. */
  async flush(): Promise<void> {
    while (this.#sending !== null) await this.#sending;
  }

  async #sendAll(): Promise<void> {
    await sleep(0); // what is asked in the same turn goes together
    for (let failures = 0; this.#queue.length > 0; ) {
      const again = await this.#send(this.#take());
      this.#queue.unshift(...again);
      failures = again.length === 0 ? 0 : failures + 1;
      if (failures > 0) await sleep(backoffMs(this.#client.backoff, failures - 1));
    }
    this.#sending = null; // in one turn with the look at the queue
  }

  #take(): readonly Asked[] {
    const taken = new Map<string, Asked>();
    const left: Asked[] = [];
    for (const one of this.#queue) {
      if (taken.size < MAX_SETTLEMENTS && !taken.has(one.leaseId)) taken.set(one.leaseId, one);
      else left.push(one);
    }
    this.#queue = left;
    return [...taken.values()];
  }

  /** @returns those that are to be asked again */
  async #send(asked: readonly Asked[]): Promise<readonly Asked[]> {
    let refused: ReadonlyMap<string, SluiceError>;
    try {
      refused = refusalsOf(await this.#client.call<SettleAnswer>("POST", this.#path, { body: requestOf(asked) }));
    } catch (error) {
      const { errors } = (error instanceof SluiceError ? error.problem : {}) as Pick<SettleAnswer, "errors">;
      if (errors === undefined) {
        for (const one of asked) one.reject(error);
        return [];
      }
      refused = refusalsOf({ errors }); // every one
    }
    return asked.filter((one) => {
      const refusal = refused.get(one.leaseId);
      if (refusal?.retriable && Date.now() < one.deadlineMs) return true;
      if (refusal === undefined) one.resolve();
      else one.reject(refusal);
      return false;
    });
  }
}

function requestOf(asked: readonly Asked[]): SettleRequest {
  const acks: string[] = [];
  const rejects: string[] = [];
  const releases: { leaseId: string; delayMs: number }[] = [];
  const renewals: { leaseId: string; leaseMs?: number }[] = [];
  for (const { leaseId, settlement } of asked) {
    if (settlement.action === "ack") acks.push(leaseId);
    else if (settlement.action === "reject") rejects.push(leaseId);
    else if (settlement.action === "release") releases.push({ leaseId, delayMs: settlement.delayMs });
    else renewals.push({ leaseId, ...(settlement.leaseMs !== null && { leaseMs: settlement.leaseMs }) });
  }
  return { acks, rejects, releases, renewals };
}

function refusalsOf({ errors = [] }: Pick<SettleAnswer, "errors">): ReadonlyMap<string, SluiceError> {
  return new Map(
    errors.flatMap((one) => {
      const refusal = refusalOf(one);
      return refusal === null ? [] : [[one.leaseId, refusal] as const];
    }),
  );
}

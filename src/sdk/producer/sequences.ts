// Producer ids and sequences: what makes a batch that is sent twice be written once (KIP-98, KIP-360). Each partition counts its own
// sequences, under a producer id and an epoch. Only what was sent and answered, or is being sent, has a number: when a batch is refused
// its numbers go to the next one.
//
// Where the broker has lost track (OUT_OF_ORDER_SEQUENCE_NUMBER), or a batch was given up with its fate unknown, the partition goes on
// from 0 under the next epoch. The broker then refuses whatever may still come of the epoch before, so nothing is written late.

import { incrementSequence } from "../../record/record-batch.ts";
import { type Client, readJson } from "../client.ts";
import type { ProducerBatch } from "./producer-batch.ts";

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Where one partition stands. */
export interface PartitionSequence {
  readonly producerId: number;
  readonly producerEpoch: number;
  nextSequence: number;
}

const MAX_EPOCH = 32_767;

/** The id of a producer: asked for once, when it is first needed. */
export class ProducerIds {
  readonly #client: Client;
  #identity: Promise<ProducerIdentity> | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Asks the broker once if there is none yet: whoever needs it asks again. */
  get(timeoutMs: number, signal: AbortSignal): Promise<ProducerIdentity> {
    this.#identity ??= this.#ask(timeoutMs, signal).catch((error: unknown) => {
      this.#identity = null;
      throw error;
    });
    return this.#identity;
  }

  /** Uses this one, which the broker has given, from now on. */
  set(identity: ProducerIdentity): void {
    this.#identity = Promise.resolve(identity);
  }

  /** Asks for a new one when it is next needed. */
  forget(): void {
    this.#identity = null;
  }

  async #ask(timeoutMs: number, signal: AbortSignal): Promise<ProducerIdentity> {
    const read = async (response: Response) => (await readJson(response)) as ProducerIdentity;
    return this.#client.attempt("POST", "/v1/producers", { timeoutMs, signal, body: {} }, read);
  }
}

export function firstSequence({ producerId, producerEpoch }: ProducerIdentity): PartitionSequence {
  return { producerId, producerEpoch, nextSequence: 0 };
}

/** The partition from 0 under the next epoch; null where epochs are used up, and it needs another producer id. */
export function nextEpoch({ producerId, producerEpoch }: PartitionSequence): PartitionSequence | null {
  return producerEpoch === MAX_EPOCH ? null : firstSequence({ producerId, producerEpoch: producerEpoch + 1 });
}

/** Numbers the batches, in order, where they are not numbered under this id and epoch already. */
export function number(batches: readonly ProducerBatch[], sequence: PartitionSequence, isTransactional: boolean): void {
  const { producerId, producerEpoch } = sequence;
  for (const batch of batches) {
    if (batch.producer.producerId === producerId && batch.producer.producerEpoch === producerEpoch) continue;
    batch.producer = { producerId, producerEpoch, baseSequence: sequence.nextSequence, isTransactional };
    sequence.nextSequence = incrementSequence(sequence.nextSequence, batch.recordCount);
  }
}

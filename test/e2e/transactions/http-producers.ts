// Producers over HTTP: plain ones, with and without sequences, and transactional ones.

import type { ConsumedRange, Outcome, Place, Send } from "../../support/history/history.ts";
import type { TransactionDoor } from "./recorded-transactions.ts";
import {
  call,
  callImpatiently,
  callUntilAnswered,
  outcomeOf,
  PLACES,
  padded,
  pause,
  type Repeated,
  splitPlace,
  TRANSACTION_TIMEOUT_MS,
  type Work,
} from "./work.ts";

const MAX_RECORDS_PER_REQUEST = 4;
/** With the fault "resend": one request in so many is sent twice, as a producer without sequences would. */
const RESEND_SHARE = 0.05;

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Sends batches until the work is over. An idempotent one repeats each until it is answered. */
export async function runPlainProducer(work: Work, client: string, isIdempotent: boolean): Promise<void> {
  const random = work.newRandom();
  while (!work.isOver) {
    const producer = isIdempotent ? await newProducer(work, {}) : null;
    const sequences = new Sequences(producer);
    let isSure = true;
    while (isSure && !work.isOver) {
      const place = random.of(PLACES);
      const values = work.newValues(1 + random.below(MAX_RECORDS_PER_REQUEST));
      const sends = await sendBatch(work, place, values, sequences.next(place, values.length), isIdempotent);
      work.record({ kind: "send", client, startMs: sends[0]!.startMs, endMs: sends[0]!.endMs, sends });
      isSure = sends[0]!.outcome === "ok";
      if (work.fault === "resend" && random.isChance(RESEND_SHARE)) await sendBatch(work, place, values, {}, false);
    }
    await pause();
  }
}

/** Null where the work is over before there is one. */
export async function newProducer(work: Work, body: object): Promise<ProducerIdentity | null> {
  const { answer } = await callUntilAnswered(work, "POST", "/v1/producers", body);
  if (answer === null) return null;
  if (answer.status !== 200 && answer.status !== 201) throw new Error(`no producer: ${JSON.stringify(answer)}`);
  return answer.body as ProducerIdentity;
}

/** Counts what a producer sent to each partition. */
class Sequences {
  readonly #producer: ProducerIdentity | null;
  readonly #next = new Map<Place, number>();

  constructor(producer: ProducerIdentity | null) {
    this.#producer = producer;
  }

  /** What the next request of so many records says of its producer. */
  next(place: Place, recordCount: number): object {
    if (this.#producer === null) return {};
    const baseSequence = this.#next.get(place) ?? 0;
    this.#next.set(place, baseSequence + recordCount);
    return { ...this.#producer, baseSequence };
  }
}

/** One request, repeated until it is answered where it may be. */
async function sendBatch(work: Work, place: Place, values: readonly string[], producer: object, isRepeatable: boolean): Promise<Send[]> {
  const { topic, partition } = splitPlace(place);
  const startMs = work.now();
  const path = `/v1/topics/${topic}/records?offsets=false`;
  const body = { records: values.map((value) => padded(value, partition)), ...producer };
  const repeated = isRepeatable ? await callImpatiently(work, "POST", path, body) : await callOnce(work, path, body);
  const result = (repeated.answer?.body as ProduceAnswer | undefined)?.results?.[0];
  const outcome = outcomeOf(repeated);
  const isRefused = result?.code !== undefined;
  return values.map((value, i) => ({
    ...{ place, value, startMs, endMs: work.now() },
    outcome: isRefused ? (repeated.isRepeated ? "unknown" : "fail") : outcome,
    offset: outcome === "ok" && !isRefused ? result!.baseOffset + i : null,
  }));
}

async function callOnce(work: Work, path: string, body: object): Promise<Repeated> {
  const answer = await call(work, "POST", path, body);
  return { answer, isRepeated: answer === null };
}

interface ProduceAnswer {
  readonly results?: readonly { readonly baseOffset: number; readonly code?: string }[];
}

/** A transactional producer over HTTP: with one epoch, and its partitions in the transaction with their first batch. */
export class HttpDoor implements TransactionDoor {
  readonly #work: Work;
  readonly #transactionalId: string;
  readonly #producer: ProducerIdentity;
  readonly #sequences: Sequences;

  private constructor(work: Work, transactionalId: string, producer: ProducerIdentity) {
    this.#work = work;
    this.#transactionalId = transactionalId;
    this.#producer = producer;
    this.#sequences = new Sequences(producer);
  }

  /** Null where the work is over before it is open. */
  static async open(work: Work, transactionalId: string): Promise<HttpDoor | null> {
    const producer = await newProducer(work, { transactionalId, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS });
    return producer === null ? null : new HttpDoor(work, transactionalId, producer);
  }

  send(place: Place, values: readonly string[]): Promise<Send[]> {
    const producer = { transactionalId: this.#transactionalId, ...this.#sequences.next(place, values.length) };
    return sendBatch(this.#work, place, values, producer, true);
  }

  async consume({ group: groupId, place, to }: ConsumedRange): Promise<boolean> {
    const offsets = [{ ...splitPlace(place), offset: to }];
    const path = `/v1/transactions/${this.#transactionalId}/offsets`;
    const repeated = await callImpatiently(this.#work, "POST", path, { ...this.#producer, groupId, offsets });
    const [result] = (repeated.answer?.body as { offsets?: { code?: string }[] } | undefined)?.offsets ?? [];
    return outcomeOf(repeated) === "ok" && result?.code === undefined;
  }

  async end(isCommit: boolean): Promise<Outcome> {
    const path = `/v1/transactions/${this.#transactionalId}/${isCommit ? "commit" : "abort"}`;
    return outcomeOf(await callImpatiently(this.#work, "POST", path, this.#producer));
  }

  close(): void {}
}

// Producers over HTTP: plain ones, with and without sequences, and transactional ones that commit, abort, walk away, and come back as zombies.

import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumedRange, Outcome, Place, Send } from "../../support/history/history.ts";
import {
  call,
  callImpatiently,
  callUntilAnswered,
  outcomeOf,
  PLACES,
  padded,
  pause,
  type Random,
  type Repeated,
  splitPlace,
  TRANSACTION_TIMEOUT_MS,
  type Work,
} from "./work.ts";

const MAX_RECORDS_PER_REQUEST = 4;
const MAX_SENDS_PER_TRANSACTION = 4;
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

/** Transactions until the work is over, each by a producer that may be taken over in the middle. */
export async function runTransactionalProducer(work: Work, client: string): Promise<void> {
  const random = work.newRandom();
  while (!work.isOver) {
    const producer = await HttpTransactions.open(work, client, client);
    if (producer === null) return;
    while (producer.isUsable && !work.isOver) await transactOnce(work, producer, random);
    await pause();
  }
}

async function transactOnce(work: Work, producer: HttpTransactions, random: Random): Promise<void> {
  const sends = 1 + random.below(MAX_SENDS_PER_TRANSACTION);
  const fate = random.below(10);
  const zombieFrom = fate === 0 ? random.below(sends + 1) : -1;
  for (let i = 0; i < sends; i++) {
    if (i === zombieFrom) await takeOver(work, producer);
    await producer.send(random.of(PLACES), work.newValues(1 + random.below(MAX_RECORDS_PER_REQUEST)));
  }
  if (zombieFrom === sends) await takeOver(work, producer);
  if (fate === 1) return producer.leave();
  // Before or after the broker gives it up.
  if (fate === 2) await sleep(random.below(2 * TRANSACTION_TIMEOUT_MS));
  await producer.end(fate > 4 || fate <= 2);
}

/** Another producer of the same transactional id begins. What the one before has open is aborted, and it may not go on. */
async function takeOver(work: Work, producer: HttpTransactions): Promise<void> {
  const successor = await HttpTransactions.open(work, `${producer.client}'s successor`, producer.transactionalId);
  await successor?.send(PLACES[0]!, work.newValues(1));
  await successor?.end(true);
}

/** The transactions of one producer, one after the other. Once something went wrong it is not usable any more, and another is opened. */
export class HttpTransactions {
  readonly client: string;
  readonly transactionalId: string;
  readonly #work: Work;
  readonly #producer: ProducerIdentity;
  readonly #sequences: Sequences;
  #sends: Send[] = [];
  #consumed: ConsumedRange[] = [];
  #reads: string[] = [];
  #startMs: number | null = null;
  isUsable = true;

  private constructor(work: Work, client: string, transactionalId: string, producer: ProducerIdentity) {
    this.#work = work;
    this.client = client;
    this.transactionalId = transactionalId;
    this.#producer = producer;
    this.#sequences = new Sequences(producer);
  }

  /** Null where the work is over before it is open. */
  static async open(work: Work, client: string, transactionalId: string): Promise<HttpTransactions | null> {
    const producer = await newProducer(work, { transactionalId, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS });
    return producer === null ? null : new HttpTransactions(work, client, transactionalId, producer);
  }

  async send(place: Place, values: readonly string[]): Promise<void> {
    this.#startMs ??= this.#work.now();
    const producer = { transactionalId: this.transactionalId, ...this.#sequences.next(place, values.length) };
    const sends = await sendBatch(this.#work, place, values, producer, true);
    this.#sends.push(...sends);
    if (sends[0]!.outcome !== "ok") this.isUsable = false;
  }

  /** Input that was read with read_committed, and the group's offset after it. */
  async consume(range: ConsumedRange, reads: readonly string[]): Promise<void> {
    this.#startMs ??= this.#work.now();
    const offsets = [{ ...splitPlace(range.place), offset: range.to }];
    const path = `/v1/transactions/${this.transactionalId}/offsets`;
    const repeated = await callImpatiently(this.#work, "POST", path, { ...this.#producer, groupId: range.group, offsets });
    this.#reads.push(...reads);
    const [result] = (repeated.answer?.body as { offsets?: { code?: string }[] } | undefined)?.offsets ?? [];
    if (outcomeOf(repeated) === "ok" && result?.code === undefined) this.#consumed.push(range);
    else this.isUsable = false;
  }

  /** Commits where all went well before and the caller wants it, and aborts otherwise. A zombie tries to commit whatever it is told. */
  async end(isCommit: boolean): Promise<void> {
    const isAsked = isCommit && this.#sends.every(({ outcome }) => outcome !== "unknown");
    const commitStartMs = isAsked ? this.#work.now() : null;
    const path = `/v1/transactions/${this.transactionalId}/${isAsked ? "commit" : "abort"}`;
    const outcome = outcomeOf(await callImpatiently(this.#work, "POST", path, this.#producer));
    if (outcome !== "ok") this.isUsable = false;
    this.#record(isAsked ? outcome : "fail", commitStartMs);
  }

  /** Says no more. The broker aborts what is open after the timeout, or when the next producer comes. */
  leave(): void {
    this.isUsable = false;
    this.#record("fail", null);
  }

  #record(outcome: Outcome, commitStartMs: number | null): void {
    const [startMs, endMs] = [this.#startMs ?? this.#work.now(), this.#work.now()];
    const [sends, reads, consumed] = [this.#sends, this.#reads, this.#consumed];
    this.#work.record({ kind: "transaction", client: this.client, startMs, endMs, outcome, commitStartMs, sends, reads, consumed });
    [this.#sends, this.#reads, this.#consumed, this.#startMs] = [[], [], [], null];
  }
}

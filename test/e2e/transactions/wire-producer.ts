// A transactional producer by Kafka's protocol, as Java's from 4.0 on is: an epoch for each transaction, and nobody told of partitions and
// groups beforehand (KIP-890, part 2). Here because no JavaScript client does it yet.
//
// Every request is repeated until it is answered by something else than "try again": batches with their sequence, ends with the epoch that
// they end. A request may go out twice at once, over two connections.

import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorName, errorCode } from "../../../src/common/errors.ts";
import { API, type Api } from "../../../src/protocol/api-keys.ts";
import type { DecodedStruct, EncodableStruct, Fields } from "../../../src/protocol/fields.ts";
import { batchOf } from "../../support/batches.ts";
import { loadCore } from "../../support/core.ts";
import type { Outcome } from "../../support/history/history.ts";
import { WireConnection } from "./wire-connection.ts";

const METADATA_VERSION = 12;
const INIT_PRODUCER_ID_VERSION = 5;
const PRODUCE_VERSION = 13;
const TXN_OFFSET_COMMIT_VERSION = 5;
const END_TXN_VERSION = 5;

const TIMEOUT_MS = 5_000;
const RETRY_DELAY_MS = 20;

const TRY_AGAIN: ReadonlySet<number> = new Set(
  [
    ...(["CONCURRENT_TRANSACTIONS", "NOT_ENOUGH_REPLICAS", "COORDINATOR_NOT_AVAILABLE", "LEADER_NOT_AVAILABLE"] as const),
    ...(["REQUEST_TIMED_OUT", "UNKNOWN_TOPIC_ID"] as const satisfies ErrorName[]),
  ].map(errorCode),
);

export interface WireProducerOptions {
  /** HOST:PORT */
  readonly address: string;
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /** Nothing is repeated any more. */
  readonly isOver: () => boolean;
  /** Whether the next request goes out twice. */
  readonly isImpatient: () => boolean;
}

/** What became of a request: done for sure, surely not, or perhaps by a try before. */
interface Asked<Response extends Fields> {
  readonly outcome: Outcome;
  /** Null where none came. */
  readonly response: DecodedStruct<Response> | null;
}

export class WireProducer {
  readonly #options: WireProducerOptions;
  readonly #connections: readonly [WireConnection, WireConnection];
  readonly #topicIds = new Map<string, string>();
  /** By topic id and partition, in this epoch. */
  readonly #sequences = new Map<string, number>();
  #producer = { producerId: -1, producerEpoch: -1 };

  private constructor(options: WireProducerOptions) {
    this.#options = options;
    this.#connections = [new WireConnection(options.address), new WireConnection(options.address)];
  }

  /** Fences every other producer of the transactional id. Null where it is over before that is done. */
  static async open(options: WireProducerOptions): Promise<WireProducer | null> {
    const producer = new WireProducer(options);
    const { transactionalId, timeoutMs: transactionTimeoutMs } = options;
    const request = { transactionalId, transactionTimeoutMs };
    const { outcome, response } = await producer.#repeat(
      API.initProducerId,
      INIT_PRODUCER_ID_VERSION,
      request,
      ({ errorCode }) => errorCode,
    );
    if (outcome !== "ok") return null;
    producer.#producer = { producerId: response!.producerId, producerEpoch: response!.producerEpoch };
    return producer;
  }

  /** Writes one batch. Its offset is -1 where none was told. */
  async send(topic: string, partition: number, values: readonly string[]): Promise<{ outcome: Outcome; baseOffset: number }> {
    const topicId = await this.#topicId(topic);
    if (topicId === null) return { outcome: "fail", baseOffset: -1 };
    const place = `${topicId}/${partition}`;
    const baseSequence = this.#sequences.get(place) ?? 0;
    this.#sequences.set(place, baseSequence + values.length);
    const records = new Uint8Array(batchOf(loadCore(), values, { ...this.#producer, baseSequence, isTransactional: true }));
    const topicData = [{ topicId, partitionData: [{ index: partition, records }] }];
    const request = { transactionalId: this.#options.transactionalId, acks: -1, timeoutMs: TIMEOUT_MS, topicData };
    const { outcome, response } = await this.#repeat(
      API.produce,
      PRODUCE_VERSION,
      request,
      ({ responses }) => partitionOf(responses).errorCode,
    );
    return { outcome, baseOffset: outcome === "ok" ? partitionOf(response!.responses).baseOffset : -1 };
  }

  /** A group's offset, which is the group's once the transaction is committed. */
  async sendOffset(groupId: string, topic: string, partitionIndex: number, committedOffset: number): Promise<Outcome> {
    const topics = [{ name: topic, partitions: [{ partitionIndex, committedOffset, committedMetadata: "" }] }];
    const request = { transactionalId: this.#options.transactionalId, groupId, ...this.#producer, topics };
    const codeOf = (answer: { topics: readonly { partitions: readonly { errorCode: number }[] }[] }) =>
      answer.topics[0]!.partitions[0]!.errorCode;
    return (await this.#repeat(API.txnOffsetCommit, TXN_OFFSET_COMMIT_VERSION, request, codeOf)).outcome;
  }

  /** The next transaction is of the epoch that the answer names. */
  async end(isCommit: boolean): Promise<Outcome> {
    const request = { transactionalId: this.#options.transactionalId, ...this.#producer, committed: isCommit };
    const { outcome, response } = await this.#repeat(API.endTxn, END_TXN_VERSION, request, ({ errorCode }) => errorCode);
    if (outcome === "ok") this.#producer = { producerId: response!.producerId, producerEpoch: response!.producerEpoch };
    this.#sequences.clear();
    return outcome;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #topicId(name: string): Promise<string | null> {
    const known = this.#topicIds.get(name);
    if (known !== undefined) return known;
    const request = { topics: [{ topicId: NO_TOPIC_ID, name }], allowAutoTopicCreation: false };
    const { response } = await this.#repeat(API.metadata, METADATA_VERSION, request, ({ topics }) => topics[0]!.errorCode);
    const topicId = response?.topics[0]?.topicId ?? null;
    if (topicId !== null) this.#topicIds.set(name, topicId);
    return topicId;
  }

  async #repeat<Request extends Fields, Response extends Fields>(
    api: Api<Request, Response>,
    version: number,
    request: EncodableStruct<Request>,
    codeOf: (response: DecodedStruct<Response>) => number,
  ): Promise<Asked<Response>> {
    const { isOver, isImpatient } = this.#options;
    for (let isRepeated = false; ; ) {
      const used = isImpatient() ? this.#connections : this.#connections.slice(0, 1);
      const answers = await Promise.all(used.map((connection) => connection.ask(api, version, request)));
      const done = answers.find((answer) => answer !== null && codeOf(answer) === 0);
      if (done !== undefined) return { outcome: "ok", response: done };
      isRepeated ||= answers.length > 1;
      const refused = answers.find((answer) => answer !== null && !TRY_AGAIN.has(codeOf(answer)));
      if (refused !== undefined) return { outcome: isRepeated ? "unknown" : "fail", response: refused };
      isRepeated = true; // also after "try again": a partition that is not reached may have written all the same
      if (isOver()) return { outcome: "unknown", response: null };
      await sleep(RETRY_DELAY_MS);
    }
  }
}

const NO_TOPIC_ID = "00000000-0000-0000-0000-000000000000";

/** Of an answer to a produce to one partition. */
function partitionOf<Partition>(responses: readonly { readonly partitionResponses: readonly Partition[] }[]): Partition {
  return responses[0]!.partitionResponses[0]!;
}

// A transactional producer with an epoch for each transaction, over Kafka's protocol, for the history.

import type { ConsumedRange, Outcome, Place, Send } from "../../support/history/history.ts";
import type { TransactionDoor } from "./recorded-transactions.ts";
import { WireProducer } from "./wire-producer.ts";
import { splitPlace, TRANSACTION_TIMEOUT_MS, type Work } from "./work.ts";

export class WireDoor implements TransactionDoor {
  readonly #work: Work;
  readonly #producer: WireProducer;

  private constructor(work: Work, producer: WireProducer) {
    this.#work = work;
    this.#producer = producer;
  }

  /** Null where the work is over before it is open. */
  static async open(work: Work, transactionalId: string): Promise<WireDoor | null> {
    const producer = await WireProducer.open({
      ...{ address: work.broker.kafkaAddress, transactionalId, timeoutMs: TRANSACTION_TIMEOUT_MS },
      ...{ isOver: () => work.isOver, isImpatient: () => work.isImpatient() },
    });
    return producer === null ? null : new WireDoor(work, producer);
  }

  async send(place: Place, values: readonly string[]): Promise<Send[]> {
    const { topic, partition } = splitPlace(place);
    const startMs = this.#work.now();
    const { outcome, baseOffset } = await this.#producer.send(topic, partition, values);
    const endMs = this.#work.now();
    return values.map((value, i) => ({ place, value, startMs, endMs, outcome, offset: outcome === "ok" ? baseOffset + i : null }));
  }

  async consume({ group, place, to }: ConsumedRange): Promise<boolean> {
    const { topic, partition } = splitPlace(place);
    return (await this.#producer.sendOffset(group, topic, partition, to)) === "ok";
  }

  end(isCommit: boolean): Promise<Outcome> {
    return this.#producer.end(isCommit);
  }

  close(): void {
    this.#producer.close();
  }
}

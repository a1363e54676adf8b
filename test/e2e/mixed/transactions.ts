// Transactional producers over HTTP: each transaction writes a record to each partition, and commits or aborts. In the end those that were
// acknowledged as committed are whole, those acknowledged as aborted are absent, and the others are one of both.

import { type Part, readPartition, type World } from "./world.ts";

export const TXN_TOPIC = "mixed-txn";
export const TXN_PARTITIONS = 2;

const TIMEOUT_MS = 5_000;
const ABORT_RATE = 0.3;

type Outcome = "committed" | "aborted" | "unknown";

interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

class Transactor {
  readonly outcomes: Outcome[] = [];
  readonly #world: World;
  readonly #id: string;
  readonly #random: () => number;

  constructor(world: World, id: string, random: () => number) {
    this.#world = world;
    this.#id = id;
    this.#random = random;
  }

  /** Anything unexpected ends a transaction: the next begins with another epoch, which ends what is open. */
  async run(): Promise<void> {
    for (let identity: Identity | null = null, sequence = 0; !this.#world.isStopping; ) {
      if (identity === null) {
        sequence = 0;
        identity = await this.#world.ask<Identity>("POST", "/v1/producers", {
          transactionalId: this.#id,
          transactionTimeoutMs: TIMEOUT_MS,
        });
        if (identity === null) return;
      }
      const outcome = await this.#transact(identity, sequence, `${this.#id}:${this.outcomes.length}`);
      this.outcomes.push(outcome);
      sequence += 1;
      if (outcome === "unknown") identity = null;
    }
    // What is still open is ended by the next epoch.
    await this.#world.ask("POST", "/v1/producers", { transactionalId: this.#id });
  }

  async #transact(identity: Identity, baseSequence: number, value: string): Promise<Outcome> {
    const transactional = { ...identity, transactionalId: this.#id };
    for (let partition = 0; partition < TXN_PARTITIONS; partition++) {
      const body = { records: [{ value, partition }], ...transactional, baseSequence };
      const path = `/v1/topics/${TXN_TOPIC}/records?offsets=false`;
      const answer = await this.#world.attempt<{ results: { code?: string }[] }>("POST", path, body).catch(() => null);
      if (answer === null || answer.results[0]?.code !== undefined) return "unknown";
    }
    const end = this.#random() < ABORT_RATE ? "abort" : "commit";
    const path = `/v1/transactions/${this.#id}/${end}`;
    const ended = await this.#world.attempt<{ code?: string }>("POST", path, identity).catch(() => null);
    if (ended === null) return "unknown";
    return end === "commit" ? "committed" : "aborted";
  }
}

export class Transactions implements Part {
  readonly name = "transactions";
  readonly #world: World;
  readonly #transactors: readonly Transactor[];

  constructor(world: World, random: () => number) {
    this.#world = world;
    this.#transactors = ["a", "b"].map((id) => new Transactor(world, `mixed-${id}`, random));
  }

  async run(): Promise<void> {
    await Promise.all(this.#transactors.map((transactor) => transactor.run()));
  }

  async check(): Promise<string> {
    const seen: ReadonlyMap<string, number>[] = [];
    for (let partition = 0; partition < TXN_PARTITIONS; partition++) {
      const counts = new Map<string, number>();
      for (const { value } of await readPartition(this.#world, TXN_TOPIC, partition)) counts.set(value, (counts.get(value) ?? 0) + 1);
      seen.push(counts);
    }
    const figures: Record<Outcome, number> = { committed: 0, aborted: 0, unknown: 0 };
    for (const [index, { outcomes }] of this.#transactors.entries()) {
      for (const [number, outcome] of outcomes.entries()) {
        const value = `mixed-${"ab"[index]}:${number}`;
        const counts = seen.map((partition) => partition.get(value) ?? 0);
        const isWhole = counts.every((count) => count === 1);
        const isAbsent = counts.every((count) => count === 0);
        const isRight = { committed: isWhole, aborted: isAbsent, unknown: isWhole || isAbsent }[outcome];
        if (!isRight) throw new Error(`transaction ${value} is ${outcome}, and is seen ${counts.join(" and ")} times`);
        figures[outcome]++;
      }
    }
    if (figures.committed === 0 || figures.aborted === 0)
      throw new Error(`no transaction ended in one of the ways: ${JSON.stringify(figures)}`);
    return `${figures.committed} committed, ${figures.aborted} aborted, ${figures.unknown} not answered`;
  }
}

// A queue that is filled while workers by both doors empty it, and die now and then. In the end every record was acknowledged, and none was
// handed out again after an answer had said that it was.

import { setTimeout as sleep } from "node:timers/promises";
import { type Delivery, prove } from "../../support/share-proof.ts";
import { until } from "../../support/until.ts";
import { httpWorker, kafkaWorker, type ShareWorker } from "../share-workers.ts";
import type { Part, World } from "./world.ts";

export const WORK_TOPIC = "mixed-work";
const GROUP = "mixed-workers";
const LEASE_MS = 2_000;
const MAX_DELIVERIES = 1_000;
const DEATH_RATE = 0.02;
const MAX_PULL = 50;
const RECORDS_PER_REQUEST = 20;
const PAUSE_MS = 50;

export class Share implements Part {
  readonly name = "a share group";
  readonly #world: World;
  readonly #random: () => number;
  readonly #history: Delivery[] = [];
  readonly #workers: readonly ShareWorker[];
  #count = 0;
  #isOver = false;
  #working: Promise<unknown> = Promise.resolve();

  private constructor(world: World, random: () => number) {
    this.#world = world;
    this.#random = random;
    const door = { path: `/v1/share-groups/${GROUP}`, pull: { topics: [WORK_TOPIC] } };
    const attempt = <T>(path: string, body: unknown) => world.attempt<T>("POST", path, body).catch(() => null);
    const kafka = () => kafkaWorker(world.broker.kafkaAddress, GROUP, WORK_TOPIC);
    this.#workers = [httpWorker(attempt, door), httpWorker(attempt, door), kafka(), kafka()];
  }

  static async prepare(world: World, random: () => number): Promise<Share> {
    await world.ask("POST", "/v1/topics", { name: WORK_TOPIC, partitions: 1 });
    const settings = { order: "none", leaseMs: LEASE_MS, maxInFlight: 5_000, maxDeliveries: MAX_DELIVERIES };
    await world.ask("PUT", `/v1/share-groups/${GROUP}`, settings);
    return new Share(world, random);
  }

  async run(): Promise<void> {
    this.#working = Promise.all(this.#workers.map((worker) => this.#work(worker)));
    this.#working.catch(() => undefined); // check() has the rejection
    await this.#fill();
  }

  async check(): Promise<string> {
    const lag = async (): Promise<number> => {
      const group = await this.#world.ask<{ partitions: { lag: number; endOffset: number }[] }>("GET", `/v1/share-groups/${GROUP}`);
      const partition = group?.partitions[0];
      return partition?.endOffset === this.#count ? partition.lag : 1;
    };
    await until("every record is decided", async () => (await lag()) === 0);
    this.#isOver = true;
    await this.#working;
    const proof = prove(this.#history, [], { records: this.#count, maxDeliveries: MAX_DELIVERIES, hasKills: true });
    return `${this.#count} records, ${proof.deliveries} deliveries`;
  }

  /** Keys are alike for none, so that the proof asks for no order. */
  async #fill(): Promise<void> {
    const identity = await this.#world.ask<object>("POST", "/v1/producers", {});
    while (!this.#world.isStopping && identity !== null) {
      const records = Array.from({ length: RECORDS_PER_REQUEST }, (_, index) => ({ key: `k${this.#count + index}`, value: "work" }));
      const body = { records, ...identity, baseSequence: this.#count };
      const answer = await this.#world.ask("POST", `/v1/topics/${WORK_TOPIC}/records?offsets=false`, body);
      if (answer === null) return;
      this.#count += RECORDS_PER_REQUEST;
      await sleep(PAUSE_MS);
    }
  }

  async #work(worker: ShareWorker): Promise<void> {
    const NEVER = Number.POSITIVE_INFINITY;
    while (!this.#isOver && !this.#world.isAbandoned) {
      const askedMs = performance.now();
      const pulled = await worker.pull(1 + Math.floor(this.#random() * MAX_PULL), 300);
      const deliveredMs = performance.now();
      const deliveries = (pulled ?? []).map(
        (record): Delivery => ({ record, askedMs, deliveredMs, settledMs: NEVER, answeredMs: NEVER, outcome: "died" }),
      );
      this.#history.push(...deliveries);
      if (pulled === null) await sleep(PAUSE_MS);
      if (deliveries.length === 0) continue;
      if (this.#random() < DEATH_RATE) worker.die();
      else await this.#settle(worker, deliveries);
    }
    worker.die();
  }

  async #settle(worker: ShareWorker, deliveries: readonly Delivery[]): Promise<void> {
    const settledMs = performance.now();
    const refused = await worker.settle(deliveries, new Set(), this.#random);
    for (const delivery of deliveries) {
      const isRefused = refused?.has(delivery.record.leaseId);
      delivery.outcome = refused === null ? "lost" : isRefused ? "refused" : "acknowledged";
      Object.assign(delivery, { settledMs, answeredMs: performance.now() });
    }
  }
}

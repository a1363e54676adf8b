// Signed webhooks come in, several times each, and go out to a receiver by a subscription, while a live tail follows. In the end each event is in
// the log once, the receiver has had each, in the order of its partition, and the tail has shown each offset once.

import { setTimeout as sleep } from "node:timers/promises";
import { type Receiver, startReceiver } from "../../support/hook-receiver.ts";
import { until } from "../../support/until.ts";
import { githubRequest } from "../../support/webhook-senders.ts";
import { type Part, readPartition, type World } from "./world.ts";

export const EVENTS_TOPIC = "mixed-events";

const SECRET = "It's a Secret to Everybody";
const SENDERS = 4;
const REPEATS = 2;
const RECONNECT_MS = 50;

interface Taken {
  readonly offset: number;
}

export class Events implements Part {
  readonly name = "webhooks in and out, and a tail";
  readonly #world: World;
  readonly #receiver: Receiver;
  /** Where each event is, by its id, as each acknowledgement of it said. */
  readonly #taken = new Map<string, number[]>();
  readonly #tail = new Tail();
  #count = 0;

  private constructor(world: World, receiver: Receiver) {
    this.#world = world;
    this.#receiver = receiver;
  }

  static async prepare(world: World): Promise<Events> {
    const receiver = await startReceiver();
    await world.ask("POST", "/v1/topics", { name: EVENTS_TOPIC, partitions: 1 });
    await world.ask("PUT", `/v1/topics/${EVENTS_TOPIC}/ingest/github`, { signature: { scheme: "github", secrets: [SECRET] } });
    const retry = { maxAttempts: 1_000, minBackoffMs: 50, maxBackoffMs: 200 };
    await world.ask("PUT", "/v1/subscriptions/mixed-out", { topics: [EVENTS_TOPIC], url: receiver.url, from: "earliest", retry });
    return new Events(world, receiver);
  }

  async run(): Promise<void> {
    void this.#tail.follow(this.#world, EVENTS_TOPIC); // never rejects
    await Promise.all(Array.from({ length: SENDERS }, () => this.#deliverAll()));
  }

  async close(): Promise<void> {
    await this.#receiver.close();
  }

  async check(): Promise<string> {
    const records = await readPartition(this.#world, EVENTS_TOPIC, 0);
    for (const [id, offsets] of this.#taken) {
      const found = records.filter(({ value }) => (JSON.parse(value) as { id: string }).id === id);
      if (found.length !== 1) throw new Error(`event ${id} is ${found.length} times in the log`);
      const wrong = offsets.find((offset) => offset !== found[0]!.offset);
      if (wrong !== undefined) throw new Error(`event ${id} is at ${found[0]!.offset}, and was acknowledged at ${wrong}`);
    }
    const delivered = () => new Set(this.#receiver.calls.flatMap((call) => call.records.map(({ offset }) => offset)));
    await until("the receiver has every event", () => delivered().size === records.length);
    await this.#tail.expect(records.map(({ offset }) => offset));
    return `${records.length} events, ${this.#receiver.calls.length} calls, ${this.#tail.connections} connections of the tail`;
  }

  async #deliverAll(): Promise<void> {
    while (!this.#world.isStopping) {
      const id = `event-${this.#count++}`;
      const { headers, body } = await githubRequest(SECRET, id, { id });
      const offsets: number[] = [];
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const path = `/v1/topics/${EVENTS_TOPIC}/ingest/github`;
        const taken = await this.#world.ask<Taken>("POST", path, body, headers);
        if (taken === null) return;
        offsets.push(taken.offset);
      }
      this.#taken.set(id, offsets);
    }
  }
}

/** Server-Sent Events of one partition, gone on with where the last connection ended. */
class Tail {
  connections = 0;
  readonly #offsets: number[] = [];
  #isOver = false;
  #lastEventId = "0";

  /** Until the tail has come to the end that `expect` names. */
  async follow(world: World, topic: string): Promise<void> {
    while (!this.#isOver && !world.isAbandoned) {
      await this.#connect(world, topic).catch(() => undefined); // the broker was killed: the next one goes on
      await sleep(RECONNECT_MS);
    }
  }

  /** Once the tail has come to the end. */
  async expect(offsets: readonly number[]): Promise<void> {
    await until("the tail has every event", () => this.#offsets.length >= offsets.length);
    this.#isOver = true;
    const wrong = this.#offsets.findIndex((offset, index) => offset !== offsets[index]);
    if (wrong >= 0 || this.#offsets.length > offsets.length) {
      throw new Error(`the tail has offset ${this.#offsets[wrong]} where ${offsets[wrong]} comes next`);
    }
  }

  async #connect(world: World, topic: string): Promise<void> {
    const response = await fetch(`${world.broker.url}/v1/topics/${topic}/partitions/0/records?offset=earliest`, {
      headers: { accept: "text/event-stream", "last-event-id": this.#lastEventId },
    });
    if (response.status !== 200) throw new Error(`the tail was answered ${response.status}`);
    this.connections++;
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        this.#take(text.slice(0, end));
        text = text.slice(end + 2);
      }
      if (this.#isOver) return;
    }
  }

  #take(event: string): void {
    const id = /^id: ?(\d+)$/m.exec(event)?.[1];
    const data = /^data: ?(.*)$/m.exec(event)?.[1];
    if (id === undefined || data === undefined) return;
    this.#lastEventId = id;
    this.#offsets.push((JSON.parse(data) as { offset: number }).offset);
  }
}

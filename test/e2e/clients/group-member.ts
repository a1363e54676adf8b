// Members of groups by @platformatic/kafka, driven over stdin and stdout: see group-scenarios/process-member.ts. By Kafka's consumer protocol
// (KIP-848), but static ones by the classic protocol: by the other one a member that has died keeps its name until its session is over.

import { createInterface } from "node:readline";
import { Consumer, type Message, stringDeserializers } from "@platformatic/kafka";
import type { MemberSettings, Order } from "../group-scenarios/process-member.ts";

type Handled = Pick<Message<string, string, string, string>, "topic" | "partition" | "offset" | "value" | "commit">;

class HostedMember {
  readonly #number: number;
  readonly #topics: string[];
  readonly #consumer: Consumer<string, string, string, string>;
  #last = "";
  #acknowledged = Promise.withResolvers<void>();
  /** Of the record that is handled: until it is committed. */
  #work = Promise.resolve();
  #isLeaving = false;

  constructor(number: number, { address, groupId, topics, instanceId, sessionTimeoutMs }: MemberSettings) {
    this.#number = number;
    this.#topics = topics as string[];
    const isStatic = instanceId !== undefined;
    this.#consumer = new Consumer({
      ...{ clientId: "platformatic", bootstrapBrokers: [address], groupId, deserializers: stringDeserializers },
      ...(isStatic
        ? { groupInstanceId: instanceId, sessionTimeout: sessionTimeoutMs, rebalanceTimeout: sessionTimeoutMs, heartbeatInterval: 200 }
        : { groupProtocol: "consumer" as const }),
    });
    for (const event of ["consumer:heartbeat:end", "consumer:group:join", "consumer:group:rebalance"] as const) {
      this.#consumer.on(event, () => this.#tellAssigned());
    }
  }

  async run(): Promise<void> {
    try {
      const modes = { mode: "committed", fallbackMode: "earliest" } as const;
      const stream = await this.#consumer.consume({ topics: this.#topics, ...modes, autocommit: false, maxWaitTime: 200 });
      this.#tellAssigned();
      for await (const message of stream) {
        if (!this.#assigned.includes(`${message.topic}/${message.partition}`)) continue; // given back since it was fetched
        this.#work = this.#handle(message);
        await this.#work;
      }
    } catch (error) {
      if (!this.#isLeaving) this.#say({ failed: String(error) });
    }
  }

  acknowledge(): void {
    this.#acknowledged.resolve();
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.#work;
    await this.#consumer.close(true);
    this.#say({ left: true });
  }

  get #assigned(): string[] {
    const topics = this.#consumer.assignments ?? [];
    return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`)).sort();
  }

  #tellAssigned(): void {
    if (this.#consumer.assignments === null || String(this.#assigned) === this.#last) return;
    this.#last = String(this.#assigned);
    this.#say({ assigned: this.#assigned });
  }

  async #handle({ topic, partition, offset, value, commit }: Handled): Promise<void> {
    this.#acknowledged = Promise.withResolvers();
    this.#say({ record: { topic, partition, offset: Number(offset), value } });
    await this.#acknowledged.promise;
    await Promise.resolve(commit()).catch(() => undefined); // given back meanwhile: it comes again elsewhere
  }

  #say(what: object): void {
    process.stdout.write(`${JSON.stringify({ member: this.#number, ...what })}\n`);
  }
}

const members = new Map<number, HostedMember>();
const orders = createInterface({ input: process.stdin });
orders.on("close", () => process.exit()); // whoever drives it is gone, or has no more members here
orders.on("line", (line) => {
  const { member: number, ...order } = JSON.parse(line) as Order;
  if ("start" in order) {
    const member = new HostedMember(number, order.start);
    members.set(number, member);
    void member.run();
  }
  if ("ack" in order) members.get(number)!.acknowledge();
  if ("leave" in order) void members.get(number)!.leave();
});

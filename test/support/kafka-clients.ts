// kafkajs clients of a broker under test, which end with the test that they were made in.

import type { Consumer, ConsumerConfig, ConsumerSubscribeTopics, EachMessagePayload, Kafka, KafkaMessage, ProducerConfig } from "kafkajs";
import { onTestFinished } from "vitest";
import { kafkajs } from "./kafkajs.ts";

/** Quick to notice and slow to give up, so that no test waits for a client's patience. */
export function kafkaClient(address: string, retries = 100): Kafka {
  const retry = { initialRetryTime: 50, maxRetryTime: 500, retries };
  return new kafkajs.Kafka({ clientId: "test", brokers: [address], logLevel: kafkajs.logLevel.NOTHING, retry });
}

/** Gives up soon: kafkajs asks again where a topic is missing, and tests delete some that are. */
export async function connectAdmin(address: string) {
  const admin = kafkaClient(address, 2).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

export async function connectProducer(address: string, config: ProducerConfig = {}) {
  const producer = kafkaClient(address).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, ...config });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  return producer;
}

/** A record as a member got it. */
export interface ReceivedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
  readonly message: KafkaMessage;
}

export interface GroupMember {
  readonly consumer: Consumer;
  readonly received: ReceivedRecord[];
  /** Partitions of the one topic that it has been assigned, ascending; empty before. */
  assigned(): readonly number[];
}

export interface MemberOptions extends Partial<ConsumerConfig> {
  readonly groupId: string;
  readonly topic: string;
  readonly fromBeginning?: boolean;
  readonly autoCommit?: boolean;
  /** Called with each record, after it is noted. */
  readonly onRecord?: (payload: EachMessagePayload) => Promise<void>;
}

/** Joins a group and reads until the test ends; resolves when it has an assignment. */
export async function joinGroup(address: string, options: MemberOptions): Promise<GroupMember> {
  const { topic, fromBeginning = true, autoCommit = true, onRecord, ...config } = options;
  const consumer = kafkaClient(address).consumer({ heartbeatInterval: 300, sessionTimeout: 10_000, maxWaitTimeInMs: 500, ...config });
  const received: ReceivedRecord[] = [];
  let partitions: readonly number[] = [];
  const { promise: joined, resolve } = Promise.withResolvers<void>();
  consumer.on("consumer.group_join", ({ payload }) => {
    partitions = [...(payload.memberAssignment[topic] ?? [])].sort((a, b) => a - b);
    resolve();
  });
  await consumer.connect();
  onTestFinished(() => consumer.disconnect());
  await consumer.subscribe({ topics: [topic], fromBeginning } satisfies ConsumerSubscribeTopics);
  await consumer.run({
    autoCommit,
    eachMessage: async (payload) => {
      const { message, partition } = payload;
      received.push({ topic, partition, offset: Number(message.offset), value: String(message.value), message });
      await onRecord?.(payload);
    },
  });
  await joined;
  return { consumer, received, assigned: () => partitions };
}

export function valuesOf(members: readonly GroupMember[]): string[] {
  return members.flatMap(({ received }) => received.map(({ value }) => value)).sort();
}

// What the SDK promises on every platform, as scenarios that know no test runner: each uses the SDK as it is handed to it, and tells what
// it saw as plain data, which the runner compares with `expected`. Node, Bun, Deno and a page in Chromium (test/e2e) and workerd
// (test/workers) run the same ones, so nothing in these files may be of one platform.

import type { Codecs } from "../../../src/sdk/compression.ts";
import type { Client, ClientOptions, ConsumerRecord, Fetch, ProducerOptions } from "../../../src/sdk/index.ts";

/** `sluice/client`, and `sluice/share`. */
export type Sdk = typeof import("../../../src/sdk/index.ts");
export type Share = typeof import("../../../src/sdk/share/share-consumer.ts");

/** The SDK on a platform, and the way to a broker there. */
export interface Kit {
  readonly sdk: Sdk;
  readonly share: Share;
  /** The core's. */
  readonly codecs: Codecs;
  /** A client of the broker; options go before the platform's own. */
  connect(options?: ClientOptions): Client;
  /** The way itself, for a client whose network is to fail. */
  readonly fetch: Fetch;
}

export interface Scenario {
  /** The rule. */
  readonly name: string;
  /** Resolves to what was seen: JSON, so that it comes out of a page or another process as it is. */
  run(kit: Kit): Promise<unknown>;
  readonly expected: unknown;
}

/** A new topic. @returns its name */
export async function aTopic({ sdk, connect }: Kit, partitions = 1): Promise<string> {
  const name = `sdk-${crypto.randomUUID()}`;
  await new sdk.Admin(connect()).topics.create({ name, partitions });
  return name;
}

/** v0, v1 and so on. */
export function texts(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `v${from + i}`);
}

export interface ProduceOptions extends ProducerOptions {
  readonly partitions?: number;
  /** The number in the first value. */
  readonly from?: number;
}

/** Writes `texts`, the partitions taking turns, under seven keys. */
export async function produce({ sdk, connect }: Kit, topic: string, count: number, options: ProduceOptions = {}): Promise<void> {
  const { partitions = 1, from = 0, ...producerOptions } = options;
  const producer = new sdk.Producer(connect(), producerOptions);
  await producer.sendAll(texts(count, from).map((value, i) => ({ topic, partition: i % partitions, key: `k${i % 7}`, value })));
  await producer.close();
}

export async function take(count: number, records: AsyncIterable<ConsumerRecord>): Promise<ConsumerRecord[]> {
  const taken: ConsumerRecord[] = [];
  for await (const record of records) if (taken.push(record) === count) break;
  return taken;
}

export function valuesOf({ sdk }: Kit, records: readonly ConsumerRecord[]): (string | null)[] {
  return records.map(({ value }) => sdk.asText(value));
}

/** All that there is now, of all partitions, one after the other. */
export async function readAll(kit: Kit, topic: string): Promise<ConsumerRecord[]> {
  const { topics } = new kit.sdk.Admin(kit.connect());
  const { partitions } = await topics.describe(topic);
  const records: ConsumerRecord[] = [];
  for (const { partition } of partitions) {
    const { offset: end } = await topics.offset(topic, partition, "latest", "read_committed");
    if (end === 0) continue;
    const consumer = new kit.sdk.Consumer(kit.connect(), { codecs: kit.codecs });
    await consumer.assign([{ topic, partition, offset: "earliest" }]);
    for await (const page of consumer.batches()) {
      records.push(...page);
      if (page.at(-1)!.offset === end - 1) break;
    }
    await consumer.close();
  }
  return records;
}

/** What an error says to a program; null where there was none. */
export async function errorOf(work: Promise<unknown>): Promise<Record<string, unknown> | null> {
  try {
    await work;
    return null;
  } catch (error) {
    const { name, code, errorCode, retriable, status } = error as Record<string, unknown>;
    return { name, code, errorCode, retriable, status };
  }
}

/** Ascending, text by text. */
export function sorted<T extends string | null>(values: readonly T[]): T[] {
  return values.toSorted((left, right) => (String(left) < String(right) ? -1 : 1));
}

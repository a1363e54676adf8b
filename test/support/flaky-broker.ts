// The broker's produce side behind a `fetch` that fails as told, for tests of clients: real partition logs with their producer state, in
// memory, and a network between that loses requests, loses answers, and takes its time.

import { parseTopicConfigs, type TopicConfig } from "../../src/common/configs.ts";
import { type ErrorName, errorCode, errorHttpStatus, isFailure, isRetriable } from "../../src/common/errors.ts";
import { createRecordTools } from "../../src/log/core-record-tools.ts";
import { toLogConfig } from "../../src/log/log-config.ts";
import type { LogRead } from "../../src/log/log-reader.ts";
import { NOTHING_CLEANED } from "../../src/log/log-store.ts";
import { PartitionLog } from "../../src/log/partition-log.ts";
import { batchHeaders } from "../../src/record/record-batch.ts";
import { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import { recordsIn } from "./batches.ts";
import { loadCore } from "./core.ts";

/** What the network does to one request: before it arrives, or to its answer. An error name is what the broker answers instead. */
export type Fault = "request lost" | "answer lost" | "never answered" | ErrorName;

export interface ProduceCall {
  readonly topic: string;
  readonly partition: number;
  readonly batches: readonly { readonly baseSequence: number; readonly producerEpoch: number; readonly recordCount: number }[];
}

const STATE = { ...{ topicId: "t", leaderEpoch: -1, logStartOffset: 0 }, cleaner: NOTHING_CLEANED, topicVersion: 1, configs: {} };
const NO_LIMITS = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: Number.POSITIVE_INFINITY };

const core = loadCore();
const tools = createRecordTools(core);

export class FlakyBroker {
  /** Of produce requests, in the order of their arrival; those that were lost on the way are among them. */
  readonly produced: ProduceCall[] = [];
  /** Produce requests that are being served now, and the most there ever were. */
  inFlight = 0;
  mostInFlight = 0;
  producerIds = 0;
  /** Asked for each produce request; undefined lets it pass. */
  fault: (call: ProduceCall) => Fault | undefined = () => undefined;
  /** Awaited before each answer to a produce request. */
  delay: () => Promise<void> = async () => {};
  readonly #topics = new Map<string, PartitionLog[]>();
  readonly #rules;

  constructor(topics: Readonly<Record<string, number>> = { t: 1 }, configs: Readonly<Record<string, string>> = {}) {
    this.#rules = toLogConfig(parseTopicConfigs(configs) as TopicConfig);
    for (const [topic, partitions] of Object.entries(topics)) this.createTopic(topic, partitions);
  }

  createTopic(topic: string, partitions: number): void {
    const open = (partition: number) => new PartitionLog(new MemoryLogStore(), { ...STATE, partition }, tools, Date.now);
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, (_, partition) => open(partition)),
    );
  }

  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
  }

  /** The partition loses its records and what it knows of producers. */
  forget(topic: string, partition: number): void {
    this.#topics.get(topic)![partition] = new PartitionLog(new MemoryLogStore(), { ...STATE, partition }, tools, Date.now);
  }

  values(topic = "t", partition = 0): (string | null)[] {
    const log = this.#topics.get(topic)![partition]!;
    return recordsIn(core, (log.read(log.logStartOffset, NO_LIMITS) as LogRead).batches).map(({ value }) => value);
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    if (pathname === "/v1/topics") return Response.json({ topics: this.#listed(searchParams.get("prefix") ?? ""), nextCursor: null });
    if (pathname === "/v1/producers") return Response.json({ producerId: this.producerIds++, producerEpoch: 0 });
    const [, topic = "", partition = ""] = /^\/v1\/topics\/([^/]+)\/partitions\/(\d+)\/batches$/.exec(pathname) ?? [];
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    try {
      return await this.#produce(topic, Number(partition), (init.body as Uint8Array).slice(), init.signal!);
    } finally {
      this.inFlight--;
    }
  };

  #listed(prefix: string) {
    const names = [...this.#topics.keys()].filter((name) => name.startsWith(prefix)).sort();
    return names.slice(0, 1).map((name) => ({ name, topicId: "t", partitions: this.#topics.get(name)!.length }));
  }

  async #produce(topic: string, partition: number, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Response> {
    const call = { topic, partition, batches: [...batchHeaders(bytes)] };
    this.produced.push(call);
    const fault = this.fault(call);
    await this.delay();
    if (fault === "request lost") throw new TypeError("the connection was refused");
    if (fault === "never answered") return never(signal);
    if (fault !== undefined && fault !== "answer lost") return problem(fault, "as the test has it");
    const log = this.#topics.get(topic)?.[partition];
    if (log === undefined) return problem("UNKNOWN_TOPIC_OR_PARTITION", `there is no partition ${partition} of ${topic}`);
    const appended = log.append([bytes.buffer], this.#rules)[0]!;
    if (fault === "answer lost") throw new TypeError("the connection broke");
    if (isFailure(appended)) return problem(appended.error, appended.detail);
    const count = call.batches.reduce((sum, { recordCount }) => sum + recordCount, 0);
    return Response.json({ baseOffset: appended.baseOffset, count, logStartOffset: log.logStartOffset });
  }
}

function problem(code: ErrorName, detail: string): Response {
  const status = errorHttpStatus(code);
  const retriable = isRetriable(code) || status === 503;
  return Response.json({ title: code, status, detail, code, errorCode: errorCode(code), retriable }, { status });
}

/** Until the client gives up. */
function never(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

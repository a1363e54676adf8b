// Idempotent producers at three doors: JSON, stored batches over HTTP, and Kafka's Produce. Each repeats a request with the same sequence until
// it is acknowledged. In the end each record is there once, in order, at the offset that its acknowledgement named.

import { API } from "../../../src/protocol/api-keys.ts";
import { encodeBatch } from "../../../src/wasm/record-batches.ts";
import { loadCore } from "../../support/core.ts";
import { openResponse, produceFrame } from "../../support/kafka-frames.ts";
import { connectKafka, type KafkaSocket } from "../../support/kafka-socket.ts";
import { BATCHES_TYPE } from "../../support/raw-batches.ts";
import { type Part, readPartition, type World } from "./world.ts";

export const LOG_TOPIC = "mixed-log";
export const LOG_PARTITIONS = 2;

const MAX_RECORDS = 20;
const PRODUCE_VERSION = 9;
const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

type Door = "json" | "raw" | "kafka";

interface Run {
  readonly partition: number;
  readonly values: readonly string[];
  readonly baseSequence: number;
}

interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

class Writer {
  readonly name: string;
  readonly partition: number;
  /** Offset of each record that is acknowledged, by its sequence. */
  readonly acknowledged: number[] = [];
  readonly #world: World;
  readonly #door: Door;
  readonly #random: () => number;
  readonly #core = loadCore();
  #identity: Identity = { producerId: -1, producerEpoch: -1 };
  #socket: KafkaSocket | null = null;

  constructor(world: World, door: Door, index: number, random: () => number) {
    this.#world = world;
    this.#door = door;
    this.#random = random;
    this.partition = index % LOG_PARTITIONS;
    this.name = `${door}-${index}`;
  }

  async run(): Promise<void> {
    const world = this.#world;
    const identity = await world.ask<Identity>("POST", "/v1/producers", {});
    if (identity === null) return;
    this.#identity = identity;
    while (!world.isStopping) {
      const baseSequence = this.acknowledged.length;
      const count = 1 + Math.floor(this.#random() * MAX_RECORDS);
      const values = Array.from({ length: count }, (_, index) => `${this.name}:${baseSequence + index}`);
      const baseOffset = await this.#send({ partition: this.partition, values, baseSequence });
      if (baseOffset === null) break;
      for (let index = 0; index < count; index++) this.acknowledged.push(baseOffset + index);
    }
    this.#socket?.socket.destroy();
  }

  #send(run: Run): Promise<number | null> {
    if (this.#door === "json") return this.#sendJson(run);
    const batch = this.#encode(run);
    return this.#door === "raw" ? this.#sendRaw(run, batch) : this.#world.repeat(() => this.#sendKafka(run, batch));
  }

  async #sendJson({ partition, values, baseSequence }: Run): Promise<number | null> {
    const body = { records: values.map((value) => ({ value, partition })), ...this.#identity, baseSequence };
    const answer = await this.#world.ask<{ results: { baseOffset: number; code?: string }[] }>(
      ...(["POST", `/v1/topics/${LOG_TOPIC}/records?offsets=false`, body] as const),
    );
    const result = answer?.results[0];
    if (result?.code !== undefined) throw new Error(`${this.name} was refused: ${JSON.stringify(result)}`);
    return result?.baseOffset ?? null;
  }

  async #sendRaw({ partition }: Run, batch: Uint8Array): Promise<number | null> {
    const path = `/v1/topics/${LOG_TOPIC}/partitions/${partition}/batches`;
    return (await this.#world.ask<{ baseOffset: number }>("POST", path, batch, { "content-type": BATCHES_TYPE }))?.baseOffset ?? null;
  }

  /** null: not acknowledged, so to be sent again. */
  async #sendKafka({ partition }: Run, batch: Uint8Array): Promise<number | null> {
    try {
      this.#socket ??= await connectKafka(this.#world.broker.kafkaAddress);
      this.#socket.send(produceFrame(LOG_TOPIC, batch, { partition }));
      const { response } = openResponse(API.produce, PRODUCE_VERSION, await this.#socket.next());
      const { errorCode, baseOffset } = response.responses[0]!.partitionResponses[0]!;
      if (errorCode === 0) return Number(baseOffset);
      if (RETRIABLE.includes(errorCode)) return null;
      throw new RefusedError(`${this.name} was refused: ${errorCode}`);
    } catch (error) {
      this.#socket?.socket.destroy();
      this.#socket = null;
      if (error instanceof RefusedError) throw error;
      this.#world.lostAnswers++;
      return null; // cut off, or nobody listens
    }
  }

  #encode({ values, baseSequence }: Run): Uint8Array<ArrayBuffer> {
    const records = values.map((value) => ({ key: null, value, timestamp: Date.now() }));
    const compression = CODECS[baseSequence % CODECS.length]!;
    return encodeBatch(this.#core, records, { compression, baseSequence, ...this.#identity });
  }
}

class RefusedError extends Error {}

/** LEADER_NOT_AVAILABLE, REQUEST_TIMED_OUT, NETWORK_EXCEPTION, KAFKA_STORAGE_ERROR, THROTTLING_QUOTA_EXCEEDED */
const RETRIABLE: readonly number[] = [5, 7, 13, 56, 89];

export class Writers implements Part {
  readonly name = "idempotent writers by JSON, raw batches and Kafka";
  readonly #world: World;
  readonly #writers: readonly Writer[];

  constructor(world: World, random: () => number) {
    this.#world = world;
    const doors: readonly Door[] = ["json", "raw", "kafka"];
    this.#writers = doors.flatMap((door) => Array.from({ length: LOG_PARTITIONS }, (_, index) => new Writer(world, door, index, random)));
  }

  async run(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.run()));
  }

  async check(): Promise<string> {
    let count = 0;
    for (let partition = 0; partition < LOG_PARTITIONS; partition++) {
      const records = await readPartition(this.#world, LOG_TOPIC, partition);
      const writers = this.#writers.filter((writer) => writer.partition === partition);
      for (const writer of writers) {
        const found = records.filter(({ value }) => value.startsWith(`${writer.name}:`));
        const wrong = writer.acknowledged.findIndex(
          (offset, sequence) => found[sequence]?.offset !== offset || found[sequence]?.value !== `${writer.name}:${sequence}`,
        );
        if (wrong >= 0) {
          const [expected, actual] = [writer.acknowledged[wrong], JSON.stringify(found[wrong])];
          throw new Error(`${writer.name}, record ${wrong}: acknowledged at offset ${expected}, found ${actual}`);
        }
        if (found.length !== writer.acknowledged.length) {
          throw new Error(`${writer.name}: ${found.length} records stored, ${writer.acknowledged.length} acknowledged`);
        }
        count += found.length;
      }
      const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged.length, 0);
      if (records.length !== acknowledged)
        throw new Error(`partition ${partition}: ${records.length} records, ${acknowledged} acknowledged`);
    }
    return `${count} records`;
  }
}

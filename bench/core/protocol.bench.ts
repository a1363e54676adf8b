// Kafka's wire format: our tables against kafkajs, which writes each message out by hand, in the same run.
//
//   node bench/core/protocol.bench.ts [--smoke]
//
// kafkajs has no decoder for requests and no flexible version: where its own code does not serve, its Decoder and Encoder are used as it
// uses them, on the newest version that is not flexible and has the same fields. Ours pays for the tagged fields. Before anything is
// measured, every message is read and written in every version, as in a broker that has run for a while: a process that has only ever
// seen one message is faster, and misleading. `ratio` is our speed over kafkajs's.

import { createRequire } from "node:module";
import { API, APIS } from "../../src/protocol/api-keys.ts";
import type { FieldSpec, Fields } from "../../src/protocol/fields.ts";
import { type EncodableOf, message } from "../../src/protocol/message.ts";
import { Writer } from "../../src/protocol/writer.ts";
import { generateMessage } from "../../test/support/generated-messages.ts";
import { seededRandom } from "../../test/support/random.ts";
import { measure } from "../support/measure.ts";

const kafkajs = (path: string) => createRequire(import.meta.url)(`kafkajs/src/protocol/${path}`);
const Decoder = kafkajs("decoder.js");
const Encoder = kafkajs("encoder.js");

/** `measure` counts 10^6 units a second: calls of 1000 are thousands a second. */
const THOUSANDS = 1000;
const WARM_UP_VALUES = 30;

/** Partitions, bytes of records in each. */
const FETCHES = [
  [1, 200],
  [1, 1_000_000],
  [100, 200],
  [100, 10_000],
] as const;

const batch = Buffer.alloc(200, 7);

function produce(partitions: number): EncodableOf<typeof API.produce.request> {
  const partitionData = Array.from({ length: partitions }, (_, index) => ({ index, records: batch }));
  return { acks: -1, timeoutMs: 30_000, topicData: [{ name: "orders", partitionData }] };
}

/** As kafkajs's decoders are written. */
function decodeProduceWithKafkajs(bytes: Buffer): object {
  const decoder = new Decoder(bytes);
  return {
    transactionalId: decoder.readString(),
    acks: decoder.readInt16(),
    timeout: decoder.readInt32(),
    topicData: decoder.readArray((topics: typeof decoder) => ({
      topic: topics.readString(),
      partitions: topics.readArray((partitions: typeof decoder) => ({
        partition: partitions.readInt32(),
        records: partitions.readBytes(),
      })),
    })),
  };
}

type FetchResponse = EncodableOf<typeof API.fetch.response>;

function fetched(partitions: number, records: Buffer): FetchResponse {
  const entries = Array.from({ length: partitions }, (_, partitionIndex) => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 5000,
    lastStableOffset: 5000,
    logStartOffset: 0,
    abortedTransactions: null,
    records,
  }));
  return { throttleTimeMs: 0, responses: [{ topic: "orders", partitions: entries }] };
}

/** As kafkajs's encoders are written, and as its decoder of Fetch 11 reads. */
function encodeFetchWithKafkajs({ responses }: FetchResponse): Buffer {
  const encodePartition = (partition: FetchResponse["responses"][number]["partitions"][number]) =>
    new Encoder()
      .writeInt32(partition.partitionIndex)
      .writeInt16(partition.errorCode)
      .writeInt64(partition.highWatermark)
      .writeInt64(partition.lastStableOffset)
      .writeInt64(partition.logStartOffset)
      .writeInt32(-1)
      .writeInt32(-1)
      .writeBytes(partition.records);
  const encodeTopic = ({ topic, partitions }: FetchResponse["responses"][number]) =>
    new Encoder().writeString(topic).writeArray(partitions.map(encodePartition));
  return new Encoder().writeInt32(0).writeInt16(0).writeInt32(0).writeArray(responses.map(encodeTopic)).buffer;
}

function metadata(partitions: number): Uint8Array {
  const nodes = [1];
  const entries = Array.from({ length: partitions }, (_, partitionIndex) => ({
    errorCode: 0,
    partitionIndex,
    leaderId: 1,
    leaderEpoch: 1,
    replicaNodes: nodes,
    isrNodes: nodes,
    offlineReplicas: [],
  }));
  const topics = [{ errorCode: 0, name: "orders", isInternal: false, partitions: entries }];
  const brokers = [{ nodeId: 1, host: "localhost", port: 9092 }];
  return API.metadata.response.encode(6, { brokers, controllerId: 1, topics });
}

function warmUp(): void {
  const random = seededRandom(1);
  for (const message of APIS.flatMap(({ request, response }) => [request, response])) {
    for (let version = message.versions.first; version <= message.versions.last; version++) {
      for (let i = 0; i < WARM_UP_VALUES; i++) message.decode(message.encode(version, generateMessage(message, version, random)), version);
    }
  }
}

/** `others`: what ours is compared with, by name. */
function report(what: string, ours: () => unknown, others: Record<string, () => unknown>): void {
  const calls = Object.entries({ ours, ...others }).map(([name, call]): [string, () => void] => [name, () => void call()]);
  const speeds = measure(THOUSANDS, Object.fromEntries(calls));
  console.log(`${what}: ${speeds.ours!.toFixed(1)} k/s`);
  for (const name of Object.keys(others)) {
    console.log(`  ${name.padEnd(26)} ${speeds[name]!.toFixed(1).padStart(8)} k/s   ratio ${(speeds.ours! / speeds[name]!).toFixed(2)}`);
  }
}

/** The table without its hot structs' literals, for what they are worth. */
function withoutLiterals(fields: Fields): Fields {
  const strip = ({ literal: _, ...field }: FieldSpec): FieldSpec => ({
    ...field,
    fields: field.fields === null ? null : withoutLiterals(field.fields),
    element: field.element === null ? null : strip(field.element),
  });
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, strip(field)]));
}

const plainProduce = message("ProduceRequest", "0-12", "9+", withoutLiterals(API.produce.request.fields));

warmUp();

for (const partitions of [1, 100]) {
  const flexible = API.produce.request.encode(9, produce(partitions));
  const plain = Buffer.from(API.produce.request.encode(7, produce(partitions)));
  report(`decode Produce 9, ${partitions} partitions`, () => API.produce.request.decode(flexible, 9), {
    "kafkajs, Produce 7": () => decodeProduceWithKafkajs(plain),
    "ours, without literals": () => plainProduce.decode(flexible, 9),
  });
}

const writer = new Writer();
for (const [partitions, bytes] of FETCHES) {
  const response = fetched(partitions, Buffer.alloc(bytes, 7));
  const ours = () => {
    API.fetch.response.write(writer, 12, response);
    return writer.finish();
  };
  report(`encode Fetch 12, ${partitions} partitions of ${bytes} B`, ours, { "kafkajs, Fetch 11": () => encodeFetchWithKafkajs(response) });
}

const encodedTopics = Buffer.from(metadata(100));
const { decode: decodeMetadata } = kafkajs("requests/metadata/v6/response.js");
report("decode Metadata 6, 100 partitions", () => API.metadata.response.decode(encodedTopics, 6), {
  "kafkajs, its own decoder": () => decodeMetadata(encodedTopics),
});

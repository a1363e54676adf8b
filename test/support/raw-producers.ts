// The producers whose batches must travel through the broker unchanged: kcat (librdkafka) and kafkajs, each with records of its own that
// show everything its interface can send.

import { COMPRESSIONS, type Compression } from "../../src/wasm/record-batches.ts";
import { kafkajs as library } from "./kafkajs.ts";
import { runKcat } from "./kcat.ts";
import type { PlainRecord } from "./raw-batches.ts";

export interface ProducerSettings {
  /** HOST:PORT */
  readonly address: string;
  readonly compression: Compression;
  readonly isIdempotent: boolean;
}

/** A record as its producer was told to send it. Without a time of its own, it got the time of sending. */
export type SentRecord = Omit<PlainRecord, "offset" | "timestamp"> & { readonly timestamp?: number };

export interface RawProducer {
  readonly name: string;
  /** Produces at least 300 records in several batches; resolves to them once all are acknowledged. */
  produce(settings: ProducerSettings): Promise<SentRecord[]>;
}

const RECORD_COUNT = 300;
const BATCH_RECORDS = 60;

/** One record in each batch is longer than a block of any codec (snappy and lz4 64 KiB, zstd 128 KiB). */
const LONG_VALUE_BYTES = 150_000;

function isLong(i: number): boolean {
  return i % BATCH_RECORDS === 9;
}

/** Keys, no keys, tombstones, Unicode; kcat puts the same headers on every record. */
export const kcat: RawProducer = {
  name: "kcat",
  async produce({ address, compression, isIdempotent }) {
    const lines = Array.from({ length: RECORD_COUNT }, (_, i) => {
      if (i % 10 === 3) return { key: null, value: `without a key ${i} ${"žluťoučký kůň ".repeat(i % 7)}` };
      if (i % 10 === 7) return { key: `tombstone-${i}`, value: null };
      return {
        key: `key-${i % 17}`,
        value: JSON.stringify({ i, text: "all work and no play ".repeat(isLong(i) ? LONG_VALUE_BYTES / 21 : i % 23) }),
      };
    });
    const settings = [
      `compression.codec=${compression}`,
      `enable.idempotence=${isIdempotent}`,
      `batch.num.messages=${BATCH_RECORDS}`,
      "linger.ms=50",
    ];
    const headers = ["trace=0123456789abcdef", "name=kůň", "empty=", "trace=again"];
    const args = ["-P", "-b", address, "-t", "raw", "-p", "0", "-K", "\t", "-Z"];
    await runKcat(
      [...args, ...settings.flatMap((setting) => ["-X", setting]), ...headers.flatMap((header) => ["-H", header])],
      lines.map(({ key, value }) => (key === null ? `${value}\n` : `${key}\t${value ?? ""}\n`)).join(""),
    );
    const sentHeaders = headers.map((header) => {
      const [key, value] = header.split("=") as [string, string];
      return { key, value: latin1(value) };
    });
    return lines.map(({ key, value }) => ({ key: latin1(key), value: latin1(value), headers: sentHeaders }));
  },
};

const { Kafka, logLevel, Partitioners } = library;

/** Binary keys and values, empty and null ones, headers that repeat, times of their own that go back and forth. */
export const kafkajs: RawProducer = {
  name: "kafkajs",
  async produce({ address, compression, isIdempotent }) {
    const client = new Kafka({ clientId: "test", brokers: [address], logLevel: logLevel.NOTHING });
    const producer = client.producer({ idempotent: isIdempotent, createPartitioner: Partitioners.DefaultPartitioner });
    const records = Array.from({ length: RECORD_COUNT }, (_, i) => binaryRecord(i));
    await producer.connect();
    try {
      for (let first = 0; first < records.length; first += BATCH_RECORDS) {
        const messages = records.slice(first, first + BATCH_RECORDS).map(({ key, value, timestamp, header }) => ({
          key,
          value,
          timestamp: String(timestamp),
          partition: 0,
          headers: { plain: "text", repeated: [header, Buffer.alloc(0)] },
        }));
        await producer.send({ topic: "raw", acks: -1, compression: COMPRESSIONS.indexOf(compression), messages });
      }
    } finally {
      await producer.disconnect();
    }
    return records.map(({ key, value, timestamp, header }) => ({
      timestamp,
      key: latin1(key),
      value: latin1(value),
      headers: [
        { key: "plain", value: "text" },
        { key: "repeated", value: latin1(header) },
        { key: "repeated", value: "" },
      ],
    }));
  },
};

function binaryRecord(i: number) {
  const bytes = Buffer.from(
    Array.from({ length: isLong(i) ? LONG_VALUE_BYTES : 40 * (i % 9) }, (_, at) => (i + (at >> 4) * (at % 3)) & 0xff),
  );
  return {
    key: i % 5 === 0 ? null : Buffer.from([0xff, 0xfe, i & 0xff]),
    value: i % 11 === 0 ? null : bytes,
    header: Buffer.from([0x80, i & 0xff]),
    timestamp: 1_760_000_000_000 + ((i * 7919) % 1000),
  };
}

function latin1(value: string | Buffer | null): string | null {
  return value === null ? null : Buffer.from(value as string).toString("latin1");
}

// A producer's options, with Kafka's names and defaults where Kafka has them.

import { MAX_BATCH_BYTES } from "../../common/limits/records.ts";
import type { Compression } from "../../record/compression-type.ts";
import { type Codecs, PLATFORM_CODECS } from "../compression.ts";
import { MAX_TIMER_MS, requireInteger, withDefaults } from "../option-checks.ts";
import { murmur2Partitioner, type Partitioner } from "./partitioners.ts";
import type { ProducerRecord, RecordMetadata } from "./records.ts";

export interface ProducerInterceptor {
  /** Sees each record before it is sent, and may give another instead. */
  onSend?(record: ProducerRecord): ProducerRecord;
  /** Sees what became of each: its place, or why it was not written. */
  onAcknowledgement?(metadata: RecordMetadata | null, error: unknown): void;
}

export interface ProducerOptions {
  /** How long records wait for others to share a batch (ms, linger.ms). 0: those sent in one go share it. */
  readonly lingerMs?: number;
  /** Bytes of a batch (batch.size). A larger record gets one of its own. */
  readonly batchSize?: number;
  /** Bytes of all records that are not answered yet (buffer.memory). */
  readonly bufferMemory?: number;
  /** How long `send` waits for memory or for the topic (ms, max.block.ms). */
  readonly maxBlockMs?: number;
  /** Most bytes of a record, and of a request of several batches (max.request.size). */
  readonly maxRequestSize?: number;
  /** Requests under way at a time. A partition has one: that keeps its order. */
  readonly maxInFlight?: number;
  /** From `send` to the answer at most, repetitions included (ms, delivery.timeout.ms). */
  readonly deliveryTimeoutMs?: number;
  /** Records are written once, however often a request is made again. */
  readonly idempotence?: boolean;
  readonly compression?: Compression;
  /** For what the platform cannot do: `sluice/codecs`. */
  readonly codecs?: Codecs;
  readonly partitioner?: Partitioner;
  /** Makes transactions possible, and earlier producers of the same id impossible. */
  readonly transactionalId?: string;
  /** ms; the broker's default where absent. */
  readonly transactionTimeoutMs?: number;
  readonly interceptors?: readonly ProducerInterceptor[];
}

export type ResolvedOptions = Required<Omit<ProducerOptions, "transactionalId" | "transactionTimeoutMs">> &
  Pick<ProducerOptions, "transactionalId" | "transactionTimeoutMs">;

const DEFAULTS = {
  lingerMs: 5,
  batchSize: 128 * 1024, // Kafka's 16 KiB are for TCP: an HTTP request costs more, and a partition has one at a time
  bufferMemory: 32 * 1024 * 1024,
  maxBlockMs: 60_000,
  maxRequestSize: 1024 * 1024,
  maxInFlight: 5, // browsers and Workers have six connections to a host
  deliveryTimeoutMs: 120_000,
};

/** @throws TypeError or RangeError that names the option */
export function resolveOptions(options: ProducerOptions): ResolvedOptions {
  const compression = options.compression ?? "none";
  const codecs = options.codecs ?? PLATFORM_CODECS;
  const numbers = withDefaults(DEFAULTS, options);
  for (const name of ["batchSize", "bufferMemory", "maxRequestSize", "maxInFlight"] as const) requireInteger(name, numbers[name], 1);
  for (const name of ["lingerMs", "maxBlockMs"] as const) requireInteger(name, numbers[name], 0, MAX_TIMER_MS);
  requireInteger("deliveryTimeoutMs", numbers.deliveryTimeoutMs, 1, MAX_TIMER_MS);
  if (numbers.batchSize > numbers.bufferMemory) throw new RangeError("batchSize must not be more than bufferMemory");
  if (numbers.batchSize > MAX_BATCH_BYTES) throw new RangeError(`batchSize must not be more than ${MAX_BATCH_BYTES}`);
  if (compression !== "none" && !codecs.supports(compression)) {
    throw new TypeError(`compression ${compression} needs codecs: see sluice/codecs`);
  }
  if (options.transactionalId !== undefined && options.idempotence === false) {
    throw new TypeError("transactions need idempotence");
  }
  return {
    idempotence: true,
    partitioner: murmur2Partitioner,
    interceptors: [],
    ...numbers,
    compression,
    codecs,
  };
}

// The SDK's producer, as the commands use it.

import { MAX_BATCH_BYTES } from "../../common/limits/records.ts";
import { Producer } from "../../sdk/producer/producer.ts";
import type { CompressionName } from "../compression.ts";
import type { Session } from "../session.ts";

export interface OpenProducerOptions {
  readonly compression: CompressionName;
  readonly lingerMs: number;
  /** Bytes of a batch; the SDK's default where absent. */
  readonly batchSize?: number;
}

/** A large buffer, because a file comes as fast as the disk; and records as large as a topic can take. */
const BUFFER_BYTES = 64 * 1024 * 1024;

export function openProducer({ client, codecs }: Pick<Session, "client" | "codecs">, options: OpenProducerOptions): Producer {
  return new Producer(client, { ...options, bufferMemory: BUFFER_BYTES, maxRequestSize: MAX_BATCH_BYTES, codecs });
}

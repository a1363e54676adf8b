// compression.type: how a topic's batches are stored. `producer` keeps what the producer chose; any other value is the codec of every
// batch. As Kafka's UnifiedLog, a batch is held to max.message.bytes as it came and once more as it is stored.

import { concatBytes } from "../common/bytes.ts";
import type { TopicConfig } from "../common/configs.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_RPC_BYTES } from "../common/limits/platform.ts";
import { MAX_BATCH_BYTES } from "../common/limits/records.ts";
import type { Core } from "../wasm/core.ts";
import { compressionOf, recompressBatch } from "../wasm/recompress-batch.ts";
import type { BatchInfo, Compression } from "../wasm/record-batches.ts";
import { CoreError } from "../wasm/status.ts";

/** The codec to store batches in that the producer compressed with `chosen`. */
export function storedCompression({ compressionType }: TopicConfig, chosen: Compression): Compression {
  if (compressionType === "producer") return chosen;
  return compressionType === "uncompressed" ? "none" : compressionType;
}

/**
 * A validated run in the codec of its topic; the run itself where every batch has it already.
 * @returns MESSAGE_TOO_LARGE where a batch is larger than max.message.bytes, before or after
 */
export function recompressRun(core: Core, run: Uint8Array, batches: readonly BatchInfo[], config: TopicConfig): Uint8Array | Failure {
  const { maxMessageBytes } = config;
  const stored: Uint8Array[] = [];
  let hasChanged = false;
  for (const [index, batch] of batches.entries()) {
    if (batch.sizeBytes > maxMessageBytes) return tooLarge(index, batch.sizeBytes, "as it came", maxMessageBytes);
    const bytes = run.subarray(batch.position, batch.position + batch.sizeBytes);
    const from = compressionOf(batch.attributes);
    const to = storedCompression(config, from);
    const made = to === from ? bytes : recompressed(core, index, bytes, to, batch.recordsBytes);
    if (isFailure(made)) return made;
    if (made.length > maxMessageBytes) return tooLarge(index, made.length, `as ${config.compressionType}`, maxMessageBytes);
    hasChanged ||= made !== bytes;
    stored.push(made);
  }
  return hasChanged ? joined(stored) : run;
}

function recompressed(core: Core, index: number, batch: Uint8Array, to: Compression, recordsBytes: number): Uint8Array | Failure {
  const detail = `batch ${index} of the body has ${recordsBytes} bytes of records, more than the ${MAX_BATCH_BYTES} that can be stored in another codec (compression.type)`;
  if (recordsBytes > MAX_BATCH_BYTES) return failure("MESSAGE_TOO_LARGE", detail);
  try {
    return recompressBatch(core, batch, to, recordsBytes);
  } catch (error) {
    if (error instanceof CoreError) return failure("MESSAGE_TOO_LARGE", `${detail}: ${error.message}`);
    throw error;
  }
}

function joined(batches: readonly Uint8Array[]): Uint8Array | Failure {
  const sizeBytes = batches.reduce((sum, batch) => sum + batch.length, 0);
  if (sizeBytes > MAX_RPC_BYTES) {
    return failure(
      "RECORD_LIST_TOO_LARGE",
      `the batches take ${sizeBytes} bytes in the topic's codec (compression.type), ${MAX_RPC_BYTES} are the most in one request`,
    );
  }
  return concatBytes(batches);
}

function tooLarge(index: number, sizeBytes: number, how: string, maxMessageBytes: number): Failure {
  return failure(
    "MESSAGE_TOO_LARGE",
    `batch ${index} of the body has ${sizeBytes} bytes ${how}, the topic's max.message.bytes is ${maxMessageBytes}`,
  );
}

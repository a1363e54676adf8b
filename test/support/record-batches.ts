// What the tests of record batches share: seeded records of many shapes, changes to a batch with its CRC made right again, and kafkajs's
// own encoder and decoder, which are not part of its published API.

import { createRequire } from "node:module";
import { plainCrc32c } from "../../src/record/crc32c.ts";
import { POSITION, viewOf } from "../../src/record/record-batch.ts";
import { COMPRESSIONS, decompress } from "../../src/wasm/compression.ts";
import type { Core } from "../../src/wasm/core.ts";
import type { RecordInput } from "../../src/wasm/record-list.ts";
import { BAD_COMPRESSION, CHECKSUM_MISMATCH, CORRUPT } from "../../src/wasm/status.ts";
import type { ValidateTwinOptions } from "../../src/wasm/twins/validate.ts";
import { seededIntegers } from "./random.ts";

export const LIMITS = { maxRecords: 100_000, maxDecompressedBytes: 8 << 20 };

/** Integers from 0 on, below what each call says. */
export function seededNumbers(seed: number): (below: number) => number {
  const next = seededIntegers(seed);
  return (below) => next() % below;
}

/** Records with null, empty, short and long keys and values, Unicode strings, headers, and timestamps that go back and forth. */
export function someRecords(count: number, seed: number): RecordInput[] {
  const next = seededNumbers(seed);
  const bytes = (length: number) => Uint8Array.from({ length }, () => next(256));
  const lengths = [0, 1, 10, 63, 64, 100, 300, 9000];
  const content = (): RecordInput["value"] => {
    const length = lengths[next(next(20) === 0 ? 8 : 6)]!;
    return [null, bytes(length), "x".repeat(length), "žluťoučký 🐎 ".repeat(length >> 4)][next(4)]!;
  };
  return Array.from({ length: count }, () => ({
    key: content(),
    value: content(),
    headers: Array.from({ length: next(4) === 0 ? next(4) : 0 }, (_, index) => ({ key: `header-${index}`, value: content() })),
    timestamp: 1_700_000_000_000 + next(100_000) - (next(10) === 0 ? 50_000 : 0),
  }));
}

export function utf8(input: RecordInput["value"]): Uint8Array | null {
  return typeof input === "string" ? new TextEncoder().encode(input) : input;
}

/** A copy of `batch` as `change` leaves it, with the CRC that goes with that. */
export function withChange(batch: Uint8Array, change: (view: DataView, bytes: Uint8Array) => void): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(batch);
  const view = viewOf(changed);
  change(view, changed);
  view.setUint32(POSITION.crc, plainCrc32c(changed.subarray(POSITION.attributes)));
  return changed;
}

/** Options of the validating twin that go with LIMITS. It decompresses by the core: the codecs have tests of their own. */
export function twinOptions(core: Core, isFromClient = true): ValidateTwinOptions {
  return {
    isFromClient,
    maxRecords: LIMITS.maxRecords,
    decompress: (codec, records) => {
      const output = decompress(core, COMPRESSIONS[codec]!, records, LIMITS.maxDecompressedBytes);
      return output === CORRUPT || output === CHECKSUM_MISMATCH ? BAD_COMPRESSION : output;
    },
  };
}

export interface KafkaJsRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer>;
}

const require = createRequire(import.meta.url);
const kafkaJs = {
  Record: require("kafkajs/src/protocol/recordBatch/record/v0"),
  RecordBatch: require("kafkajs/src/protocol/recordBatch/v0").RecordBatch,
  decode: require("kafkajs/src/protocol/recordBatch/v0/decoder"),
  Decoder: require("kafkajs/src/protocol/decoder"),
};

/** Encodes one batch with kafkajs. The options are its own; `records` are those of its record encoder. */
export async function encodeWithKafkaJs(records: object[], options: object): Promise<Uint8Array<ArrayBuffer>> {
  const batch = await kafkaJs.RecordBatch({ ...options, records: records.map((record) => kafkaJs.Record(record)) });
  return new Uint8Array(batch.buffer);
}

/** Decodes one batch with kafkajs. */
export async function decodeWithKafkaJs(batch: Uint8Array): Promise<{ records: KafkaJsRecord[]; [field: string]: unknown }> {
  return kafkaJs.decode(new kafkaJs.Decoder(Buffer.from(batch)));
}

// Batches exchanged with kafkajs's own encoder and decoder, both directions.

import { createRequire } from "node:module";
import { compressSync, uncompressSync } from "snappy";
import { expect, test } from "vitest";
import { createRecordTools } from "../../../src/log/core-record-tools.ts";
import { decodeBatches, encodeBatch, validateBatches } from "../../../src/wasm/record-batches.ts";
import { loadCore } from "../../support/core.ts";
import { decodeWithKafkaJs, encodeWithKafkaJs, LIMITS, someRecords, utf8 } from "../../support/record-batches.ts";

const { CompressionCodecs, CompressionTypes } = createRequire(import.meta.url)("kafkajs");
// kafkajs brings no snappy of its own: a raw block is what its clients that add one write.
CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) => compressSync(buffer),
  decompress: async (buffer: Buffer) => uncompressSync(buffer, { asBuffer: true }),
});

const core = loadCore();

const kafkaJsRecords = [
  { key: Buffer.from("key"), value: Buffer.from("value"), headers: {} },
  { key: null, value: Buffer.from("no key"), headers: { one: Buffer.from("1") } },
  { key: Buffer.from("gone"), value: null, headers: {} },
  {
    key: Buffer.alloc(0),
    value: Buffer.alloc(5000, 7),
    headers: { a: Buffer.from("žluťoučký"), b: Buffer.alloc(0), c: Buffer.alloc(200) },
  },
].map((record, offsetDelta) => ({ ...record, offsetDelta, timestampDelta: [0, 1, 1_000_000, -5][offsetDelta]! }));

const firstTimestamp = 1_700_000_000_000;
const asOurs = kafkaJsRecords.map(({ key, value, headers, offsetDelta, timestampDelta }) => ({
  offset: 7 + offsetDelta,
  timestamp: firstTimestamp + timestampDelta,
  key: key && new Uint8Array(key),
  value: value && new Uint8Array(value),
  headers: Object.entries(headers).map(([name, header]) => ({ key: name, value: new Uint8Array(header as Buffer) })),
}));

const variants = [
  { compression: 0, transactional: false },
  { compression: 1, transactional: false },
  { compression: 2, transactional: false },
  { compression: 0, transactional: true, producerId: 4_000_000_000, producerEpoch: 3, firstSequence: 17 },
  { compression: 1, transactional: true, producerId: 1, producerEpoch: 0, firstSequence: 0 },
];

test.each(variants)("validates and decodes what kafkajs encodes: %o", async (variant) => {
  const batch = await encodeWithKafkaJs(kafkaJsRecords, {
    ...variant,
    firstOffset: 7,
    firstTimestamp,
    maxTimestamp: firstTimestamp + 1_000_000,
    lastOffsetDelta: kafkaJsRecords.length - 1,
  });
  expect(validateBatches(core, batch, LIMITS)).toMatchObject({
    ok: true,
    batches: [
      {
        baseOffset: 7,
        recordCount: 4,
        nullKeyCount: 1,
        attributes: variant.compression | (variant.transactional ? 16 : 0),
        producerId: variant.producerId ?? -1,
        producerEpoch: variant.producerEpoch ?? 0,
        baseSequence: variant.firstSequence ?? 0,
        maxTimestamp: firstTimestamp + 1_000_000,
        recordsMaxTimestamp: firstTimestamp + 1_000_000,
        recordsMinTimestamp: firstTimestamp - 5,
        maxTimestampOffsetDelta: 2,
      },
    ],
  });
  expect(decodeBatches(core, batch, LIMITS)).toEqual(asOurs);
});

test.each([
  ["none", {}],
  ["gzip", {}],
  ["none", { producerId: 4_000_000_000, producerEpoch: 3, baseSequence: 17, isTransactional: true }],
  ["gzip", { logAppendTimeMs: 1_800_000_000_000 }],
  ["none", { producerId: 1, producerEpoch: 0, isControl: true, isTransactional: true }],
] as const)("kafkajs decodes what is encoded with compression %s and %o", async (compression, options) => {
  const records = someRecords(80, 5);
  const baseOffset = 2 ** 40 + 3;
  const decoded = await decodeWithKafkaJs(encodeBatch(core, records, { compression, baseOffset, partitionLeaderEpoch: 6, ...options }));
  const asInput = { producerId: -1, producerEpoch: -1, baseSequence: -1, isTransactional: false, isControl: false, ...options };
  expect(decoded).toMatchObject({
    firstOffset: String(baseOffset),
    partitionLeaderEpoch: 6,
    lastOffsetDelta: 79,
    producerId: String(asInput.producerId),
    producerEpoch: asInput.producerEpoch,
    firstSequence: asInput.baseSequence,
    inTransaction: asInput.isTransactional,
    isControlBatch: asInput.isControl,
  });
  const appendTime = "logAppendTimeMs" in options ? options.logAppendTimeMs : undefined;
  for (const [index, record] of decoded.records.entries()) {
    const { key, value, headers = [], timestamp } = records[index]!;
    expect(record.offset).toBe(String(baseOffset + index));
    expect(record.timestamp).toBe(String(appendTime ?? timestamp));
    expect(record.key && new Uint8Array(record.key)).toEqual(utf8(key));
    expect(record.value && new Uint8Array(record.value)).toEqual(utf8(value));
    const asObject = Object.fromEntries(headers.map((header) => [header.key, utf8(header.value)]));
    expect(Object.fromEntries(Object.entries(record.headers).map(([name, header]) => [name, header && new Uint8Array(header)]))).toEqual(
      asObject,
    );
  }
});

test("a transaction's marker is the one that kafkajs looks for", async () => {
  const tools = createRecordTools(core);
  const markerOf = async (isCommit: boolean) => {
    const marker = { producerId: 7, producerEpoch: 2, coordinatorEpoch: 3, isCommit };
    return decodeWithKafkaJs(new Uint8Array(tools.encodeMarker(marker, firstTimestamp)));
  };
  for (const isCommit of [true, false]) {
    const { records, ...batch } = await markerOf(isCommit);
    expect(batch).toMatchObject({ isControlBatch: true, inTransaction: true, producerId: "7", producerEpoch: 2 });
    expect(records).toMatchObject([{ key: Buffer.from([0, 0, 0, isCommit ? 1 : 0]), value: Buffer.from([0, 0, 0, 0, 0, 3]) }]);
    expect(records[0]).toMatchObject({ isControlRecord: true, timestamp: String(firstTimestamp) });
  }
});

// Record batches through the core's typed calls, copies in and out included: validate, encode, decode, in millions of records a second.
// kafkajs's encoder, in JavaScript, is there to compare.
//
//   node bench/core/record-batch.bench.ts [--smoke]

import { createRequire } from "node:module";
import { COMPRESSIONS, decodeBatches, encodeBatch, validateBatches } from "../../src/wasm/record-batches.ts";
import { loadCore } from "../../test/support/core.ts";
import { measure } from "../support/measure.ts";

const require = createRequire(import.meta.url);
const encodeKafkaJsRecord = require("kafkajs/src/protocol/recordBatch/record/v0");
const { RecordBatch: encodeKafkaJsBatch } = require("kafkajs/src/protocol/recordBatch/v0");

const core = loadCore();
const limits = { maxRecords: 1_000_000, maxDecompressedBytes: 32 << 20 };

/** JSON values of about `bytes` bytes, the size of the published Kafka benchmarks' records. */
function jsonRecords(count: number, bytes: number) {
  return Array.from({ length: count }, (_, id) => {
    const head = `{"id":${id},"user":"user-${(id * 7919) % 1000}","at":${1_700_000_000_000 + id * 37},"action":"view","note":"`;
    return { key: `user-${(id * 7919) % 1000}`, value: `${head.padEnd(bytes - 2, "lorem ipsum ")}"}`, timestamp: 1_700_000_000_000 + id };
  });
}

function report(title: string, recordCount: number, speeds: Record<string, number>, batchBytes: number): void {
  console.log(title);
  for (const [name, speed] of Object.entries(speeds)) {
    const millions = (speed / batchBytes) * recordCount;
    console.log(
      `  ${name.padEnd(22)} ${millions.toFixed(2).padStart(8)} M records/s ${speed.toFixed(0).padStart(7)} MB/s of plain records`,
    );
  }
}

for (const [count, valueBytes] of [
  [1, 100],
  [100, 100],
  [1000, 100],
  [1000, 1000],
] as const) {
  const records = jsonRecords(count, valueBytes);
  const asBytes = records.map(({ key, value, timestamp }) => ({ key: Buffer.from(key), value: Buffer.from(value), timestamp }));
  const plainBytes = encodeBatch(core, records, { compression: "none" }).length;
  const title = `${count} records of ${valueBytes} bytes`;

  const batches = COMPRESSIONS.map((compression) => [compression, encodeBatch(core, records, { compression })] as const);
  const each = (run: (batch: Uint8Array) => unknown) =>
    Object.fromEntries(batches.map(([compression, batch]) => [`${compression} (${batch.length} B)`, () => void run(batch)]));
  report(
    `validate ${title}`,
    count,
    measure(
      plainBytes,
      each((batch) => validateBatches(core, batch, limits)),
    ),
    plainBytes,
  );
  report(
    `decode ${title}`,
    count,
    measure(
      plainBytes,
      each((batch) => decodeBatches(core, batch, limits)),
    ),
    plainBytes,
  );

  const encoders = Object.fromEntries(
    COMPRESSIONS.map((compression) => [`${compression}, strings`, () => void encodeBatch(core, records, { compression })]),
  );
  encoders["none, bytes"] = () => void encodeBatch(core, asBytes, { compression: "none" });
  const kafkaJsRecords = asBytes.map((record, offsetDelta) => ({ ...record, offsetDelta, timestampDelta: offsetDelta, headers: {} }));
  encoders["kafkajs, none, bytes"] = () =>
    void encodeKafkaJsBatch({ lastOffsetDelta: count - 1, records: kafkaJsRecords.map((record) => encodeKafkaJsRecord(record)) });
  report(`encode ${title}`, count, measure(plainBytes, encoders), plainBytes);
}

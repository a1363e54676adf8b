// Which records of a batch are named as the reason of its refusal (KIP-467), and by which error.

import { expect, test } from "vitest";
import { refuseRecords } from "../../../src/broker/record-refusals.ts";
import { parseTopicConfigs } from "../../../src/common/configs.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { MAX_DECOMPRESSED_BYTES, MAX_RECORD_REFUSALS, MAX_RECORDS_PER_REQUEST } from "../../../src/common/limits/records.ts";
import { COMPRESSIONS, type Compression, encodeBatch, validateBatches } from "../../../src/wasm/record-batches.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const NOW_MS = 1_760_000_000_000;
const TIMELY = { "message.timestamp.before.max.ms": "1000", "message.timestamp.after.max.ms": "500" };
const COMPACTED = { "cleanup.policy": "compact" };

interface Given {
  readonly key?: string | null;
  readonly timestamp?: number;
}

const keyless: Given = { key: null };
const old: Given = { timestamp: NOW_MS - 1001 };
const good: Given = {};

/** The error and the indexes of the records that it names. */
function refusal(batches: readonly (readonly Given[])[], configs: Record<string, string>, compression: Compression = "none") {
  const config = parseTopicConfigs(configs);
  if (isFailure(config)) throw new Error(config.detail);
  const encoded = batches.map((records) =>
    encodeBatch(
      core,
      records.map(({ key = "k", timestamp = NOW_MS }) => ({ key, value: "v", timestamp })),
      { compression },
    ),
  );
  const run = new Uint8Array(encoded.flatMap((batch) => [...batch]));
  const limits = { maxRecords: MAX_RECORDS_PER_REQUEST, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES };
  const checked = validateBatches(core, run, limits);
  if (!checked.ok) throw new Error(checked.statusName);
  const refused = refuseRecords(core, run, checked.batches, { topic: "t", config, nowMs: NOW_MS });
  return refused && { error: refused.error, indexes: refused.records?.map(({ index }) => index) };
}

test.each(COMPRESSIONS)("every record that is wrong is named, and no other (%s)", (compression) => {
  expect(refusal([[good, keyless, good, keyless]], COMPACTED, compression)).toEqual({ error: "INVALID_RECORD", indexes: [1, 3] });
  const untimely = [old, good, { timestamp: NOW_MS + 501 }];
  expect(refusal([untimely], TIMELY, compression)).toEqual({ error: "INVALID_TIMESTAMP", indexes: [0, 2] });
});

test("with keys missing and times wrong it is the times that are told, and all records named", () => {
  const both = { ...COMPACTED, ...TIMELY };
  expect(refusal([[keyless, old]], both)).toEqual({ error: "INVALID_TIMESTAMP", indexes: [0, 1] });
  expect(refusal([[{ ...keyless, ...old }]], both)).toEqual({ error: "INVALID_RECORD", indexes: [0] });
});

test("of several batches the first that is wrong is told of, by its own indexes", () => {
  expect(refusal([[good, good], [good, keyless], [keyless]], COMPACTED)).toEqual({ error: "INVALID_RECORD", indexes: [1] });
});

test("a good batch, and one that the topic has no rules for, are not refused", () => {
  expect(refusal([[good]], { ...COMPACTED, ...TIMELY })).toBeNull();
  expect(refusal([[keyless]], TIMELY)).toBeNull();
});

test("no more are named than an answer has room for", () => {
  const { indexes } = refusal([Array.from({ length: MAX_RECORD_REFUSALS + 1 }, () => keyless)], COMPACTED)!;
  expect(indexes).toHaveLength(MAX_RECORD_REFUSALS);
});

import { expect, test } from "vitest";
import { type CleaningRules, cleanRun } from "../../../../src/log/compaction/clean-run.ts";
import { createBatchTools } from "../../../../src/log/compaction/core-batch-tools.ts";
import { TransactionRemains } from "../../../../src/log/compaction/transaction-remains.ts";
import { createRecordTools } from "../../../../src/log/core-record-tools.ts";
import { type AbortedTransaction, abortedFilter } from "../../../../src/record/aborted-batches.ts";
import { batchHeaders, isControl, isLogAppendTime, patchRun } from "../../../../src/record/record-batch.ts";
import {
  COMPRESSIONS,
  decodeStoredRecords,
  type EncodeOptions,
  encodeBatch,
  type RecordInput,
  validateBatches,
} from "../../../../src/wasm/record-batches.ts";
import { joinRuns } from "../../../support/batches.ts";
import { loadCore } from "../../../support/core.ts";

const core = loadCore();
const HORIZON_FLAG = 0x40;
const NOW_MS = 1000;
const UNCHANGED = { hasChanged: false, deleteHorizonMs: null, goneMarkers: [] };
const nothingAborted = () => false;

const record = (key: string | null, value: string | null, timestamp = 10): RecordInput => ({ key, value, timestamp });

function batch(records: readonly RecordInput[], options: Partial<EncodeOptions> = {}): ArrayBuffer {
  return encodeBatch(core, records, { compression: "none", ...options }).buffer;
}

/** Rules by which only the keys in `newest` have a newer record. */
function rules(newest: Record<string, number>, others: Partial<CleaningRules> = {}): CleaningRules {
  return {
    tools: createBatchTools(core),
    newestOffsetOf: (key) => newest[new TextDecoder().decode(key)] ?? -1,
    ...{ endOffset: 1000, nowMs: NOW_MS, deleteRetentionMs: 500, isLastOfProducer: () => false },
    transactions: new TransactionRemains(true),
    ...others,
  };
}

/** What is kept of a run: it is valid as a whole. */
function clean(run: ArrayBuffer, by: CleaningRules, aborted: readonly AbortedTransaction[] = []) {
  const cleaned = cleanRun(run, abortedFilter(aborted), by);
  const bytes = new Uint8Array(cleaned.batches);
  const limits = { maxRecords: 1000, maxDecompressedBytes: 1 << 20, isFromClient: false };
  if (bytes.length > 0) expect(validateBatches(core, bytes, limits)).toMatchObject({ ok: true });
  const text = (value: Uint8Array | null) => (value === null ? null : new TextDecoder().decode(value));
  const records = decodeStoredRecords(core, bytes, { maxDecompressedBytes: 1 << 20 });
  return {
    ...cleaned,
    headers: [...batchHeaders(bytes)],
    records: records.map(({ offset, key, value, timestamp }) => [offset, text(key), text(value), timestamp]),
  };
}

test("a batch that loses records keeps its offsets, producer, codec, leader epoch and times", () => {
  for (const compression of COMPRESSIONS) {
    const fields = { baseOffset: 100, partitionLeaderEpoch: 3, producerId: 7, producerEpoch: 2, baseSequence: 50 };
    const records = [record("a", "1", 30), record("b", "2", 20), record("a", "3", 40), record("c", "4", 25), record("b", "5", 50)];
    const run = batch(records, { ...fields, compression, isTransactional: true });
    const [before] = [...batchHeaders(new Uint8Array(run))];
    const cleaned = clean(run, rules({ a: 102, b: 200 }));
    expect(cleaned.records).toEqual([
      [102, "a", "3", 40],
      [103, "c", "4", 25],
    ]);
    expect(cleaned.headers).toHaveLength(1);
    const { sizeBytes, baseTimestamp, ...kept } = before!;
    expect(cleaned.headers[0]).toMatchObject({ ...kept, recordCount: 2, maxTimestamp: 40 });
  }
});

test("a batch of LogAppendTime stays one", () => {
  const run = batch([record("a", "1"), record("b", "2")], { logAppendTimeMs: 777 });
  const cleaned = clean(run, rules({ a: 5 }));
  expect(cleaned.records).toEqual([[1, "b", "2", 777]]);
  expect(isLogAppendTime(cleaned.headers[0]!)).toBe(true);
});

test("headers keep their bytes, whether they are UTF-8 or not", () => {
  const headers = [
    { key: Uint8Array.of(0xff, 0xfe), value: Uint8Array.of(1) },
    { key: "b", value: null },
  ];
  const run = batch([record("a", "1"), { ...record("b", "2"), headers }]);
  const { batches } = cleanRun(run, nothingAborted, rules({ a: 5 }));
  const [kept] = decodeStoredRecords(core, new Uint8Array(batches), { maxDecompressedBytes: 1000 });
  expect(kept!.headers.map(({ key, value }) => [[...key], value && [...value]])).toEqual([
    [[0xff, 0xfe], [1]],
    [[0x62], null],
  ]);
});

test("a run of which all is kept is not written again", () => {
  const run = joinRuns(batch([record("a", "1")]), batch([record("b", "2")], { baseOffset: 1 }));
  expect(cleanRun(run, nothingAborted, rules({ a: 0 }))).toEqual({ batches: run, ...UNCHANGED });
});

test("a tombstone gets its time when it is first compacted, keeps it, and goes when it is over", () => {
  const first = clean(batch([record("a", null), record("b", "1")]), rules({}));
  expect(first).toMatchObject({ hasChanged: true, deleteHorizonMs: NOW_MS + 500 });
  expect(first.headers[0]!.attributes & HORIZON_FLAG).toBe(HORIZON_FLAG);
  expect(first.headers[0]!.baseTimestamp).toBe(NOW_MS + 500);
  expect(first.records).toEqual([
    [0, "a", null, 10],
    [1, "b", "1", 10],
  ]);
  const second = clean(first.batches, rules({}, { nowMs: NOW_MS + 499 }));
  expect(second).toMatchObject({ hasChanged: false, deleteHorizonMs: NOW_MS + 500 });
  const last = clean(first.batches, rules({}, { nowMs: NOW_MS + 500 }));
  expect(last).toMatchObject({ hasChanged: true, deleteHorizonMs: null, records: [[1, "b", "1", 10]] });
  expect(last.headers[0]!.attributes & HORIZON_FLAG).toBe(0);
});

test("a tombstone with a newer record goes like any other", () => {
  expect(clean(batch([record("a", null)]), rules({ a: 4 }))).toMatchObject({ records: [], headers: [] });
});

test("records without a key go", () => {
  expect(clean(batch([record(null, "1"), record("a", "2")]), rules({})).records).toEqual([[1, "a", "2", 10]]);
});

test("batches from the round's end on stay as they are, tombstones too", () => {
  const run = batch([record("a", null), record(null, "1")], { baseOffset: 1000 });
  expect(cleanRun(run, nothingAborted, rules({ a: 2000 }))).toEqual({ batches: run, ...UNCHANGED });
});

const tools = createRecordTools(core);

/** A marker of producer 7's transaction at an offset. */
function marker(isCommit: boolean, offset: number): ArrayBuffer {
  const run = tools.encodeMarker({ producerId: 7, producerEpoch: 0, coordinatorEpoch: 3, isCommit }, 10);
  patchRun(new Uint8Array(run), offset, 0);
  return run;
}

const transactional = (key: string, baseOffset: number) =>
  batch([record(key, "1")], { baseOffset, isTransactional: true, producerId: 7, producerEpoch: 0, baseSequence: baseOffset });

test("a marker stays as it is while its transaction has batches, whatever becomes of them in this round", () => {
  for (const isCommit of [true, false]) {
    const aborted = isCommit ? [] : [{ producerId: 7, firstOffset: 0, lastOffset: 1 }];
    const cleaned = clean(joinRuns(transactional("a", 0), marker(isCommit, 1)), rules({ a: 5 }), aborted);
    expect(cleaned).toMatchObject({ hasChanged: true, deleteHorizonMs: null, goneMarkers: [] });
    expect(cleaned.headers.map((header) => [header.baseOffset, isControl(header)])).toEqual([[1, true]]);
    expect(new Uint8Array(cleaned.batches)).toEqual(new Uint8Array(marker(isCommit, 1)));
  }
});

test("a marker without batches gets its time, says the same until then, and goes when it is over", () => {
  const first = clean(marker(false, 4), rules({}));
  expect(first).toMatchObject({ hasChanged: true, deleteHorizonMs: NOW_MS + 500, goneMarkers: [] });
  expect(tools.markerIn(new Uint8Array(first.batches))).toEqual({ producerId: 7, producerEpoch: 0, coordinatorEpoch: 3, isCommit: false });
  expect(clean(first.batches, rules({}, { nowMs: NOW_MS + 499 }))).toMatchObject({ hasChanged: false, deleteHorizonMs: NOW_MS + 500 });
  const over = { nowMs: NOW_MS + 500, transactions: new TransactionRemains(false) };
  expect(clean(first.batches, rules({}, over))).toMatchObject({ headers: [], deleteHorizonMs: null, goneMarkers: [4] });
});

test("a marker that is its producer's last, or the round's, is emptied when its time is over, and is then a marker of nothing", () => {
  const { batches } = clean(marker(true, 4), rules({}));
  const emptied = clean(batches, rules({}, { nowMs: NOW_MS + 500, isLastOfProducer: () => true }));
  expect(emptied).toMatchObject({ goneMarkers: [4], headers: [{ baseOffset: 4, recordCount: 0, producerId: 7 }] });
  expect(isControl(emptied.headers[0]!)).toBe(true);
  expect(tools.markerIn(new Uint8Array(emptied.batches))).toBeNull();
  expect(clean(emptied.batches, rules({}, { isLastOfProducer: () => true })).hasChanged).toBe(false);
  expect(clean(emptied.batches, rules({})).headers).toEqual([]);
});

test("a round that begins in the middle of the log keeps a producer's first marker, whose batches may lie before", () => {
  const middle = rules({}, { transactions: new TransactionRemains(false) });
  const cleaned = clean(joinRuns(marker(true, 4), marker(true, 9)), middle);
  expect(cleaned.headers.map(({ attributes }) => (attributes & HORIZON_FLAG) !== 0)).toEqual([false, true]);
});

test("records of an aborted transaction go, newest of their keys or not, and those around it stay", () => {
  const run = joinRuns(
    transactional("a", 0),
    marker(false, 1),
    transactional("b", 2),
    marker(true, 3),
    batch([record("c", "1")], { baseOffset: 4 }),
  );
  const cleaned = clean(run, rules({}), [{ producerId: 7, firstOffset: 0, lastOffset: 1 }]);
  expect(cleaned.headers.map(({ baseOffset }) => baseOffset)).toEqual([1, 2, 3, 4]);
  const kept = clean(run, rules({}, { isLastOfProducer: ({ baseOffset }) => baseOffset === 0 }), [
    { producerId: 7, firstOffset: 0, lastOffset: 1 },
  ]);
  expect(kept.headers[0]).toMatchObject({ baseOffset: 0, recordCount: 0, baseSequence: 0 });
});

test("an emptied batch goes, but for a producer's last and the last of the round", () => {
  const fields = { baseOffset: 8, producerId: 7, producerEpoch: 1, baseSequence: 3, partitionLeaderEpoch: 2 };
  const run = batch([record("a", "1", 5), record("a", "2", 6)], { ...fields, compression: "lz4" });
  const gone = rules({ a: 500 });
  expect(clean(run, gone)).toMatchObject({ hasChanged: true, headers: [] });
  for (const by of [
    { ...gone, isLastOfProducer: () => true },
    { ...gone, endOffset: 10 },
  ]) {
    const emptied = clean(run, by);
    expect(emptied.headers).toMatchObject([
      { ...fields, lastOffsetDelta: 1, recordCount: 0, maxTimestamp: 6, sizeBytes: 61, attributes: 0 },
    ]);
    expect(clean(emptied.batches, by).hasChanged).toBe(false);
    expect(clean(emptied.batches, gone).headers).toEqual([]);
  }
});

import { expect, test } from "vitest";
import { concatBytes } from "../../../src/common/bytes.ts";
import { BATCH_HEADER_BYTES, POSITION } from "../../../src/record/record-batch.ts";
import { COMPRESSIONS, decodeBatches, encodeBatch, validateBatches } from "../../../src/wasm/record-batches.ts";
import { statusName } from "../../../src/wasm/status.ts";
import { validateTwin } from "../../../src/wasm/twins/validate.ts";
import { writeVarintTwin as varint } from "../../../src/wasm/twins/varint.ts";
import { loadCore } from "../../support/core.ts";
import { LIMITS, seededNumbers, someRecords, twinOptions, withChange } from "../../support/record-batches.ts";

const core = loadCore();
const producer = { producerId: 5, producerEpoch: 1, baseSequence: 10 };
const plain = encodeBatch(core, someRecords(6, 1), { compression: "none", ...producer });
const gzipped = encodeBatch(core, someRecords(6, 1), { compression: "gzip", ...producer });

interface Verdict {
  readonly status: string;
  readonly batchIndex?: number;
  readonly recordIndex?: number;
}

function verdict(bytes: Uint8Array, isFromClient = true): Verdict {
  const result = validateBatches(core, bytes, { ...LIMITS, isFromClient });
  if (result.ok) return { status: "ok" };
  const { statusName: status, batchIndex, recordIndex } = result;
  return recordIndex === undefined ? { status, batchIndex } : { status, batchIndex, recordIndex };
}

/** The twin's verdict, and for a good run that core and twin saw the same batches. */
function twinVerdict(bytes: Uint8Array, isFromClient = true): Verdict {
  const twin = validateTwin(bytes, twinOptions(core, isFromClient));
  if (!("status" in twin)) return { status: "ok" };
  return { ...twin, status: statusName(twin.status) };
}

function expectVerdict(bytes: Uint8Array, expected: string, isFromClient = true): void {
  expect(verdict(bytes, isFromClient).status).toBe(expected);
  expect(verdict(bytes, isFromClient)).toEqual(twinVerdict(bytes, isFromClient));
}

function set(name: keyof typeof POSITION, value: bigint | number, batch: Uint8Array = plain): Uint8Array {
  return withChange(batch, (view) => {
    const at = POSITION[name];
    if (typeof value === "bigint") view.setBigInt64(at, value);
    else if (name === "attributes" || name === "producerEpoch") view.setInt16(at, value);
    else if (name === "magic") view.setInt8(at, value);
    else view.setInt32(at, value);
  });
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

test.each([
  ["magic", 0, "BAD_MAGIC", "BAD_MAGIC"],
  ["magic", 1, "BAD_MAGIC", "BAD_MAGIC"],
  ["magic", 3, "BAD_MAGIC", "BAD_MAGIC"],
  ["batchLength", -1, "BAD_LENGTH", "BAD_LENGTH"],
  ["batchLength", 0, "BAD_LENGTH", "BAD_LENGTH"],
  ["batchLength", 48, "BAD_LENGTH", "BAD_LENGTH"],
  ["batchLength", 0x7fffffff, "BAD_LENGTH", "BAD_LENGTH"],
  ["batchLength", -0x80000000, "BAD_LENGTH", "BAD_LENGTH"],
  ["attributes", 5, "BAD_ATTRIBUTES", "BAD_ATTRIBUTES"],
  ["attributes", 7, "BAD_ATTRIBUTES", "BAD_ATTRIBUTES"],
  ["attributes", 0x10, "ok", "ok"],
  ["attributes", 0x20, "BAD_ATTRIBUTES", "ok"],
  ["attributes", 0x40, "BAD_ATTRIBUTES", "ok"],
  ["attributes", 0x80, "BAD_ATTRIBUTES", "BAD_ATTRIBUTES"],
  ["attributes", -0x8000, "BAD_ATTRIBUTES", "BAD_ATTRIBUTES"],
  ["attributes", 0x08, "BAD_TIMESTAMP", "ok"],
  ["baseOffset", -1n, "BAD_OFFSET", "BAD_OFFSET"],
  ["baseOffset", SAFE - 5n, "ok", "ok"],
  ["baseOffset", SAFE - 4n, "BAD_OFFSET", "BAD_OFFSET"],
  ["baseOffset", 2n ** 63n - 1n, "BAD_OFFSET", "BAD_OFFSET"],
  ["lastOffsetDelta", -1, "BAD_OFFSET", "BAD_OFFSET"],
  ["lastOffsetDelta", 4, "BAD_COUNT", "BAD_COUNT"],
  ["lastOffsetDelta", 6, "BAD_COUNT", "ok"],
  ["recordCount", -1, "BAD_COUNT", "BAD_COUNT"],
  ["recordCount", 0, "BAD_COUNT", "BAD_RECORD"],
  ["recordCount", 5, "BAD_COUNT", "BAD_RECORD"],
  ["recordCount", 7, "BAD_COUNT", "BAD_COUNT"],
  ["recordCount", -0x80000000, "BAD_COUNT", "BAD_COUNT"],
  ["producerId", -2n, "BAD_PRODUCER", "BAD_PRODUCER"],
  ["producerId", -1n, "ok", "ok"],
  ["producerId", SAFE, "ok", "ok"],
  ["producerId", SAFE + 1n, "BAD_PRODUCER", "BAD_PRODUCER"],
  ["producerEpoch", -1, "BAD_PRODUCER", "BAD_PRODUCER"],
  ["baseSequence", -1, "BAD_PRODUCER", "ok"],
  ["baseTimestamp", -2n, "BAD_TIMESTAMP", "BAD_TIMESTAMP"],
  ["baseTimestamp", SAFE + 1n, "BAD_TIMESTAMP", "BAD_TIMESTAMP"],
  ["baseTimestamp", 2n ** 63n - 1n, "BAD_TIMESTAMP", "BAD_TIMESTAMP"],
  ["maxTimestamp", -2n, "BAD_TIMESTAMP", "BAD_TIMESTAMP"],
  ["maxTimestamp", -(2n ** 63n), "BAD_TIMESTAMP", "BAD_TIMESTAMP"],
  ["maxTimestamp", -1n, "ok", "ok"],
  ["partitionLeaderEpoch", -5, "ok", "ok"],
] as const)("with %s = %s a batch from a client is %s and a stored one %s", (name, value, fromClient, stored) => {
  expectVerdict(set(name, value), fromClient, true);
  expectVerdict(set(name, value), stored, false);
});

test("refuses a transaction without a producer", () => {
  expectVerdict(set("producerId", -1n, set("attributes", 0x10)), "BAD_PRODUCER");
});

test("accepts a stored batch that compaction emptied, but not from a client", () => {
  const empty = withChange(plain.subarray(0, BATCH_HEADER_BYTES), (view) => {
    view.setInt32(POSITION.batchLength, BATCH_HEADER_BYTES - 12);
    view.setInt32(POSITION.recordCount, 0);
  });
  expectVerdict(empty, "ok", false);
  expectVerdict(empty, "BAD_COUNT", true);
  expect(validateBatches(core, empty, { ...LIMITS, isFromClient: false })).toMatchObject({
    batches: [{ recordCount: 0, recordsMaxTimestamp: -1, recordsMinTimestamp: -1, maxTimestampOffsetDelta: -1, recordsBytes: 0 }],
  });
});

test("holds batches and records to the caller's limits", () => {
  const run = concatBytes([plain, plain, plain]);
  expect(validateBatches(core, run, { ...LIMITS, maxBatches: 3 })).toMatchObject({ ok: true });
  expect(validateBatches(core, run, { ...LIMITS, maxBatches: 2 })).toMatchObject({ statusName: "TOO_MANY_BATCHES", batchIndex: 2 });
  expect(validateBatches(core, run, { ...LIMITS, maxRecords: 6 })).toMatchObject({ ok: true });
  expect(validateBatches(core, run, { ...LIMITS, maxRecords: 5 })).toMatchObject({ statusName: "TOO_MANY_RECORDS", batchIndex: 0 });
});

test("refuses nothing at all", () => {
  expectVerdict(new Uint8Array(0), "BAD_LENGTH");
});

test("can stop after headers and CRCs", () => {
  const lying = withChange(plain, (_, bytes) => bytes.fill(0xff, BATCH_HEADER_BYTES));
  expect(validateBatches(core, lying, { ...LIMITS, headersOnly: true })).toMatchObject({
    ok: true,
    batches: [{ recordCount: 6, recordsBytes: 0 }],
  });
  lying[80]! ^= 1;
  expect(validateBatches(core, lying, { ...LIMITS, headersOnly: true })).toMatchObject({ ok: false, statusName: "BAD_CRC" });
});

/** A batch with these bytes for its one record, or as many as `count` says. */
function withRecords(bytes: readonly number[], count = 1): Uint8Array {
  const batch = concatBytes([plain.subarray(0, BATCH_HEADER_BYTES), Uint8Array.from(bytes)]);
  return withChange(batch, (view) => {
    view.setInt32(POSITION.batchLength, batch.length - 12);
    view.setInt32(POSITION.recordCount, count);
    view.setInt32(POSITION.lastOffsetDelta, count - 1);
    view.setBigInt64(POSITION.baseTimestamp, 1000n);
  });
}

/** A record of these fields with the length that they have. */
function record(...fields: readonly (readonly number[])[]): number[] {
  const body = fields.flat();
  return [...varint(body.length), ...body];
}

const fine = record([0], varint(0), varint(0), varint(-1), varint(1), [65], varint(0));
const big = varint(0x7fffffff);

test.each([
  ["fine", fine, "ok"],
  ["with attributes that nobody uses", record([0xff], varint(0), varint(0), varint(-1), varint(-1), varint(0)), "ok"],
  ["with headers", record([0], [0], [0], varint(-1), varint(-1), varint(2), varint(1), [65], varint(-1), varint(0), varint(0)), "ok"],
  ["with a time before 1970 but for none", record([0], varint(-1001), [0], varint(-1), varint(-1), [0]), "ok"],
  ["with a negative time", record([0], varint(-1002), [0], varint(-1), varint(-1), [0]), "BAD_TIMESTAMP"],
  ["with a time beyond 2^53", record([0], varint(SAFE), [0], varint(-1), varint(-1), [0]), "BAD_TIMESTAMP"],
  ["with a time delta that wraps around", record([0], varint(2n ** 63n - 1n), [0], varint(-1), varint(-1), [0]), "BAD_TIMESTAMP"],
  ["with an offset delta of 1", record([0], [0], varint(1), varint(-1), varint(-1), [0]), "BAD_OFFSET"],
  ["with an offset delta of -1", record([0], [0], varint(-1), varint(-1), varint(-1), [0]), "BAD_OFFSET"],
  ["with a key length of -2", record([0], [0], [0], varint(-2), varint(-1), [0]), "BAD_RECORD"],
  ["with a value length of -2", record([0], [0], [0], varint(-1), varint(-2), [0]), "BAD_RECORD"],
  ["with a key that runs over", record([0], [0], [0], varint(3), [65, 65], [0]), "BAD_RECORD"],
  ["with a huge key", record([0], [0], [0], big, varint(-1), [0]), "BAD_RECORD"],
  ["with a huge value", record([0], [0], [0], varint(-1), big, [0]), "BAD_RECORD"],
  ["with a huge header count", record([0], [0], [0], varint(-1), varint(-1), big), "BAD_RECORD"],
  ["with a negative header count", record([0], [0], [0], varint(-1), varint(-1), varint(-1)), "BAD_RECORD"],
  ["with a header that is missing", record([0], [0], [0], varint(-1), varint(-1), varint(2), [0], [0]), "BAD_RECORD"],
  ["with a null header key", record([0], [0], [0], varint(-1), varint(-1), varint(1), varint(-1), [0]), "BAD_RECORD"],
  ["with a huge header key", record([0], [0], [0], varint(-1), varint(-1), varint(1), big, [0]), "BAD_RECORD"],
  ["with a huge header value", record([0], [0], [0], varint(-1), varint(-1), varint(1), [0], big), "BAD_RECORD"],
  ["with a byte left", record([0], [0], [0], varint(-1), varint(-1), [0], [0]), "BAD_RECORD"],
  ["without headers or their count", record([0], [0], [0], varint(-1), varint(-1)), "BAD_RECORD"],
  ["of no bytes", varint(0), "BAD_RECORD"],
  ["of a negative length", varint(-1), "BAD_RECORD"],
  ["of a huge length", [...big, 0, 0, 0, 1, 1, 0], "BAD_RECORD"],
  ["with a length that never ends", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "BAD_RECORD"],
  ["with a byte after it", [...fine, 0], "BAD_RECORD"],
  ["that is not there", [], "BAD_RECORD"],
])("a record %s", (_, bytes, expected) => {
  expectVerdict(withRecords(bytes), expected);
  expectVerdict(withRecords(bytes), expected, false);
});

test("refuses offset deltas that repeat or skip", () => {
  const at = (delta: number) => record([0], [0], varint(delta), varint(-1), varint(-1), [0]);
  expectVerdict(withRecords([0, 1, 2].flatMap(at), 3), "ok");
  expectVerdict(withRecords([0, 1, 1].flatMap(at), 3), "BAD_OFFSET");
  expectVerdict(withRecords([0, 2, 1].flatMap(at), 3), "BAD_OFFSET");
  expectVerdict(withRecords([1, 2, 3].flatMap(at), 3), "BAD_OFFSET");
  expect(verdict(withRecords([0, 1, 1].flatMap(at), 3))).toEqual({ status: "BAD_OFFSET", batchIndex: 0, recordIndex: 2 });
});

test("names the batch and the record at fault", () => {
  const bad = withRecords([...fine, ...record([0], [0], varint(1), varint(-2), varint(-1), [0])], 2);
  expect(verdict(concatBytes([plain, gzipped, bad]))).toEqual({ status: "BAD_RECORD", batchIndex: 2, recordIndex: 1 });
  expect(verdict(concatBytes([plain, gzipped, set("magic", 1)]))).toEqual({ status: "BAD_MAGIC", batchIndex: 2 });
});

test("refuses a run truncated at every byte, unless a batch ends there", () => {
  const run = concatBytes([plain, gzipped, plain]);
  const ends = [plain.length, plain.length + gzipped.length, run.length];
  for (let length = 0; length <= run.length; length++) {
    const part = run.subarray(0, length);
    const verdictOnPart = verdict(part);
    if ((verdictOnPart.status === "ok") !== ends.includes(length)) expect.fail(`length ${length}: ${verdictOnPart.status}`);
    expect(verdictOnPart).toEqual(twinVerdict(part));
  }
});

test("refuses a batch with any bit flipped, but for what the CRC does not cover", () => {
  for (const batch of [plain, gzipped]) {
    for (let bit = 0; bit < batch.length * 8; bit++) {
      const flipped = new Uint8Array(batch);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const isEpoch = bit >> 3 >= POSITION.partitionLeaderEpoch && bit >> 3 < POSITION.magic;
      const isLowOffset = bit >> 3 >= 2 && bit >> 3 < 8;
      const { status } = verdict(flipped);
      if ((status === "ok") !== (isEpoch || isLowOffset || (bit >> 3 === 1 && (bit & 7) < 5))) expect.fail(`bit ${bit}: ${status}`);
      expect(verdict(flipped)).toEqual(twinVerdict(flipped));
    }
  }
});

test("agrees with the twin on every byte of a batch replaced, the CRC made right", () => {
  const small = encodeBatch(core, someRecords(3, 4), { compression: "none", ...producer });
  for (let position = 0; position < small.length; position++) {
    for (const value of [0, 1, 2, 0x7f, 0x80, 0xff]) {
      const changed = withChange(small, (_, bytes) => {
        bytes[position] = value;
      });
      for (const isFromClient of [true, false]) expect(verdict(changed, isFromClient)).toEqual(twinVerdict(changed, isFromClient));
    }
  }
});

test("agrees with the twin on random changes, reads and writes nothing outside its areas (seeded)", () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() & 0x7fffffff);
  console.info(`FUZZ_SEED=${seed}`);
  const next = seededNumbers(seed);
  const end = performance.now() + 2000;
  while (performance.now() < end) {
    const compression = COMPRESSIONS[next(2) ? next(COMPRESSIONS.length) : 0]!;
    const batch = encodeBatch(core, someRecords(1 + next(8), next(1 << 30)), { compression, ...(next(2) ? producer : {}) });
    const changed = withChange(batch, (_, bytes) => {
      for (let change = next(4); change > 0; change--) bytes[next(bytes.length)] = next(3) ? next(256) : [0, 0x7f, 0x80, 0xff][next(4)]!;
    });
    const isFromClient = next(2) === 0;
    const twin = twinVerdict(changed, isFromClient);
    expect(verdict(changed, isFromClient)).toEqual(twin);
    expect(["OUTPUT_LIMIT", twin.status]).toContain(guardedStatus(changed, isFromClient));
    if (twin.status === "ok") expectSameRecords(changed, isFromClient);
  }
});

/** Runs the core on areas with poison around them, the run right before poison. The poison and the run must stay as they are. */
function guardedStatus(run: Uint8Array, isFromClient: boolean): string {
  const guard = 256;
  const table = core.scratch + 4096;
  const plainArea = table + 2 * 96 + guard;
  const plainCapacity = 16_384;
  const source = plainArea + plainCapacity + guard;
  core.reserve(source, run.length + guard);
  core.bytes.fill(0xa5, table - guard, source + run.length + guard);
  core.bytes.set(run, source);
  const status = core.exports.batchesValidate(
    source,
    run.length,
    isFromClient ? 1 : 0,
    LIMITS.maxRecords,
    table,
    2,
    plainArea,
    plainCapacity,
  );
  const areas: [number, number][] = [
    [table - guard, table],
    [table + 2 * 96, plainArea],
    [plainArea + plainCapacity, source],
    [source + run.length, source + run.length + guard],
  ];
  for (const [from, to] of areas) expect(core.bytes.subarray(from, to).every((byte) => byte === 0xa5)).toBe(true);
  expect(Buffer.compare(core.bytes.subarray(source, source + run.length), run)).toBe(0);
  return status > 0 ? "ok" : statusName(status);
}

/** What decodes from a valid run is what the twin reads. */
function expectSameRecords(run: Uint8Array, isFromClient: boolean): void {
  const batches = validateTwin(run, twinOptions(core, isFromClient));
  if ("status" in batches) throw new Error(statusName(batches.status));
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  const records = batches.flatMap((batch) =>
    batch.records.map(({ offsetDelta, timestamp, headers, ...content }) => ({
      offset: Number(batch.baseOffset) + offsetDelta,
      timestamp: Number(timestamp),
      headers: headers.map(({ key, value }) => ({ key: decoder.decode(key), value })),
      ...content,
    })),
  );
  expect(decodeBatches(core, run, { ...LIMITS, skipBatch: () => false })).toEqual(records);
}

test("random bytes are refused and never trap", () => {
  const next = seededNumbers(99);
  for (let round = 0; round < 3000; round++) {
    const bytes = Uint8Array.from({ length: next(200) }, () => next(256));
    if (bytes.length > 16 && next(2)) bytes[16] = 2;
    if (bytes.length > 61 && next(2)) new DataView(bytes.buffer).setInt32(8, bytes.length - 12);
    const sealed = bytes.length > 61 ? withChange(bytes, () => {}) : bytes;
    expect(verdict(sealed, false)).toEqual(twinVerdict(sealed, false));
  }
});

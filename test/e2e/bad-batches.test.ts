// Raw batches that no producer would send: every header field wrong in turn, cut, padded, mutated, and small ones that decompress to
// hundreds of megabytes. Each is refused by a problem that the contract names, nothing of it is written, and the broker serves on.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { concatBytes } from "../../src/common/bytes.ts";
import { PROBLEM_TYPE } from "../../src/contract/media-types.ts";
import { problem } from "../../src/contract/problem.ts";
import { produceBatches as contract } from "../../src/contract/produce.ts";
import { POSITION, readBatchHeader, viewOf } from "../../src/record/record-batch.ts";
import { COMPRESSIONS, encodeBatch } from "../../src/wasm/record-batches.ts";
import { validateTwin } from "../../src/wasm/twins/validate.ts";
import { type BadValue, badFields, FIELD_WIDTHS, setField } from "../support/bad-fields.ts";
import { batchOfRecords, bomb } from "../support/bombs.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { loadCore } from "../support/core.ts";
import { mutate } from "../support/mutate.ts";
import { randomBytes, seededRandom } from "../support/random.ts";
import {
  createTopic,
  expectOk,
  fetchRaw,
  fetchRecords,
  highWatermark,
  type PartitionPlace,
  partitionUrl,
  produceBatches,
  sendBatches,
  withoutAssigned,
} from "../support/raw-batches.ts";
import { someRecords, twinOptions, withChange } from "../support/record-batches.ts";

const MUTATIONS = 1000;
const BOMB_BYTES = 300_000_000;

const core = loadCore();
const records = someRecords(5, 1);
const valid = encodeBatch(core, records, { compression: "none" });
const idempotent = encodeBatch(core, records, { compression: "none", producerId: 7, producerEpoch: 1, baseSequence: 0 });
const documented = new Set<string>([...contract.errors, "INVALID_REQUEST"]);

let broker: Broker;
let place: PartitionPlace;
let others: PartitionPlace;
/** Records that tests wrote to `place`. */
let written = 0;

beforeAll(async () => {
  broker = await startBroker();
  [place, others] = (await createTopic(broker.url, "bad", 2)) as [PartitionPlace, PartitionPlace];
});
afterAll(() => broker?.stop());

afterEach(async () => {
  expect(await highWatermark(place), "nothing of what was refused is written").toBe(written);
  const { baseOffset, count } = await produceBatches(others, valid);
  expect((await fetchRecords(others, baseOffset)).length, "the broker serves").toBe(count);
  expect(broker.output()).not.toContain('"level":"error"');
});

/** The answer is a problem by the contract, below 500. */
async function expectRefusal(answer: Response): Promise<string> {
  const text = await answer.text();
  expect(answer.headers.get("content-type"), text).toBe(PROBLEM_TYPE);
  const { code, status } = problem.parse(JSON.parse(text));
  expect(documented, text).toContain(code);
  expect(status).toBe(answer.status);
  expect(status, text).toBeGreaterThanOrEqual(400);
  expect(status, text).toBeLessThan(500);
  return code;
}

async function refused(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return expectRefusal(await sendBatches(place, body));
}

describe("a batch with one header field wrong, its CRC right, is refused", () => {
  test.each(badFields(valid))("$field", async ({ field, values, error }) => {
    for (const value of values) {
      const batch = field === "producerEpoch" || field === "baseSequence" || field === "producerId" ? idempotent : valid;
      expect(await refused(withField(batch, field, value)), `${field} = ${value}`).toBe(error);
    }
  });

  test("a record count that a batch could have, but a request may not", async () => {
    const count = 2 ** 31 - 1;
    const huge = withChange(valid, (view) => {
      setField(view, "lastOffsetDelta", count - 1);
      setField(view, "recordCount", count);
    });
    expect(await refused(huge)).toBe("RECORD_LIST_TOO_LARGE");
  });
});

test("a batch with one header field changed and the CRC as it was is refused", async () => {
  for (const field of Object.keys(FIELD_WIDTHS) as (keyof typeof FIELD_WIDTHS)[]) {
    if (POSITION[field] < POSITION.attributes) continue; // not covered by the CRC
    for (let byte = 0; byte < FIELD_WIDTHS[field]; byte++) {
      const changed = new Uint8Array(valid);
      changed[POSITION[field] + byte]! ^= 0x40;
      expect(await refused(changed), `${field}, byte ${byte}`).toBe("CORRUPT_MESSAGE");
    }
  }
});

test("a client's leader epoch is ignored: the leader sets its own", async () => {
  for (const epoch of [-(2 ** 31), -2, 5, 2 ** 31 - 1]) {
    const { baseOffset, count } = await produceBatches(place, withField(valid, "partitionLeaderEpoch", epoch));
    written += count;
    const { bytes, leaderEpoch } = await fetchRaw(place, baseOffset);
    expect(readBatchHeader(viewOf(bytes))).toMatchObject({ baseOffset, partitionLeaderEpoch: leaderEpoch });
    expect(withoutAssigned(bytes)).toEqual(withoutAssigned(valid));
  }
});

test("a maxTimestamp that is not the records' largest is corrected, and hides no record from the topic's limits", async () => {
  const honest = readBatchHeader(viewOf(valid)).maxTimestamp;
  for (const claimed of [-1, honest - 100_000, honest + 1, Number.MAX_SAFE_INTEGER]) {
    const { baseOffset, count } = await produceBatches(place, withField(valid, "maxTimestamp", BigInt(claimed)));
    written += count;
    expect(withoutAssigned((await fetchRaw(place, baseOffset)).bytes)).toEqual(withoutAssigned(valid));
  }
  expect(await refused(withField(valid, "baseTimestamp", 2n ** 52n)), "records of the far future").toBe("INVALID_TIMESTAMP");
});

test.each(["none", "zstd"] as const)("a batch cut at any byte is refused, alone and after a whole one (%s)", async (compression) => {
  const batch = encodeBatch(core, [{ key: "key", value: "value ".repeat(6), timestamp: 1_760_000_000_000 }], { compression });
  expect(await refused(new Uint8Array(0))).toBe("INVALID_REQUEST");
  for (let length = 1; length < batch.length; length++) {
    expect(await refused(batch.slice(0, length)), `${length} bytes`).toBe("CORRUPT_MESSAGE");
    expect(await refused(concatBytes([batch, batch.slice(0, length)])), `a whole one and ${length} bytes`).toBe("CORRUPT_MESSAGE");
  }
});

test("bytes after the last batch refuse the body", async () => {
  const random = seededRandom(5);
  for (const length of [1, 2, 11, 12, 16, 17, 18, 60, 61, 62, 200, 5000]) {
    await refused(concatBytes([valid, new Uint8Array(length)]));
    await refused(concatBytes([valid, randomBytes(length, random)]));
    await refused(randomBytes(length, random) as Uint8Array<ArrayBuffer>);
  }
});

test("one bad batch among good ones refuses the body", async () => {
  const bad = withField(valid, "recordCount", 4);
  for (const body of [
    [bad, valid, valid],
    [valid, bad, valid],
    [valid, valid, bad],
  ])
    expect(await refused(concatBytes(body))).toBe("INVALID_RECORD");
});

test("a sequence that breaks in the second batch of a body refuses the first one too", async () => {
  const after = encodeBatch(core, records, { compression: "none", producerId: 7, producerEpoch: 1, baseSequence: 99 });
  expect(await refused(concatBytes([idempotent, after]))).toBe("OUT_OF_ORDER_SEQUENCE_NUMBER");
});

test("a body of more batches than are allowed at once is refused", async () => {
  const tiny = encodeBatch(core, [{ key: null, value: null, timestamp: 0 }], { compression: "none" });
  expect(await refused(concatBytes(Array(100_000).fill(tiny)))).toBe("RECORD_LIST_TOO_LARGE");
});

describe("decompression bombs", () => {
  const codecs = COMPRESSIONS.filter((compression) => compression !== "none");

  test.each(codecs)("a %s batch of 300 MB of records is refused", async (compression) => {
    expect(await refused(bomb({ compression, recordCount: 1, valueBytes: BOMB_BYTES }))).toBe("MESSAGE_TOO_LARGE");
  });

  test.each(codecs)("a body of %s batches that only together are too much is refused", async (compression) => {
    const part = bomb({ compression, recordCount: 1, valueBytes: 15_000_000 });
    expect(await refused(concatBytes([part, part, part]))).toBe("MESSAGE_TOO_LARGE");
  });

  test("a size that compressed data claim and do not have is refused", async () => {
    const claims = {
      snappy: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 65),
      lz4: Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x68, 0x70, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x12, 0, 0, 0, 0),
      zstd: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0),
      gzip: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
    };
    for (const [compression, bytes] of Object.entries(claims)) await refused(batchOfRecords(compression as keyof typeof claims, 1, bytes));
  });

  // 480 MB in 22 kB, all within the limits of a batch. As one answer they would be longer than a string can be.
  test("stored batches that decompress to much more than an answer may hold are fetched in parts", async () => {
    const [packed, second] = (await createTopic(broker.url, "packed", 2)) as [PartitionPlace, PartitionPlace];
    const batch = bomb({ compression: "zstd", recordCount: 30, valueBytes: 1_000_000 });
    for (let i = 0; i < 16; i++) await produceBatches(packed, batch);
    await produceBatches(second, batch);
    const url = `${partitionUrl(packed, "records")}?encoding=base64`;
    const first = (await (await expectOk(await fetch(url))).json()) as Fetched;
    expect(first.records.length).toBe(first.nextOffset);
    expect(first.nextOffset).toBeLessThan(30);
    const next = (await (await expectOk(await fetch(`${url}&offset=${first.nextOffset}`))).json()) as Fetched;
    expect(next.records[0]).toMatchObject({ offset: first.nextOffset });

    const body = JSON.stringify({ partitions: [0, 1].map((partition) => ({ topic: "packed", partition, offset: 0 })) });
    const many = await expectOk(
      await fetch(`${broker.url}/v1/fetch`, { method: "POST", headers: { "content-type": "application/json" }, body }),
    );
    const { partitions } = (await many.json()) as { partitions: Fetched[] };
    expect(partitions.map(({ nextOffset }) => nextOffset)).toEqual([first.nextOffset, 0]);
  });
});

interface Fetched {
  readonly records: readonly { readonly offset: number }[];
  readonly nextOffset: number;
}

test(`of ${MUTATIONS} mutated batches, those that validation by the book accepts are stored as sent, and no other`, async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
  console.info(`bad-batches: FUZZ_SEED=${seed}`);
  const random = seededRandom(seed);
  const pool = COMPRESSIONS.map((compression) => encodeBatch(core, someRecords(1 + Math.floor(random() * 8), seed), { compression }));
  let accepted = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const body = mutate(pool[i % pool.length]!, random);
    const isValid = Array.isArray(validateTwin(body, twinOptions(core)));
    const answer = await sendBatches(place, body);
    const about = `mutation ${i} of seed ${seed}: ${Buffer.from(body).toString("base64")}`;
    if (answer.status === 200) {
      expect(isValid, about).toBe(true);
      accepted++;
      written += await expectStored(answer, body, about);
      continue;
    }
    const code = await expectRefusal(answer);
    if (isValid)
      expect(["INVALID_TIMESTAMP", "MESSAGE_TOO_LARGE", "OUT_OF_ORDER_SEQUENCE_NUMBER", "INVALID_PRODUCER_EPOCH"], about).toContain(code);
  }
  expect(accepted).toBeLessThan(MUTATIONS);
  console.info(`bad-batches: ${accepted} of ${MUTATIONS} mutations were valid`);
  await expectReadable();
});

/** @returns how many records the answer says were written */
async function expectStored(answer: Response, body: Uint8Array, about: string): Promise<number> {
  const { baseOffset, count } = (await answer.json()) as { baseOffset: number; count: number };
  const { bytes } = await fetchRaw(place, baseOffset);
  expect(bytes.length, about).toBe(body.length);
  const [stored, sent] = [withoutMaxTimestamp(bytes), withoutMaxTimestamp(body)];
  expect(Buffer.compare(stored, sent), about).toBe(0);
  return count;
}

/** What the leader may set: offset, epoch, and a wrong maxTimestamp, so the CRC. */
function withoutMaxTimestamp(run: Uint8Array): Uint8Array {
  const copy = withoutAssigned(run);
  copy.fill(0, POSITION.crc, POSITION.attributes);
  copy.fill(0, POSITION.maxTimestamp, POSITION.producerId);
  return copy;
}

/** Every way to read what the mutations left works. */
async function expectReadable(): Promise<void> {
  const timestamps = [0, 1, 1_700_000_000_000, Date.now(), Number.MAX_SAFE_INTEGER];
  for (const encoding of ["auto", "string", "json", "base64"])
    await expectOk(await fetch(`${partitionUrl(place, "records")}?encoding=${encoding}`));
  for (const timestamp of timestamps) await expectOk(await fetch(`${partitionUrl(place, "records")}?timestamp=${timestamp}`));
  await expectOk(await fetch(partitionUrl(place, "records"), { headers: { accept: "application/msgpack" } }));
  expect((await fetchRecords(place)).length).toBe(written);
}

function withField(batch: Uint8Array, field: keyof typeof FIELD_WIDTHS, value: BadValue): Uint8Array<ArrayBuffer> {
  const changed = withChange(batch, (view) => setField(view, field, value));
  if (field === "crc") setField(viewOf(changed), field, value);
  return changed;
}

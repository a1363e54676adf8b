// Batches of other people's producers, raw in and raw out: what kcat (librdkafka) and kafkajs encode, in every codec, is stored and
// served bit for bit, but for the base offset and the leader epoch that a leader assigns, and holds the records that were sent.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { concatBytes } from "../../src/common/bytes.ts";
import {
  ATTRIBUTE_CODEC_MASK,
  type BatchHeader,
  batchHeaders,
  lastOffset,
  readBatchHeader,
  viewOf,
} from "../../src/record/record-batch.ts";
import { COMPRESSIONS } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { type CaptureBroker, startCaptureBroker } from "../support/capture-broker.ts";
import { hasKcat } from "../support/kcat.ts";
import {
  createTopic,
  fetchAllRaw,
  fetchRaw,
  fetchRecords,
  highWatermark,
  type PartitionPlace,
  produceBatches,
  type RawFetch,
  withoutAssigned,
} from "../support/raw-batches.ts";
import { kafkajs, kcat, type RawProducer, type SentRecord } from "../support/raw-producers.ts";

let broker: Broker;
let capture: CaptureBroker;

beforeAll(async () => {
  [broker, capture] = await Promise.all([startBroker(), startCaptureBroker()]);
});
afterAll(async () => {
  await Promise.all([broker?.stop(), capture?.stop()]);
});

const producers: RawProducer[] = [kafkajs];
if (hasKcat()) producers.push(kcat);
else console.error("kcat is not installed: ITS BATCHES ARE NOT TESTED. .ci/run installs it.");

test.skipIf(!process.env.CI && !hasKcat())("kcat is there, so that its batches are tested", () => {
  expect(hasKcat()).toBe(true);
});

interface Sent {
  readonly batches: readonly Uint8Array<ArrayBuffer>[];
  readonly records: readonly SentRecord[];
  /** Between these (ms) a record without a time of its own was sent. */
  readonly fromMs: number;
  readonly toMs: number;
}

const variants = producers.flatMap((producer) =>
  COMPRESSIONS.flatMap((compression) =>
    [false, true].map((isIdempotent) => ({ name: producer.name, producer, compression, isIdempotent })),
  ),
);

describe.each(variants)("$name, $compression, idempotent $isIdempotent", ({ name, producer, compression, isIdempotent }) => {
  let sent: Sent;
  let oneByOne: PartitionPlace;
  let allAtOnce: PartitionPlace;

  beforeAll(async () => {
    const topic = `${name}-${compression}-${isIdempotent ? "idempotent" : "plain"}`;
    [oneByOne, allAtOnce] = (await createTopic(broker.url, topic, 2)) as [PartitionPlace, PartitionPlace];
    const fromMs = Date.now();
    const records = await producer.produce({ address: capture.address, compression, isIdempotent });
    sent = { batches: capture.take(), records, fromMs, toMs: Date.now() };
  });

  test("sends several batches that carry the codec and the producer in their headers", () => {
    const headers = sent.batches.map((batch) => readBatchHeader(viewOf(batch)));
    expect(headers.length).toBeGreaterThanOrEqual(3);
    let nextSequence = 0;
    for (const { attributes, producerId, producerEpoch, baseSequence, recordCount } of headers) {
      expect(COMPRESSIONS[attributes & ATTRIBUTE_CODEC_MASK]).toBe(compression);
      if (isIdempotent)
        expect({ producerId, producerEpoch, baseSequence }).toEqual({
          producerId: capture.producerId,
          producerEpoch: 0,
          baseSequence: nextSequence,
        });
      else expect(producerId).toBe(-1);
      nextSequence += recordCount;
    }
    expect(nextSequence).toBe(sent.records.length);
  });

  test("each batch in a request of its own comes out as it went in", async () => {
    let nextOffset = 0;
    for (const batch of sent.batches) {
      const produced = await produceBatches(oneByOne, batch);
      expect(produced).toEqual({ baseOffset: nextOffset, count: readBatchHeader(viewOf(batch)).recordCount, logStartOffset: 0 });
      nextOffset += produced.count;
    }
    expectSameBatches(await fetchAllRaw(oneByOne), sent.batches);
  });

  test("all batches in one body come out as they went in", async () => {
    const produced = await produceBatches(allAtOnce, concatBytes(sent.batches));
    expect(produced).toEqual({ baseOffset: 0, count: sent.records.length, logStartOffset: 0 });
    expectSameBatches(await fetchAllRaw(allAtOnce), sent.batches);
  });

  test("both decode to the records that were sent", async () => {
    for (const place of [oneByOne, allAtOnce]) expectSameRecords(await fetchRecords(place), sent);
  });

  test("a fetch from an offset inside a batch gives that batch whole when raw, and the records from the offset on when decoded", async () => {
    const stored = [...batchHeaders((await fetchAllRaw(allAtOnce)).bytes)];
    const records = await fetchRecords(allAtOnce);
    for (const batch of [stored[0]!, stored.at(-1)!]) {
      for (const offset of [batch.baseOffset + 1, lastOffset(batch)]) {
        const raw = await fetchRaw(allAtOnce, offset);
        expect(readBatchHeader(viewOf(raw.bytes)).baseOffset).toBe(batch.baseOffset);
        expectSameBatches(raw, sent.batches.slice(stored.indexOf(batch)), batch.baseOffset);
        expect(await fetchRecords(allAtOnce, offset)).toEqual(records.slice(offset));
      }
    }
  });

  if (!isIdempotent) return;
  test("a repeat of the last batch is answered with its first offset and written once", async () => {
    const end = await highWatermark(oneByOne);
    const repeated = sent.batches.at(-1)!;
    const { baseOffset, count } = await produceBatches(oneByOne, repeated);
    expect(baseOffset + count).toBe(end);
    expect(await highWatermark(oneByOne)).toBe(end);
  });
});

test("batches of all producers and codecs, mixed in one body, come out as they went in", async () => {
  const [place] = (await createTopic(broker.url, "mixed")) as [PartitionPlace];
  const batches: Uint8Array<ArrayBuffer>[] = [];
  const records: SentRecord[] = [];
  const fromMs = Date.now();
  for (const { producer, compression } of variants.filter(({ isIdempotent }) => !isIdempotent)) {
    records.push(...(await producer.produce({ address: capture.address, compression, isIdempotent: false })));
    batches.push(...capture.take());
  }
  await produceBatches(place, concatBytes(batches));
  expectSameBatches(await fetchAllRaw(place), batches);
  expectSameRecords(await fetchRecords(place), { batches, records, fromMs, toMs: Date.now() });
});

/** The stored run is the batches sent, in order, with consecutive offsets from `baseOffset` on and the leader's epoch. */
function expectSameBatches({ bytes, leaderEpoch }: RawFetch, batches: readonly Uint8Array[], baseOffset = 0): void {
  const stored = [...batchHeaders(bytes)];
  expect(stored.length).toBe(batches.length);
  let nextOffset = baseOffset;
  for (const [index, header] of stored.entries()) {
    const same = Buffer.compare(withoutAssigned(storedBatch(bytes, header)), withoutAssigned(batches[index]!)) === 0;
    expect(same, `batch ${index} is stored as it was sent`).toBe(true);
    expect(header).toMatchObject({ baseOffset: nextOffset, partitionLeaderEpoch: leaderEpoch });
    nextOffset = lastOffset(header) + 1;
  }
  expect(
    stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    "nothing trails the batches",
  ).toBe(bytes.length);
}

function storedBatch(run: Uint8Array, { position, sizeBytes }: BatchHeader): Uint8Array {
  return run.subarray(position, position + sizeBytes);
}

function expectSameRecords(fetched: Awaited<ReturnType<typeof fetchRecords>>, { records, fromMs, toMs }: Sent): void {
  const timeless = fetched.map(({ timestamp, ...record }, index) =>
    records[index]?.timestamp === undefined ? record : { timestamp, ...record },
  );
  expect(timeless).toEqual(records.map((record, offset) => ({ offset, ...record })));
  for (const [index, { timestamp }] of fetched.entries()) {
    if (records[index]!.timestamp !== undefined) continue;
    expect(timestamp).toBeGreaterThanOrEqual(fromMs);
    expect(timestamp).toBeLessThanOrEqual(toMs);
  }
}

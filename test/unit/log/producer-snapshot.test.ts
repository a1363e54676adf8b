import { expect, test } from "vitest";
import type { ProducerEntry } from "../../../src/log/producer-entry.ts";
import { decodeProducers, encodeProducers } from "../../../src/log/producer-snapshot.ts";

const BATCH = { firstSequence: 3, lastSequence: 9, baseOffset: 2 ** 40 };

function entry(others: Partial<ProducerEntry> = {}): ProducerEntry {
  return { epoch: 2, lastAppendMs: 1_760_000_000_000, coordinatorEpoch: 5, txnFirstOffset: 2 ** 41, batches: [BATCH], ...others };
}

test("a snapshot gives back what was put into it, in several parts where there are many producers", () => {
  const producers = new Map<number, ProducerEntry>([
    [2 ** 50, entry()],
    [0, entry({ batches: [], coordinatorEpoch: -1, txnFirstOffset: -1 })],
  ]);
  for (let producerId = 1; producerId < 9000; producerId++) producers.set(producerId, entry({ lastAppendMs: producerId }));
  const parts = encodeProducers(producers);
  expect(parts).toHaveLength(2);
  expect(decodeProducers(parts)).toEqual(producers);
  expect(encodeProducers(new Map())).toHaveLength(1);
});

test("a snapshot from before there were transactions has none", () => {
  const view = new DataView(new ArrayBuffer(5 + 19 + 16));
  view.setUint8(0, 1);
  view.setUint32(1, 1, true);
  view.setFloat64(5, 77, true);
  view.setInt16(13, 2, true);
  view.setFloat64(15, 1_760_000_000_000, true);
  view.setUint8(23, 1);
  view.setInt32(24, 3, true);
  view.setInt32(28, 9, true);
  view.setFloat64(32, 2 ** 40, true);
  const producers = decodeProducers([view.buffer]);
  expect(producers).toEqual(new Map([[77, entry({ coordinatorEpoch: -1, txnFirstOffset: -1 })]]));
});

test("a snapshot of a version that is not known is not read", () => {
  const [part] = encodeProducers(new Map());
  new DataView(part!).setUint8(0, 3);
  expect(() => decodeProducers([part!])).toThrow(/version 3/);
});

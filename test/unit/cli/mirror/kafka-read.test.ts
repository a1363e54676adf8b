import { expect, test } from "vitest";
import { abortedBatches } from "../../../../src/cli/mirror/kafka-read.ts";

const TRANSACTIONAL = 16;
const MARKER = 32 | TRANSACTIONAL;

function batch(firstOffset: number, producerId: number, attributes: number, count = 2) {
  return { firstOffset: BigInt(firstOffset), lastOffsetDelta: count - 1, producerId: BigInt(producerId), attributes };
}

test("leaves out what an aborted transaction wrote, until its marker, and nothing else", () => {
  const isAborted = abortedBatches([
    { producerId: 2n, firstOffset: 6n },
    { producerId: 1n, firstOffset: 0n },
  ]);
  const batches = [
    batch(0, 1, TRANSACTIONAL),
    batch(2, 1, 0), // the same producer, outside the transaction
    batch(4, 2, TRANSACTIONAL), // before its transaction that is aborted
    batch(6, 2, TRANSACTIONAL),
    batch(8, 1, MARKER, 1),
    batch(9, 1, TRANSACTIONAL), // its next transaction
    batch(11, 2, TRANSACTIONAL),
    batch(13, 2, MARKER, 1),
    batch(14, 2, TRANSACTIONAL),
  ];
  expect(batches.filter(isAborted).map(({ firstOffset }) => Number(firstOffset))).toEqual([0, 6, 11]);
});

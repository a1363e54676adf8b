// The proof of the share group test finds what it is there to find.

import { expect, test } from "vitest";
import { type Delivery, type Outcome, prove } from "../../support/share-proof.ts";

const EXPECTED = { records: 2, maxDeliveries: 2, hasKills: false };

let clock = 0;

/** A delivery of a record of key k, from the next moment to the one after it is settled. */
function delivery(offset: number, deliveryCount: number, outcome: Outcome): Delivery {
  const atMs = ++clock;
  clock += 3;
  const record = { partition: 0, offset, key: "k", leaseId: `${offset}/${deliveryCount}`, deliveryCount };
  return { record, outcome, askedMs: atMs, deliveredMs: atMs + 1, settledMs: atMs + 2, answeredMs: atMs + 3 };
}

test("a history that keeps all promises is proven, and counted", () => {
  const history = [delivery(0, 1, "died"), delivery(0, 2, "acknowledged"), delivery(1, 1, "released"), delivery(1, 2, "released")];
  const figures = prove(history, [{ place: "0/1", deliveryCount: 2 }], EXPECTED);
  expect(figures).toEqual({ acknowledged: 1, deadLettered: 1, deliveries: 4, failures: 2, deaths: 1, lostAnswers: 0 });
});

test.each([
  ["acknowledged twice", () => [delivery(0, 1, "acknowledged"), delivery(0, 2, "acknowledged"), delivery(1, 1, "acknowledged")], []],
  [
    "delivered after its acknowledgement",
    () => [delivery(0, 1, "acknowledged"), delivery(0, 2, "refused"), delivery(1, 1, "acknowledged")],
    [],
  ],
  [
    "neither acknowledged nor dead-lettered",
    () => [delivery(0, 1, "released"), delivery(0, 2, "released"), delivery(1, 1, "acknowledged")],
    [],
  ],
  [
    "acknowledged and dead-lettered",
    () => [delivery(0, 1, "acknowledged"), delivery(1, 1, "acknowledged")],
    [{ place: "0/1", deliveryCount: 2 }],
  ],
  ["dead-lettered after 1", () => [delivery(0, 1, "released"), delivery(1, 1, "acknowledged")], [{ place: "0/0", deliveryCount: 1 }]],
  ["dead-lettered twice", () => [delivery(0, 1, "acknowledged")], Array.from({ length: 2 }, () => ({ place: "0/1", deliveryCount: 2 }))],
  ["its deliveries do not count on", () => [delivery(0, 2, "acknowledged"), delivery(1, 1, "acknowledged")], []],
  ["1 of 2 records were ever delivered", () => [delivery(0, 1, "acknowledged")], []],
  ["out of order", () => [delivery(1, 1, "acknowledged"), delivery(0, 1, "acknowledged")], []],
  ["out of order", () => [delivery(0, 1, "released"), delivery(1, 1, "acknowledged"), delivery(0, 2, "acknowledged")], []],
])("finds what is %s", (found, history, deadLetters) => {
  expect(() => prove(history(), deadLetters, EXPECTED)).toThrow(found);
});

test("a last delivery whose answer a kill has taken is known by its dead letter, and by nothing else", () => {
  const history = () => [delivery(0, 1, "released"), delivery(1, 1, "acknowledged")];
  const dead = [{ place: "0/0", deliveryCount: 2 }];
  expect(prove(history(), dead, { ...EXPECTED, hasKills: true })).toMatchObject({ acknowledged: 1, deadLettered: 1 });
  expect(() => prove(history(), dead, EXPECTED)).toThrow("out of order");
  expect(() => prove([...history(), delivery(0, 2, "acknowledged")], [], { ...EXPECTED, hasKills: true })).toThrow("out of order");
});

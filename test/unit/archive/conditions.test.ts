import { expect, test } from "vitest";
import { conditionHolds } from "../../../src/archive/conditions.ts";
import type { Conditional } from "../../../src/archive/protocol.ts";

const current = { etag: "e1", uploaded: 10_500 };
const strong = (value: string) => [{ type: "strong", value }] as const;
const weak = (value: string) => [{ type: "weak", value }] as const;
const any = [{ type: "wildcard" }] as const;

const cases: readonly (readonly [Conditional, boolean, boolean])[] = [
  // condition, holds for what is there, holds for nothing
  [{}, true, true],
  [{ etagMatches: strong("e1") }, true, false],
  [{ etagMatches: strong("e2") }, false, false],
  [{ etagMatches: weak("e1") }, false, false],
  [{ etagMatches: any }, true, false],
  [{ etagDoesNotMatch: strong("e1") }, false, true],
  [{ etagDoesNotMatch: weak("e1") }, false, true],
  [{ etagDoesNotMatch: strong("e2") }, true, true],
  [{ etagDoesNotMatch: any }, false, true],
  [{ uploadedBefore: 10_501 }, true, true],
  [{ uploadedBefore: 10_500 }, false, true],
  [{ uploadedAfter: 10_499 }, true, false],
  [{ uploadedAfter: 10_500 }, false, false],
  [{ uploadedAfter: 10_000, secondsGranularity: true }, false, false],
  [{ etagMatches: strong("e1"), uploadedBefore: 1 }, true, false],
  [{ etagDoesNotMatch: strong("e2"), uploadedAfter: 99_999 }, true, false],
  [{ etagMatches: strong("e1"), etagDoesNotMatch: strong("e1") }, false, false],
];

test("conditions hold as HTTP's do (RFC 9110, section 13)", () => {
  for (const [onlyIf, there, absent] of cases) {
    expect([onlyIf, conditionHolds(onlyIf, current), conditionHolds(onlyIf, null)]).toEqual([onlyIf, there, absent]);
  }
  expect([conditionHolds(null, current), conditionHolds(null, null)]).toEqual([true, true]);
});

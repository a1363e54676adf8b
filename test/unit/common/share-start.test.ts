// Where a share group begins, as Kafka's config says it, and the durations in it.

import { expect, test } from "vitest";
import { parseIsoDuration } from "../../../src/common/iso-duration.ts";
import { formatShareStart, type ShareStart, shareStartConfig, startQuery } from "../../../src/common/share-start.ts";

const NOW = 1_760_000_000_000;

test.each([
  ["P1D", 86_400_000],
  ["PT24H", 86_400_000],
  ["P2DT3H4M5.678S", 183_845_678],
  ["PT0S", 0],
  ["pt1.5s", 1_500],
  ["PT0,0019S", 1],
  ["PT90M", 5_400_000],
])("%s is %d ms", (text, ms) => {
  expect(parseIsoDuration(text)).toBe(ms);
});

test.each(["", "P", "PT", "P1", "PT1", "1D", "P1H", "PT1D", "P1M", "PT-1S", "-PT1S", "PT1S ", "P1DT", "PT1H1H", "PT1.1234567890S"])(
  "'%s' is no duration",
  (text) => {
    expect(parseIsoDuration(text)).toBeNull();
  },
);

test.each<[string, ShareStart, ReturnType<typeof startQuery>]>([
  ["earliest", "earliest", "earliest"],
  ["latest", "latest", "latest"],
  ["by_duration:PT6H", { duration: "PT6H" }, { timestamp: NOW - 21_600_000 }],
  ["by_duration:P999999D", { duration: "P999999D" }, { timestamp: 0 }],
  ["by_timestamp:1700000000000", { timestamp: 1_700_000_000_000 }, { timestamp: 1_700_000_000_000 }],
])("%s", (text, start, query) => {
  expect(shareStartConfig.parse(` ${text} `)).toEqual({ value: start });
  expect(formatShareStart(start)).toBe(text);
  expect(startQuery(start, NOW)).toEqual(query);
});

test.each(["", "none", "Earliest", "by_duration", "by_duration:", "by_duration:6h", "by_timestamp:", "by_timestamp:-1", "{}"])(
  "'%s' is refused with what would be allowed",
  (text) => {
    expect(shareStartConfig.parse(text)).toEqual({ expected: expect.stringContaining("by_duration:PnDTnHnMn.nS") });
  },
);

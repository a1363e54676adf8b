import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { duration, integer, integerList, pair, position, size } from "../../../src/cli/values.ts";

test.each([
  ["earliest", { kind: "earliest" }],
  ["latest", { kind: "latest" }],
  ["0", { kind: "offset", offset: 0 }],
  ["9007199254740", { kind: "offset", offset: 9007199254740 }],
  ["-5", { kind: "last", count: 5 }],
  ["@1760000000000", { kind: "time", timestamp: 1760000000000 }],
  ["2026-01-31T12:00:00Z", { kind: "time", timestamp: Date.UTC(2026, 0, 31, 12) }],
  ["2026-01-31", { kind: "time", timestamp: Date.UTC(2026, 0, 31) }],
])("the position %s", (text, expected) => {
  expect(position(text)).toEqual(expected);
});

test("a duration as a position is so long ago", () => {
  const before = Date.now();
  const found = position("15m");
  expect(found.kind === "time" && found.timestamp >= before - 900_000 && found.timestamp <= Date.now() - 900_000).toBe(true);
});

test.each([
  [duration, "500ms", 500],
  [duration, "1.5s", 1500],
  [duration, "2h", 7_200_000],
  [duration, "7d", 604_800_000],
  [size, "1000", 1000],
  [size, "64KB", 64_000],
  [size, "16MiB", 16_777_216],
  [size, "1.5kb", 1500],
  [integer(-1), "-1", -1],
])("%# %s", (parse, text, expected) => {
  expect(parse(text)).toBe(expected);
});

test("lists of partitions and repeated pairs", () => {
  expect(integerList("5-7,0,2,5")).toEqual([0, 2, 5, 6, 7]);
  expect(pair("b=2=3", pair("a="))).toEqual([
    ["a", ""],
    ["b", "2=3"],
  ]);
});

describe("what is refused", () => {
  test.each([
    [position, "yesterday"],
    [position, "-0"],
    [position, "1e3"],
    [duration, "5"],
    [duration, "h"],
    [size, "12XB"],
    [size, ""],
    [integer(1), "0"],
    [integer(0, 5), "6"],
    [integer(0), "1.5"],
    [integerList, "3-1"],
    [integerList, ""],
    [pair, "novalue"],
    [pair, "=x"],
  ])("%# %s", (parse, text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});

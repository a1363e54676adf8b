import { expect, test } from "vitest";
import { remember } from "../../../../src/listeners/http/remember.ts";

function counted(maxEntries?: number) {
  const computed: string[] = [];
  const compute = (input: string) => {
    computed.push(input);
    if (input === "bad") throw new RangeError(input);
    return { input };
  };
  return { computed, of: remember(compute, maxEntries) };
}

test("computes a key once", () => {
  const { computed, of } = counted();
  expect(of("?a=1", () => "one")).toEqual({ input: "one" });
  expect(of("?a=1", () => "never asked")).toEqual({ input: "one" });
  expect(of("?a=2", () => "two")).toEqual({ input: "two" });
  expect(computed).toEqual(["one", "two"]);
});

test("does not remember what was refused", () => {
  const { computed, of } = counted();
  for (let i = 0; i < 2; i++) expect(() => of("?bad", () => "bad")).toThrow(RangeError);
  expect(computed).toEqual(["bad", "bad"]);
});

test("forgets the oldest when it is full, and never keeps a long key", () => {
  const { computed, of } = counted(2);
  for (const key of ["a", "b", "c", "b", "a"]) of(key, () => key);
  expect(computed).toEqual(["a", "b", "c", "a"]);
  const long = "x".repeat(1000);
  for (let i = 0; i < 2; i++) of(long, () => "long");
  expect(computed.slice(4)).toEqual(["long", "long"]);
});

import { expect, test } from "vitest";
import { parseAllowedOrigins } from "../../../src/common/allowed-origins.ts";

test("origins as browsers write them, however the operator does", () => {
  const { any, origins } = parseAllowedOrigins(
    " https://Shop.example,http://localhost:5173 , https://a.example:443,, capacitor://localhost, http://[::1]:80 ",
  );
  expect(any).toBe(false);
  expect([...origins]).toEqual([
    "https://shop.example",
    "http://localhost:5173",
    "https://a.example",
    "capacitor://localhost",
    "http://[::1]",
  ]);
});

test("* is any, nothing is none", () => {
  expect(parseAllowedOrigins("*")).toEqual({ any: true, origins: new Set() });
  expect(parseAllowedOrigins(" * , https://a.example")).toEqual({ any: true, origins: new Set(["https://a.example"]) });
  expect(parseAllowedOrigins("")).toEqual({ any: false, origins: new Set() });
});

test.each([
  "shop.example",
  "https://shop.example/",
  "https://shop.example/a",
  "https://*.shop.example",
  "null",
  "https://",
  "http://a:99999",
])("%s is no origin, and the error names it", (part) => {
  expect(() => parseAllowedOrigins(`https://fine.example,${part}`)).toThrow(`"${part}"`);
});

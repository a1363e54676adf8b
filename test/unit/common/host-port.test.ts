import { expect, test } from "vitest";
import { formatHostPort, parseHostPort } from "../../../src/common/host-port.ts";

test.each([
  ["kafka.example.com:9092", { host: "kafka.example.com", port: 9092 }],
  ["127.0.0.1:1", { host: "127.0.0.1", port: 1 }],
  ["[::1]:65535", { host: "::1", port: 65_535 }],
])("%s is an address, and is written as it is read", (text, address) => {
  expect(parseHostPort(text)).toEqual(address);
  expect(formatHostPort(address)).toBe(text);
});

test("a port may be left out where there is a default", () => {
  expect(parseHostPort("kafka", 9092)).toEqual({ host: "kafka", port: 9092 });
  expect(parseHostPort("kafka")).toBeNull();
});

test.each([
  "",
  ":9092",
  "a b:1",
  "a:0",
  "a:65536",
  "a:1:2",
  "::1:9092",
  "[::1",
  "http://a:1",
  "a:1\r\nx: y",
  `${"a".repeat(254)}:1`,
  "é:1",
])("%j is none", (text) => {
  expect(parseHostPort(text, 9092)).toBeNull();
});

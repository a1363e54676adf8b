import { expect, test } from "vitest";
import { isLoopback, parseTunnelOptions } from "../../../../src/cli/tunnel/options.ts";

test.each([
  ["https://sluice.example", "wss://sluice.example/kafka"],
  ["https://sluice.example/", "wss://sluice.example/kafka"],
  ["https://sluice.example/kafka", "wss://sluice.example/kafka"],
  ["http://127.0.0.1:8787/under/a/path/", "ws://127.0.0.1:8787/under/a/path/kafka"],
])("the door of %s is %s", (url, door) => {
  expect(parseTunnelOptions(["--url", url], {})?.url.href).toBe(door);
});

test("listens on Kafka's own port of this machine, and takes the token from a flag before the environment", () => {
  const options = parseTunnelOptions(["--url", "https://a.example"], { SLUICE_TOKEN: "t" });
  expect(options).toMatchObject({ listen: { host: "127.0.0.1", port: 9092 }, advertise: null, token: "t" });
  expect(parseTunnelOptions(["--url", "https://a.example", "--token", "other"], { SLUICE_TOKEN: "t" })?.token).toBe("other");
  expect(parseTunnelOptions(["--url", "https://a.example"], {})?.token).toBeNull();
  expect(parseTunnelOptions(["--url", "https://a.example", "--listen", "[::1]:0"], {})?.listen).toEqual({ host: "::1", port: 0 });
  expect(parseTunnelOptions(["--help"], {})).toBeNull();
});

test.each([
  ["--url takes an http", ["--url", "ftp://a.example"]],
  ["--url takes no user, query", ["--url", "https://a.example?token=x"]],
  ["--listen takes HOST:PORT", ["--url", "https://a.example", "--listen", "9092"]],
  ["--advertise takes HOST:PORT", ["--url", "https://a.example", "--advertise", "a:0"]],
  ["the token has characters", ["--url", "https://a.example", "--token", "se same"]],
])("%s …", (words, args) => {
  expect(() => parseTunnelOptions(args, {})).toThrow(words);
});

test("knows which addresses only this machine reaches", () => {
  const hosts = ["127.0.0.1", "127.8.8.8", "localhost", "::1", "0.0.0.0", "::", "10.0.0.1"];
  expect(hosts.filter((host) => isLoopback({ host, port: 1 }))).toEqual(["127.0.0.1", "127.8.8.8", "localhost", "::1"]);
});

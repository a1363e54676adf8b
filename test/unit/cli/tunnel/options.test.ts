import { expect, test } from "vitest";
import { isLoopback, tunnelOptions } from "../../../../src/cli/tunnel/options.ts";

const LISTEN = "127.0.0.1:9092";

test.each([
  ["https://sluice.example", "wss://sluice.example/kafka"],
  ["https://sluice.example/", "wss://sluice.example/kafka"],
  ["https://sluice.example/kafka", "wss://sluice.example/kafka"],
  ["http://127.0.0.1:8787/under/a/path/", "ws://127.0.0.1:8787/under/a/path/kafka"],
])("the door of %s is %s", (url, door) => {
  const { url: opened } = tunnelOptions({ listen: LISTEN }, { url, isUrlGiven: true, token: undefined, json: false });
  expect(opened.href).toBe(door);
});

const BROKER = { url: "https://a.example", isUrlGiven: true, token: undefined, json: false };

test("listens where it is told, on a free port where that is 0", () => {
  expect(tunnelOptions({ listen: LISTEN }, BROKER)).toMatchObject({
    listen: { host: "127.0.0.1", port: 9092 },
    advertise: null,
    token: null,
  });
  expect(tunnelOptions({ listen: "[::1]:0" }, { ...BROKER, token: "t" })).toMatchObject({ listen: { host: "::1", port: 0 }, token: "t" });
});

test.each([
  ["--url is needed", { listen: LISTEN }, { ...BROKER, isUrlGiven: false }],
  ["--listen takes HOST:PORT", { listen: "9092" }, BROKER],
  ["--advertise takes HOST:PORT", { listen: LISTEN, advertise: "a:0" }, BROKER],
])("%s …", (words, flags, settings) => {
  expect(() => tunnelOptions(flags, settings)).toThrow(words);
});

test("knows which addresses only this machine reaches", () => {
  const hosts = ["127.0.0.1", "127.8.8.8", "localhost", "::1", "0.0.0.0", "::", "10.0.0.1"];
  expect(hosts.filter((host) => isLoopback({ host, port: 1 }))).toEqual(["127.0.0.1", "127.8.8.8", "localhost", "::1"]);
});

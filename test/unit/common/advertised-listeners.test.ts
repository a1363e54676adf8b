import { expect, test } from "vitest";
import { advertisedListener, type Door } from "../../../src/common/advertised-listeners.ts";

const SETTING = "all.example:9092, 9094=lan.example:9094, websocket=[::1]:9095";

test.each<[Door | null, string]>([
  [9094, "lan.example"],
  ["websocket", "::1"],
  [9092, "all.example"],
  [null, "all.example"],
])("who came by %s is told %s", (door, host) => {
  expect(advertisedListener(SETTING, door)?.host).toBe(host);
});

test("a door that is not named has none, where there is none for all", () => {
  expect(advertisedListener("9094=lan.example:9094", 9092)).toBeNull();
  expect(advertisedListener("", "websocket")).toBeNull();
});

test("one address without a port is the usual port, as it always was", () => {
  expect(advertisedListener("kafka.example", 9092)).toEqual({ host: "kafka.example", port: 9092 });
});

test.each(["http://a:1", "x=a:1", "a:1,b:2", "9092=a:1,9092=b:1", "9092=", "a:99999"])("%s is refused, by its name", (setting) => {
  expect(() => advertisedListener(setting, null)).toThrow("SLUICE_ADVERTISED_LISTENER");
});

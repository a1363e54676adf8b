import { expect, test } from "vitest";
import { readConnectionConfigs } from "../../../src/common/connection-configs.ts";

test("what is not set has its default", () => {
  const defaults = { maxIdleMs: 600_000, maxConnections: 10_000, maxConnectionsPerIp: 2 ** 31 - 1 };
  expect(readConnectionConfigs(null)).toEqual(defaults);
  expect(readConnectionConfigs('{"max.connections": "7"}')).toEqual({ ...defaults, maxConnections: 7 });
});

test.each(['{"max.connection": "7"}', '{"connections.max.idle.ms": "0"}', '{"max.connections": "many"}'])("%s is refused", (text) => {
  expect(() => readConnectionConfigs(text)).toThrow("SLUICE_CONNECTION_CONFIGS");
});

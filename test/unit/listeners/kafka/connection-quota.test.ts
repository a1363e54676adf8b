import { expect, test } from "vitest";
import { ConnectionQuota } from "../../../../src/listeners/kafka/connection-quota.ts";

const LIMITS = { maxIdleMs: 1, maxConnections: 3, maxConnectionsPerIp: 2 };

test("an address has so many connections, all addresses so many, and what is closed makes room", () => {
  const quota = new ConnectionQuota();
  const first = quota.open("10.0.0.1", LIMITS) as () => void;
  quota.open("10.0.0.1", LIMITS);
  expect(quota.open("10.0.0.1", LIMITS)).toContain("max.connections.per.ip");
  quota.open("10.0.0.2", LIMITS);
  expect(quota.open("10.0.0.3", LIMITS)).toContain("max.connections");
  first();
  expect(quota.open("10.0.0.1", LIMITS)).toBeTypeOf("function");
  expect(quota.count).toBe(3);
});

test("an address that nobody tells is in the count of all alone", () => {
  const quota = new ConnectionQuota();
  const closes = [null, null, null].map((ip) => quota.open(ip, { ...LIMITS, maxConnectionsPerIp: 0 }));
  expect(closes.map((close) => typeof close)).toEqual(["function", "function", "function"]);
});

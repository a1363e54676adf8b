import { expect, test } from "vitest";
import { readTransactionConfigs } from "../../../src/common/transaction-configs.ts";

test("what is not set has Kafka's default", () => {
  expect(readTransactionConfigs(null)).toEqual({ maxTimeoutMs: 900_000, expirationMs: 604_800_000 });
  expect(readTransactionConfigs('{"transaction.max.timeout.ms": "5"}')).toEqual({ maxTimeoutMs: 5, expirationMs: 604_800_000 });
});

test.each(['{"transaction.max.timeouts": "5"}', '{"transactional.id.expiration.ms": "0"}'])(
  "%s is refused, by its setting's name",
  (text) => {
    expect(() => readTransactionConfigs(text)).toThrow("SLUICE_TRANSACTION_CONFIGS");
  },
);

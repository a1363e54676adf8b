import { expect, test } from "vitest";
import { parseGroupConfigs, readGroupConfigs } from "../../../src/common/group-configs.ts";

test("what is not set has its default", () => {
  expect(parseGroupConfigs({ "group.max.size": "7", "offsets.retention.minutes": "2" })).toEqual({
    initialRebalanceDelayMs: 100,
    minSessionTimeoutMs: 6_000,
    maxSessionTimeoutMs: 1_800_000,
    maxSize: 7,
    consumerSessionTimeoutMs: 45_000,
    consumerHeartbeatIntervalMs: 5_000,
    consumerMinSessionTimeoutMs: 45_000,
    consumerMaxSessionTimeoutMs: 60_000,
    consumerMinHeartbeatIntervalMs: 5_000,
    consumerMaxHeartbeatIntervalMs: 15_000,
    consumerMaxSize: 3_000,
    shareSessionTimeoutMs: 45_000,
    shareHeartbeatIntervalMs: 5_000,
    shareMaxSize: 200,
    offsetsRetentionMs: 120_000,
    emptyGroupRetentionMs: 600_000,
  });
});

test.each([
  { "group.max.sizes": "7" },
  { "group.max.size": "0" },
  { "group.initial.rebalance.delay.ms": "soon" },
  { "group.min.session.timeout.ms": "2", "group.max.session.timeout.ms": "1" },
  { "group.consumer.session.timeout.ms": "5000" },
  { "group.consumer.min.session.timeout.ms": "60001" },
  { "group.consumer.max.heartbeat.interval.ms": "4999" },
  { "group.share.session.timeout.ms": "5000" },
  { "group.share.heartbeat.interval.ms": "10000" },
])("%j is refused", (set) => {
  expect(parseGroupConfigs(set as unknown as Record<string, string>)).toMatchObject({ error: "INVALID_CONFIG" });
});

test("a deployment's setting is JSON, or absent", () => {
  expect(readGroupConfigs('{"group.initial.rebalance.delay.ms": "0"}').initialRebalanceDelayMs).toBe(0);
  expect([undefined, null, ""].map((text) => readGroupConfigs(text).maxSize)).toEqual([3_000, 3_000, 3_000]);
  expect(() => readGroupConfigs('{"group.max.size": "many"}')).toThrow("SLUICE_GROUP_CONFIGS");
});

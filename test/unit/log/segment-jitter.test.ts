import { expect, test } from "vitest";
import { parseTopicConfigs, type TopicConfig } from "../../../src/common/configs.ts";
import { type LogConfig, toLogConfig } from "../../../src/log/log-config.ts";
import { sealAgeMs } from "../../../src/log/segment-jitter.ts";

const configOf = (segmentMs: number, segmentJitterMs: number): LogConfig =>
  toLogConfig(parseTopicConfigs({ "segment.ms": String(segmentMs), "segment.jitter.ms": String(segmentJitterMs) }) as TopicConfig);

const topicId = "7d6e0b1c-2f9c-4c6e-8b9e-3d1f0a5b7c11";
const partitions = Array.from({ length: 1000 }, (_, partition) => partition);
const ages = (config: LogConfig, baseOffset = 0) => partitions.map((partition) => sealAgeMs({ topicId, partition, baseOffset }, config));

test("without jitter a segment is sealed at segment.ms", () => {
  expect(new Set(ages(configOf(5000, 0)))).toEqual(new Set([5000]));
});

test("the jitter is spread evenly over partitions, and over the segments of one", () => {
  const config = configOf(100_000, 40_000);
  const segments = partitions.map((index) => sealAgeMs({ topicId, partition: 0, baseOffset: index * 17 }, config));
  for (const found of [ages(config), ages(config, 123_456), segments]) {
    expect(Math.min(...found)).toBeGreaterThan(60_000);
    expect(Math.max(...found)).toBeLessThanOrEqual(100_000);
    for (let tenth = 0; tenth < 10; tenth++) {
      const [from, to] = [60_000 + tenth * 4000, 64_000 + tenth * 4000];
      expect(found.filter((age) => age > from && age <= to).length, `ages from ${from} to ${to}`).toBeGreaterThan(60);
    }
  }
});

test("it never takes all of segment.ms, however large it is", () => {
  for (const segmentMs of [1, 2, 1000]) {
    const found = ages(configOf(segmentMs, Number.MAX_SAFE_INTEGER));
    expect(Math.min(...found)).toBeGreaterThan(0);
    expect(Math.max(...found)).toBeLessThanOrEqual(segmentMs);
  }
});

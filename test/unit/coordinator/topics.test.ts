import { describe, expect, test } from "vitest";
import { MAX_PARTITIONS_PER_TOPIC } from "../../../src/common/limits/topics.ts";
import { checkTopicName, planNewTopic, planTopicChange } from "../../../src/coordinator/topics.ts";

describe("a topic's name", () => {
  test.each(["a", "A-z_0.9", "...", "-", "_", "x".repeat(249), "__consumer_offsets"])("may be '%s'", (name) => {
    expect(checkTopicName(name)).toBeNull();
  });

  test.each(["", ".", "..", "x".repeat(250), "a b", "a/b", "ä", "a\n", "a\u0000", "a:b"])("may not be '%s'", (name) => {
    expect(checkTopicName(name)).toMatchObject({ error: "INVALID_TOPIC_EXCEPTION" });
  });
});

describe("a new topic", () => {
  test("has the default number of partitions and no configs unless it says so", () => {
    expect(planNewTopic({ name: "t" }, null)).toEqual({ partitionCount: 1, configs: {} });
    expect(planNewTopic({ name: "t" }, null, 4)).toEqual({ partitionCount: 4, configs: {} });
    expect(planNewTopic({ name: "t", partitions: 2 }, null, 4)).toEqual({ partitionCount: 2, configs: {} });
  });

  test("may not have the name of another", () => {
    expect(planNewTopic({ name: "t" }, "t")).toMatchObject({ error: "TOPIC_ALREADY_EXISTS", detail: expect.stringContaining("'t'") });
  });

  test("may not have a name that differs from another only in '.' and '_', as in Kafka", () => {
    const refused = planNewTopic({ name: "a.b" }, "a_b");
    expect(refused).toMatchObject({ error: "INVALID_TOPIC_EXCEPTION", detail: expect.stringContaining("'a_b'") });
  });

  test.each([0, -1, 1.5, Number.NaN, MAX_PARTITIONS_PER_TOPIC + 1])("may not have %d partitions", (partitions) => {
    expect(planNewTopic({ name: "t", partitions }, null)).toMatchObject({
      error: "INVALID_PARTITIONS",
      detail: expect.stringContaining(`${partitions}`),
    });
  });

  test("may have as many partitions as the limit", () => {
    expect(planNewTopic({ name: "t", partitions: MAX_PARTITIONS_PER_TOPIC }, null)).toMatchObject({
      partitionCount: MAX_PARTITIONS_PER_TOPIC,
    });
  });

  test("may not have a config that is unknown or wrong", () => {
    expect(planNewTopic({ name: "t", configs: { nonsense: "1" } }, null)).toMatchObject({ error: "INVALID_CONFIG" });
    expect(planNewTopic({ name: "t", configs: { "retention.ms": "x" } }, null)).toMatchObject({ error: "INVALID_CONFIG" });
  });
});

describe("a change", () => {
  const present = { partitionCount: 3, configs: { "retention.ms": "1000", "segment.ms": "5" } };

  test("may add partitions, keep their number, but not take any away", () => {
    expect(planTopicChange("t", present, { partitions: 4 })).toEqual({ ...present, partitionCount: 4 });
    expect(planTopicChange("t", present, { partitions: 3 })).toEqual(present);
    expect(planTopicChange("t", present, { partitions: 2 })).toMatchObject({ error: "INVALID_PARTITIONS" });
  });

  test("sets and resets configs and leaves the others alone", () => {
    const plan = planTopicChange("t", present, { configs: { "retention.ms": null, "segment.bytes": "2000000", "flush.ms": null } });
    expect(plan).toEqual({ partitionCount: 3, configs: { "segment.ms": "5", "segment.bytes": "2000000" } });
  });

  test("may not name an unknown config, not even to reset it", () => {
    expect(planTopicChange("t", present, { configs: { nonsense: null } })).toMatchObject({ error: "INVALID_CONFIG" });
  });

  test("is checked together with what was set before", () => {
    const lagged = { partitionCount: 1, configs: { "max.compaction.lag.ms": "10" } };
    expect(planTopicChange("t", lagged, { configs: { "min.compaction.lag.ms": "11" } })).toMatchObject({ error: "INVALID_CONFIG" });
  });
});

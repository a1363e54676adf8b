import { expect, test } from "vitest";
import { readTopicCreationConfigs } from "../../../src/common/topic-creation-configs.ts";

test("what is not set has Kafka's default", () => {
  expect(readTopicCreationConfigs(null)).toEqual({ defaultPartitions: 1 });
  expect(readTopicCreationConfigs('{"num.partitions": "4"}')).toEqual({ defaultPartitions: 4 });
});

test.each(['{"num.partition": "5"}', '{"num.partitions": "0"}', '{"num.partitions": "100000000"}'])(
  "%s is refused, by its setting's name",
  (text) => {
    expect(() => readTopicCreationConfigs(text)).toThrow("SLUICE_TOPIC_CONFIGS");
  },
);

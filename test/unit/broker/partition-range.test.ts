// Requests of Kafka's clients name partitions by any int32: one that the topic has not, negative ones too, is nobody's object.

import { expect, test } from "vitest";
import { fetchOne } from "../../../src/broker/fetch.ts";
import { resolveCommit } from "../../../src/broker/groups.ts";
import { queryOffset } from "../../../src/broker/offsets.ts";
import type { Ports, TopicMetadata } from "../../../src/broker/ports.ts";
import { type ProduceContext, produceBatches, produceRecords } from "../../../src/broker/produce.ts";
import { truncate } from "../../../src/broker/truncate.ts";
import { batchOf } from "../../support/batches.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const TOPIC: TopicMetadata = { name: "t", topicId: "id", partitionCount: 2, configs: {}, version: 1, createdAtMs: 0 };
const topics = { topic: async () => TOPIC, invalidate: () => {} };

/** Whoever asks for a partition's object has failed. */
const ports = {
  partition: (_topicId: string, partition: number) => {
    throw new Error(`partition ${partition} is asked for`);
  },
} as unknown as Ports;

const context: ProduceContext = { ports, topics, core, now: Date.now, random: () => 0 };
const batches = new Uint8Array(batchOf(core, ["v"]));
const limits = { maxBytes: 1, minBytes: 0, maxWaitMs: 0, isolation: "read_uncommitted" } as const;

test.each([-1, -(2 ** 31), 2, 2 ** 31 - 1])("partition %i of a topic with two is unknown, and no object is asked", async (partition) => {
  const unknown = { error: "UNKNOWN_TOPIC_OR_PARTITION", detail: `topic 't' has 2 partitions: there is no partition ${partition}` };
  expect(await produceBatches(context, { topic: "t", partition, batches })).toEqual(unknown);
  expect(await fetchOne(ports, topics, { topic: "t", partition, start: 0, ...limits })).toEqual(unknown);
  expect(await queryOffset(ports, topics, "t", partition, "latest", "read_uncommitted")).toEqual(unknown);
  expect(await truncate(ports, topics, "t", partition, -1)).toEqual(unknown);
  expect(await resolveCommit(topics, { topic: "t", partition, offset: 0 })).toEqual(unknown);
  const records = [{ key: null, value: "v", partition }];
  expect(await produceRecords(context, { topic: "t", records, compression: "none" })).toMatchObject({
    refused: [{ index: 0, failure: unknown }],
  });
});

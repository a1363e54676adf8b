// What names a topic by id goes to no topic that was made again under the name, at whatever moment that becomes known.

import { expect, test } from "vitest";
import { resolveCommit } from "../../../src/broker/groups.ts";
import type { AppendRequest, PartitionPort, Ports, TopicMetadata } from "../../../src/broker/ports.ts";
import { type ProduceContext, produceBatches } from "../../../src/broker/produce.ts";
import { failure } from "../../../src/common/errors.ts";
import { batchOf } from "../../support/batches.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const OLD: TopicMetadata = { name: "t", topicId: "old", partitionCount: 1, configs: {}, version: 1, createdAtMs: 0 };
const NEW: TopicMetadata = { ...OLD, topicId: "new", version: 2 };

/** A broker's context that knows a topic from before it was made again, until a partition tells. */
function aContext(first: TopicMetadata) {
  let known = first;
  const written: string[] = [];
  const port = (topicId: string) => ({
    async append(_request: AppendRequest) {
      if (topicId === OLD.topicId) return failure("UNKNOWN_TOPIC_ID", "it was deleted");
      written.push(topicId);
      return { baseOffset: 0, logAppendTimeMs: -1, logStartOffset: 0, leaderEpoch: 0 };
    },
  });
  const ports = { partition: (topicId: string) => port(topicId) as unknown as PartitionPort } as unknown as Ports;
  const topics = {
    topic: async () => known,
    invalidate: () => {
      known = NEW;
    },
  };
  const context: ProduceContext = { ports, topics, core, now: Date.now, random: () => 0 };
  return { context, topics, written };
}

const request = { topic: "t", partition: 0, batches: new Uint8Array(batchOf(core, ["v"])) };

test("a batch for the old topic is refused, before and after the cache knows of the new one", async () => {
  const before = aContext(OLD);
  expect(await produceBatches(before.context, { ...request, topicId: "old" })).toMatchObject({ error: "UNKNOWN_TOPIC_OR_PARTITION" });
  const after = aContext(NEW);
  expect(await produceBatches(after.context, { ...request, topicId: "old" })).toMatchObject({ error: "UNKNOWN_TOPIC_ID" });
  expect([...before.written, ...after.written]).toEqual([]);
});

test("a batch that names the topic alone goes to the new one", async () => {
  const { context, written } = aContext(OLD);
  expect(await produceBatches(context, request)).toMatchObject({ baseOffset: 0 });
  expect(written).toEqual(["new"]);
});

test("a commit for the old topic is refused", async () => {
  const { topics } = aContext(NEW);
  const commit = { topic: "t", partition: 0, offset: 1 };
  expect(await resolveCommit(topics, { ...commit, topicId: "old" })).toMatchObject({ error: "UNKNOWN_TOPIC_ID" });
  expect(await resolveCommit(topics, { ...commit, topicId: "new" })).toMatchObject({ topicId: "new", offset: 1 });
});

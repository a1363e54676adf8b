// The sources of inbound webhooks over a store in memory: as the broker has them, without a cluster object between.

import type { Broker } from "../../src/broker/broker.ts";
import { createIngestSources, createSourceCache, type IngestSources } from "../../src/broker/ingest-sources.ts";
import { failure, isFailure } from "../../src/common/errors.ts";
import { IngestSourceRegistry } from "../../src/ingest/source-registry.ts";
import { MemoryIngestSourceStore } from "../../src/storage/memory-ingest-source-store.ts";

export function memoryIngestSources(broker: Pick<Broker, "topic">): IngestSources {
  const registry = new IngestSourceRegistry(new MemoryIngestSourceStore(), Date.now);
  const topicOf = async (name: string) => {
    const topic = await broker.topic(name);
    return isFailure(topic) ? null : topic;
  };
  return createIngestSources({
    ports: {
      ingestSources: {
        ingestSnapshot: async (knownVersion) => registry.snapshot(knownVersion),
        putIngestSource: async (request) =>
          (await topicOf(request.topic)) === null ? failure("UNKNOWN_TOPIC_OR_PARTITION", "no such topic") : registry.put(request),
        rotateIngestSecret: async (request) => registry.rotate(request),
        removeIngestSource: async (topic, name) => registry.remove(topic, name),
      },
    },
    topics: { topic: topicOf, invalidate: () => {} },
    sourceCache: createSourceCache(Date.now),
  });
}

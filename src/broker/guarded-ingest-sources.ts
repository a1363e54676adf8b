// The sources of inbound webhooks as a client may use them. Whoever makes one lets others write to the topic: so it needs the right to
// write as well as that to change the topic's configs. What a request is verified by is looked up before it is known who sends it.

import type { Access } from "./access.ts";
import type { IngestSources } from "./ingest-sources.ts";

export function guardIngestSources(sources: IngestSources, access: Access): IngestSources {
  const toSee = (topic: string) => access.refuse("DESCRIBE_CONFIGS", "TOPIC", topic);
  const toChange = (topic: string) => access.refuse("ALTER_CONFIGS", "TOPIC", topic) ?? access.refuse("WRITE", "TOPIC", topic);
  return {
    withSecrets: (topic, name) => sources.withSecrets(topic, name),
    list: async (topic) => toSee(topic) ?? sources.list(topic),
    get: async (topic, name) => toSee(topic) ?? sources.get(topic, name),
    put: async (request) => toChange(request.topic) ?? sources.put(request),
    rotateSecret: async (request) => toChange(request.topic) ?? sources.rotateSecret(request),
    remove: async (topic, name) => toChange(topic) ?? sources.remove(topic, name),
  };
}

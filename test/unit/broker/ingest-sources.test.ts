// The sources of inbound webhooks as an edge knows them: at no cost while they are fresh, bounded in age, and usable for a while when the cluster object
// cannot be reached.

import { beforeEach, expect, test, vi } from "vitest";
import { createIngestSources, createSourceCache, type IngestSources } from "../../../src/broker/ingest-sources.ts";
import type { SourceConfig } from "../../../src/ingest/source.ts";
import { IngestSourceRegistry } from "../../../src/ingest/source-registry.ts";
import { MemoryIngestSourceStore } from "../../../src/storage/memory-ingest-source-store.ts";

const CONFIG: SourceConfig = {
  scheme: { scheme: "github" },
  toleranceMs: 1,
  id: null,
  key: null,
  dedupWindowMs: 1,
  dropHeaders: [],
  query: null,
};
const source = (secret: string, name = "github") => ({ topic: "events", name, config: CONFIG, secrets: [secret] });

let nowMs: number;
let loads: number;
let isReachable: boolean;
let registry: IngestSourceRegistry;
let edge: () => IngestSources;

/** An isolate; each call of what it gives is a request's own. */
function isolate(): () => IngestSources {
  const sourceCache = createSourceCache(() => nowMs);
  const ingestSources = {
    ingestSnapshot: async (knownVersion: number | null) => {
      loads += 1;
      if (!isReachable) throw new Error("the cluster object is gone");
      return registry.snapshot(knownVersion);
    },
    putIngestSource: async (request: Parameters<IngestSourceRegistry["put"]>[0]) => registry.put(request),
    rotateIngestSecret: async (request: Parameters<IngestSourceRegistry["rotate"]>[0]) => registry.rotate(request),
    removeIngestSource: async (topic: string, name: string) => registry.remove(topic, name),
  };
  const topic = { topicId: "t", partitionCount: 1, configs: {}, version: 1, createdAtMs: 0 };
  const topics = { topic: async (name: string) => ({ ...topic, name }), invalidate: () => {} };
  return () => createIngestSources({ ports: { ingestSources }, topics, sourceCache });
}

const secretAt = async (sources: IngestSources, name = "github") => (await sources.withSecrets("events", name))?.secrets[0]?.secret ?? null;

beforeEach(() => {
  nowMs = 100_000;
  loads = 0;
  isReachable = true;
  registry = new IngestSourceRegistry(new MemoryIngestSourceStore(), () => nowMs);
  edge = isolate();
});

test("a webhook costs the cluster object nothing while what is known is fresh", async () => {
  registry.put(source("one"));
  for (let i = 0; i < 50; i++) expect(await secretAt(edge())).toBe("one");
  expect(loads).toBe(1);
});

test("a changed secret is obeyed at once where it was changed, and within 6 s elsewhere", async () => {
  const other = isolate();
  await edge().put(source("one"));
  expect([await secretAt(edge()), await secretAt(other())]).toEqual(["one", "one"]);
  await edge().put(source("two"));
  expect([await secretAt(edge()), await secretAt(other())]).toEqual(["two", "one"]);
  nowMs += 5_000;
  const refreshing = other().withSecrets("events", "github");
  expect(await secretAt(other())).toBe("one"); // while another request refreshes
  expect((await refreshing)?.secrets[0]?.secret).toBe("two");
  await edge().remove("events", "github");
  nowMs += 6_000;
  expect([await secretAt(edge()), await secretAt(other())]).toEqual([null, null]);
});

test("a name that is not known is looked for once a second, and a new source found within it", async () => {
  for (let i = 0; i < 50; i++) expect(await secretAt(edge(), `guess-${i}`)).toBeNull();
  expect(loads).toBe(1);
  registry.put(source("one", "late"));
  nowMs += 1_000;
  expect(await secretAt(edge(), "late")).toBe("one");
  expect(loads).toBe(2);
});

test("when the cluster object cannot be reached, what was known counts for a minute", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  registry.put(source("one"));
  expect(await secretAt(edge())).toBe("one");
  isReachable = false;
  nowMs += 59_000;
  expect(await secretAt(edge())).toBe("one");
  nowMs += 2_000;
  await expect(secretAt(edge())).rejects.toThrow("the cluster object is gone");
  isReachable = true;
  expect(await secretAt(edge())).toBe("one");
  vi.restoreAllMocks();
});

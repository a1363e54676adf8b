// The sources of inbound webhooks as the cluster object keeps them.

import { beforeEach, expect, test } from "vitest";
import { MAX_INGEST_SECRETS, MAX_INGEST_SOURCES } from "../../../src/common/limits/ingest.ts";
import type { PutSource } from "../../../src/ingest/messages.ts";
import type { SourceConfig } from "../../../src/ingest/source.ts";
import { IngestSourceRegistry } from "../../../src/ingest/source-registry.ts";
import { MemoryIngestSourceStore } from "../../../src/storage/memory-ingest-source-store.ts";

let nowMs: number;
let store: MemoryIngestSourceStore;
let registry: IngestSourceRegistry;

beforeEach(() => {
  nowMs = 1_000;
  store = new MemoryIngestSourceStore();
  registry = new IngestSourceRegistry(store, () => nowMs);
});

const CONFIG: SourceConfig = {
  ...{ scheme: { scheme: "github" }, toleranceMs: 300_000, id: "scheme", key: null },
  ...{ dedupWindowMs: 86_400_000, dropHeaders: [], query: null },
};
const put = (changes: Partial<PutSource> = {}) =>
  registry.put({ topic: "events", name: "github", config: CONFIG, secrets: ["one"], ...changes });
const stored = () => registry.snapshot(null)!.sources;
const secrets = () => stored()[0]!.secrets;

test("a source is made, changed and deleted, and the snapshot is told once for each version", () => {
  expect(put()).toEqual({
    source: { topic: "events", name: "github", config: CONFIG, secretsValidUntilMs: [null], createdAtMs: 1_000 },
    isNew: true,
  });
  const { version } = registry.snapshot(null)!;
  expect(registry.snapshot(version)).toBeNull();
  nowMs = 2_000;
  expect(put({ config: { ...CONFIG, toleranceMs: 1 } })).toMatchObject({ source: { createdAtMs: 1_000 }, isNew: false });
  expect(registry.snapshot(version)).toMatchObject({ sources: [{ config: { toleranceMs: 1 }, secrets: [{ secret: "one" }] }] });
  expect(new IngestSourceRegistry(store, () => nowMs).snapshot(null)).toEqual(registry.snapshot(null));
  expect(registry.remove("events", "github")).toBeNull();
  expect(stored()).toEqual([]);
  expect(registry.remove("events", "github")).toMatchObject({ error: "RESOURCE_NOT_FOUND" });
});

test("secrets that are not given again stay while the scheme does, and are never told", () => {
  put();
  const { secrets: _left, ...without } = { topic: "events", name: "github", config: CONFIG, secrets: undefined };
  const changed = registry.put({ ...without, config: { ...CONFIG, key: { pointer: "/a" } } });
  expect(JSON.stringify(changed)).not.toContain("one");
  expect(secrets()).toEqual([{ secret: "one", validUntilMs: null }]);
  expect(registry.put({ ...without, config: { ...CONFIG, scheme: { scheme: "slack" } } })).toMatchObject({
    error: "UNACCEPTABLE_CREDENTIAL",
  });
  expect(stored()[0]!.config.scheme).toEqual({ scheme: "github" });
  expect(registry.put({ ...without, config: { ...CONFIG, scheme: null } })).toMatchObject({ source: { secretsValidUntilMs: [] } });
});

test("a rotation keeps those before valid for the overlap, at most so many", () => {
  put();
  const rotate = (secret: string, overlapMs: number) => registry.rotate({ topic: "events", name: "github", secret, overlapMs });
  expect(rotate("two", 500)).toMatchObject({ secretsValidUntilMs: [null, 1_500] });
  expect(rotate("two", 900)).toMatchObject({ secretsValidUntilMs: [null, 1_500] });
  nowMs = 1_400;
  rotate("three", 1_000);
  expect(secrets()).toEqual([
    { secret: "three", validUntilMs: null },
    { secret: "two", validUntilMs: 2_400 },
    { secret: "one", validUntilMs: 1_500 },
  ]);
  for (let i = 0; i < MAX_INGEST_SECRETS; i++) rotate(`more ${i}`, 1_000);
  expect(secrets().map(({ secret }) => secret)).toEqual(["more 3", "more 2", "more 1", "more 0"]);
  rotate("only", 0);
  expect(secrets()).toEqual([{ secret: "only", validUntilMs: null }]);
  expect(registry.rotate({ topic: "events", name: "nobody", secret: "x", overlapMs: 0 })).toMatchObject({ error: "RESOURCE_NOT_FOUND" });
});

test("what its scheme cannot use is refused, and nothing is changed", () => {
  const standard = { ...CONFIG, scheme: { scheme: "standard" } } as const;
  for (const secret of ["one", "whsec_***", `whsec_${btoa("short")}`, `whpk_${btoa("x".repeat(31))}`, "whpk_"]) {
    const refused = put({ config: standard, secrets: [secret] });
    expect(refused, secret).toMatchObject({ error: "UNACCEPTABLE_CREDENTIAL" });
    if (secret.length > 6) expect(JSON.stringify(refused)).not.toContain(secret);
  }
  expect(put({ secrets: [] })).toMatchObject({ error: "UNACCEPTABLE_CREDENTIAL" });
  expect(put({ config: { ...CONFIG, scheme: null } })).toMatchObject({ error: "INVALID_REQUEST" });
  expect(registry.snapshot(null)).toEqual({ version: 0, sources: [] });
  expect(put({ config: standard, secrets: [`whsec_${btoa("x".repeat(24))}`, `whpk_${btoa("x".repeat(32))}`] })).toMatchObject({
    isNew: true,
  });
});

test("a topic's sources go with it, others stay", () => {
  put();
  put({ name: "default" });
  put({ topic: "other" });
  registry.removeTopic("events");
  expect(stored().map(({ topic, name }) => `${topic}/${name}`)).toEqual(["other/github"]);
  const { version } = registry.snapshot(null)!;
  registry.removeTopic("events");
  expect(registry.snapshot(version)).toBeNull();
});

test("there are at most so many", () => {
  for (let index = 0; index < MAX_INGEST_SOURCES; index++)
    store.put({ topic: "t", name: String(index), value: JSON.stringify({ config: CONFIG, secrets: [] }) });
  expect(put()).toMatchObject({ error: "POLICY_VIOLATION" });
  expect(put({ topic: "t", name: "0" })).toMatchObject({ isNew: false });
});

test("a token that could be guessed is refused", () => {
  const config: SourceConfig = { ...CONFIG, scheme: { scheme: "token", in: { parameter: "token" } } };
  expect(put({ config, secrets: ["fifteen letters"] })).toMatchObject({ error: "UNACCEPTABLE_CREDENTIAL" });
  expect(put({ config, secrets: ["sixteen letters!"] })).toMatchObject({ isNew: true });
  expect(registry.rotate({ topic: "events", name: "github", secret: "short", overlapMs: 0 })).toMatchObject({
    error: "UNACCEPTABLE_CREDENTIAL",
  });
});

test("a source that was stored before it had a query takes none", () => {
  const { query: _later, ...config } = CONFIG;
  store.put({ topic: "events", name: "old", value: JSON.stringify({ config, secrets: [], createdAtMs: 1 }) });
  expect(stored()).toEqual([{ topic: "events", name: "old", config: CONFIG, secrets: [], createdAtMs: 1 }]);
});

// The sources of inbound webhooks: how they are changed, and how the edge knows them. It knows all of them, by a snapshot that is a few
// seconds old at the most (common/snapshot-cache.ts): a webhook costs the cluster object nothing, and a name that there is not costs it one
// look a second.

import { type Failure, isFailure } from "../common/errors.ts";
import { SnapshotCache } from "../common/snapshot-cache.ts";
import {
  type IngestSnapshot,
  type PutSource,
  type PutSourceResult,
  type RotateSourceSecret,
  type SourceView,
  unknownSource,
  viewOf,
} from "../ingest/messages.ts";
import type { IngestSource } from "../ingest/source.ts";
import type { Ports } from "./ports.ts";
import { SnapshotReader } from "./snapshot-reader.ts";
import { findTopic, type TopicCache } from "./topics.ts";

/** Of one topic. */
export interface IngestSources {
  /** With its secrets: to verify by, and for nobody to see. null: there is none. */
  withSecrets(topic: string, name: string): Promise<IngestSource | null>;
  list(topic: string): Promise<readonly SourceView[] | Failure>;
  get(topic: string, name: string): Promise<SourceView | Failure>;
  put(request: PutSource): Promise<PutSourceResult | Failure>;
  rotateSecret(request: RotateSourceSecret): Promise<SourceView | Failure>;
  remove(topic: string, name: string): Promise<null | Failure>;
}

/** A snapshot, by topic and name. */
class KnownSources {
  readonly version: number;
  readonly all: readonly IngestSource[];
  readonly #byName: ReadonlyMap<string, IngestSource>;

  constructor({ version, sources }: IngestSnapshot) {
    this.version = version;
    this.all = sources;
    this.#byName = new Map(sources.map((source) => [`${source.topic}/${source.name}`, source]));
  }

  find(topic: string, name: string): IngestSource | undefined {
    return this.#byName.get(`${topic}/${name}`);
  }
}

/** What all requests of an isolate share. */
export function createSourceCache(now: () => number): SnapshotCache<IngestSnapshot, KnownSources> {
  return new SnapshotCache(now, (snapshot) => new KnownSources(snapshot));
}

export interface IngestContext {
  readonly ports: Pick<Ports, "ingestSources">;
  readonly topics: TopicCache;
  readonly sourceCache: SnapshotCache<IngestSnapshot, KnownSources>;
}

export function createIngestSources({ ports, topics, sourceCache: cache }: IngestContext): IngestSources {
  const load = (knownVersion: number | null) => ports.ingestSources.ingestSnapshot(knownVersion);
  const reader = new SnapshotReader({ cache, load, warn: warnOfSources });
  /** What was changed here is seen here at once. */
  const changing = async <Result>(change: Promise<Result>): Promise<Result> => {
    try {
      return await change;
    } finally {
      cache.expire();
    }
  };
  const onTopic = async <Result extends object>(name: string, work: () => Promise<Result | Failure>): Promise<Result | Failure> => {
    const topic = await findTopic(topics, name);
    return isFailure(topic) ? topic : work();
  };
  return {
    withSecrets: async (topic, name) => (await reader.find((known) => known.find(topic, name))) ?? null,
    list: (topic) => onTopic(topic, async () => (await reader.reload()).all.filter((source) => source.topic === topic).map(viewOf)),
    get: (topic, name) =>
      onTopic(topic, async () => {
        const source = (await reader.reload()).find(topic, name);
        return source === undefined ? unknownSource(topic, name) : viewOf(source);
      }),
    put: (request) => changing(ports.ingestSources.putIngestSource(request)),
    rotateSecret: (request) => changing(ports.ingestSources.rotateIngestSecret(request)),
    remove: (topic, name) => changing(ports.ingestSources.removeIngestSource(topic, name)),
  };
}

function warnOfSources(error: unknown): void {
  console.warn(JSON.stringify({ message: "the sources of inbound webhooks could not be loaded", error: String(error) }));
}

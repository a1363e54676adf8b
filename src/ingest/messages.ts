// What the cluster object and the edge say to each other about the sources of inbound webhooks: plain data (structured clone).

import type { Failure } from "../common/errors.ts";
import type { IngestSource, SourceConfig } from "./source.ts";

/** All sources, at one version. For the edge alone: their secrets are in it. */
export interface IngestSnapshot {
  /** Rises with every change. */
  readonly version: number;
  readonly sources: readonly IngestSource[];
}

/** A source as clients see it: without its secrets. */
export interface SourceView {
  readonly topic: string;
  readonly name: string;
  readonly config: SourceConfig;
  /** Of each of its secrets; null: until it is replaced. */
  readonly secretsValidUntilMs: readonly (number | null)[];
  readonly createdAtMs: number;
}

export interface PutSource {
  readonly topic: string;
  readonly name: string;
  readonly config: SourceConfig;
  /** Replace those that it has; absent: they stay, as long as the scheme does. */
  readonly secrets?: readonly string[];
}

export interface PutSourceResult {
  readonly source: SourceView;
  readonly isNew: boolean;
}

export interface RotateSourceSecret {
  readonly topic: string;
  readonly name: string;
  readonly secret: string;
  /** How long those before stay valid (ms). */
  readonly overlapMs: number;
}

/** Each change is whole or not at all, and durable when it is answered. */
export interface IngestSourcesPort {
  /** null: nothing changed since that version. */
  ingestSnapshot(knownVersion: number | null): Promise<IngestSnapshot | null>;
  putIngestSource(request: PutSource): Promise<PutSourceResult | Failure>;
  rotateIngestSecret(request: RotateSourceSecret): Promise<SourceView | Failure>;
  removeIngestSource(topic: string, name: string): Promise<null | Failure>;
}

export function viewOf({ topic, name, config, secrets, createdAtMs }: IngestSource): SourceView {
  return { topic, name, config, secretsValidUntilMs: secrets.map(({ validUntilMs }) => validUntilMs), createdAtMs };
}

export function unknownSource(topic: string, name: string): Failure {
  return { error: "RESOURCE_NOT_FOUND", detail: `topic '${topic}' has no source '${name}' of inbound webhooks` };
}

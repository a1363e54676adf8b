// The sources of inbound webhooks as the cluster object keeps them: the rules of their changes, over a store. The edge gets all of them at
// each version, and decides alone (ingest-sources.ts of the broker).
//
// Invariants: a change checks everything before it writes anything, and its row and the new version are one transaction. A source that has
// a scheme has a secret that is valid. A topic's sources go with it: under a topic that is made anew nobody has an old key.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_INGEST_SECRETS, MAX_INGEST_SOURCES, MIN_INGEST_TOKEN_LENGTH } from "../common/limits/ingest.ts";
import type { IngestSourceStore } from "../storage/ingest-source-store.ts";
import { checkSecret } from "../subscription/secrets.ts";
import {
  type IngestSnapshot,
  type PutSource,
  type PutSourceResult,
  type RotateSourceSecret,
  type SourceView,
  unknownSource,
  viewOf,
} from "./messages.ts";
import { PUBLIC_KEY_PREFIX, publicKeyBytes } from "./signature/verify.ts";
import type { IngestSource, Scheme, SourceConfig, SourceSecret } from "./source.ts";

/** What is stored beside topic and name. */
type StoredSource = Omit<IngestSource, "topic" | "name">;

/** What sources have not that were stored before there was such a field. */
const LATER_FIELDS = { query: null } satisfies Partial<SourceConfig>;

export class IngestSourceRegistry {
  readonly #store: IngestSourceStore;
  readonly #now: () => number;

  /** @param now ms since the epoch */
  constructor(store: IngestSourceStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** null: nothing changed since that version. */
  snapshot(knownVersion: number | null): IngestSnapshot | null {
    const version = this.#store.version();
    return version === knownVersion ? null : { version, sources: this.#sources() };
  }

  /** Makes or changes one. That its topic is there is for the caller to see. */
  put({ topic, name, config, secrets }: PutSource): PutSourceResult | Failure {
    const sources = this.#sources();
    const before = sources.find((source) => source.topic === topic && source.name === name);
    if (before === undefined && sources.length >= MAX_INGEST_SOURCES) {
      return failure("POLICY_VIOLATION", `there are ${MAX_INGEST_SOURCES} sources of inbound webhooks, as many as there may be`);
    }
    const kept = secrets === undefined ? this.#keptSecrets(before, config.scheme) : newSecrets(secrets);
    const refused = checkSecrets(kept, config.scheme);
    if (refused !== null) return refused;
    const source = { topic, name, config, secrets: kept, createdAtMs: before?.createdAtMs ?? this.#now() };
    this.#write(source);
    return { source: viewOf(source), isNew: before === undefined };
  }

  /** A new secret at once; those before stay valid for the overlap, the oldest of more than there may be no longer. */
  rotate({ topic, name, secret, overlapMs }: RotateSourceSecret): SourceView | Failure {
    const source = this.#sources().find((one) => one.topic === topic && one.name === name);
    if (source === undefined) return unknownSource(topic, name);
    if (source.config.scheme === null) return failure("INVALID_REQUEST", `source '${name}' has no signature, and so no secret`);
    const untilMs = this.#now() + overlapMs;
    const others = this.#valid(source.secrets).filter((one) => one.secret !== secret);
    const earlier = others.map((one) => ({ secret: one.secret, validUntilMs: Math.min(one.validUntilMs ?? untilMs, untilMs) }));
    const secrets = [{ secret, validUntilMs: null }, ...this.#valid(earlier)].slice(0, MAX_INGEST_SECRETS);
    const refused = checkSecrets(secrets, source.config.scheme);
    if (refused !== null) return refused;
    this.#write({ ...source, secrets });
    return viewOf({ ...source, secrets });
  }

  remove(topic: string, name: string): null | Failure {
    if (!this.#sources().some((source) => source.topic === topic && source.name === name)) return unknownSource(topic, name);
    this.#removeAll(topic, [name]);
    return null;
  }

  /** The topic is deleted. */
  removeTopic(topic: string): void {
    const names = this.#sources().flatMap((source) => (source.topic === topic ? source.name : []));
    if (names.length > 0) this.#removeAll(topic, names);
  }

  #sources(): IngestSource[] {
    return this.#store.rows().map(({ topic, name, value }) => {
      const { config, ...stored } = JSON.parse(value) as StoredSource;
      return { topic, name, ...stored, config: { ...LATER_FIELDS, ...config } };
    });
  }

  #write({ topic, name, ...stored }: IngestSource): void {
    this.#store.transaction(() => {
      this.#store.put({ topic, name, value: JSON.stringify(stored satisfies StoredSource) });
      this.#store.raiseVersion();
    });
  }

  #removeAll(topic: string, names: readonly string[]): void {
    this.#store.transaction(() => {
      for (const name of names) this.#store.remove(topic, name);
      this.#store.raiseVersion();
    });
  }

  /** Those of another scheme are of no use. */
  #keptSecrets(before: IngestSource | undefined, scheme: Scheme | null): readonly SourceSecret[] {
    return before !== undefined && before.config.scheme?.scheme === scheme?.scheme ? this.#valid(before.secrets) : [];
  }

  #valid<Secret extends SourceSecret>(secrets: readonly Secret[]): Secret[] {
    const nowMs = this.#now();
    return secrets.filter(({ validUntilMs }) => validUntilMs === null || nowMs < validUntilMs);
  }
}

function newSecrets(secrets: readonly string[]): SourceSecret[] {
  return [...new Set(secrets)].map((secret) => ({ secret, validUntilMs: null }));
}

function checkSecrets(secrets: readonly SourceSecret[], scheme: Scheme | null): Failure | null {
  if (scheme === null) {
    return secrets.length === 0 ? null : failure("INVALID_REQUEST", "a source without a signature has no secrets");
  }
  if (secrets.length === 0) {
    return failure("UNACCEPTABLE_CREDENTIAL", `a source that is signed (${scheme.scheme}) needs secrets: it has none of this scheme yet`);
  }
  if (scheme.scheme === "token" && secrets.some(({ secret }) => secret.length < MIN_INGEST_TOKEN_LENGTH)) {
    return failure("UNACCEPTABLE_CREDENTIAL", `a token has ${MIN_INGEST_TOKEN_LENGTH} characters or more: whoever guesses it may send`);
  }
  if (scheme.scheme !== "standard") return null;
  return secrets.map(({ secret }) => checkStandardSecret(secret)).find((refused) => refused !== null) ?? null;
}

function checkStandardSecret(secret: string): Failure | null {
  if (!secret.startsWith(PUBLIC_KEY_PREFIX)) return checkSecret(secret);
  if (publicKeyBytes(secret) !== null) return null;
  return failure(
    "UNACCEPTABLE_CREDENTIAL",
    `a public key is '${PUBLIC_KEY_PREFIX}' and the base64 of the 32 bytes of an Ed25519 key; this one is not`,
  );
}

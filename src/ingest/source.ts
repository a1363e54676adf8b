// A source of inbound webhooks: who may send to a topic without a token, how that is told from anybody else, and what of a request becomes
// the record's key and the id by which a redelivery is known again. A topic has any number of them, by name.
//
// The config and the secrets are stored as JSON (storage/ingest-source-store.ts); fields may be added, never renamed or given another
// meaning.

/** The source that the path without a name stands for. */
export const DEFAULT_SOURCE = "default";

export type HmacAlgorithm = "sha1" | "sha256" | "sha512";

/** An HMAC of the body in a header, as most senders have it in some spelling. */
export interface HmacScheme {
  readonly scheme: "hmac";
  /** In lower case. */
  readonly header: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: "hex" | "base64";
  /** What stands in the header before the digest. */
  readonly prefix: string;
}

/** Nothing is signed: the secret itself is shown. Names of headers are in lower case. */
export interface TokenScheme {
  readonly scheme: "token";
  readonly in: { readonly header: string } | { readonly parameter: string };
}

export type SignatureScheme = { readonly scheme: "standard" | "github" | "stripe" | "slack" } | HmacScheme;

export type Scheme = SignatureScheme | TokenScheme;

/** What becomes of the query of a source's URL: it is kept. */
export interface QueryConfig {
  /** Parameters that are not, beside those that never are. */
  readonly drop: readonly string[];
  /** A parameter by which the sender asks whether the URL is its to call: the value is the answer, and nothing is written. */
  readonly echo: string | null;
}

/** Where in a request something is: a header, in lower case, or a JSON pointer into the body (RFC 6901). */
export type ValuePlace = { readonly header: string } | { readonly pointer: string };

export interface SourceConfig {
  /** null: nothing is signed, a token is needed as for any produce. */
  readonly scheme: Scheme | null;
  /** How far a signed timestamp may be from now (ms). */
  readonly toleranceMs: number;
  /** Of an event, by which it is written once. `scheme`: where its scheme has one; null: events have none. */
  readonly id: "scheme" | ValuePlace | null;
  /** Of the record; null: the id. */
  readonly key: ValuePlace | null;
  /** For how long an id is known again (ms). */
  readonly dedupWindowMs: number;
  /** Headers that are not kept, in lower case, beside those that never are. */
  readonly dropHeaders: readonly string[];
  /** null: there is to be none, but for the scheme's token. */
  readonly query: QueryConfig | null;
}

export interface SourceSecret {
  readonly secret: string;
  /** null: until it is replaced. */
  readonly validUntilMs: number | null;
}

/** A source as the cluster stores it and the edge knows it. */
export interface IngestSource {
  readonly topic: string;
  readonly name: string;
  readonly config: SourceConfig;
  readonly secrets: readonly SourceSecret[];
  readonly createdAtMs: number;
}

/** Headers of the sender that its records do not have, as far as the source says. */
export function droppedHeaders({ dropHeaders, scheme }: SourceConfig): readonly string[] {
  return scheme?.scheme === "token" && "header" in scheme.in ? [...dropHeaders, scheme.in.header] : dropHeaders;
}

/** Those to verify with now. */
export function validSecrets({ secrets }: IngestSource, nowMs: number): string[] {
  return secrets.filter(({ validUntilMs }) => validUntilMs === null || nowMs < validUntilMs).map(({ secret }) => secret);
}

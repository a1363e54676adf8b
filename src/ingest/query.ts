// The query of an inbound webhook's URL. A sender that can be given nothing but a URL has its secret there, and what else it is to say; some
// ask by a parameter whether the URL is theirs to call. Unless its source says so, a query is refused, as everywhere (decisions/0007): it
// would not be in the record. Where it does, the record has what may be kept in one header, in the sender's own spelling and order, so that
// a consumer can check a signature of it.
//
// Credentials are not kept: records are read by more people than requests are.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_INGEST_QUERY_BYTES } from "../common/limits/ingest.ts";
import { type KeptHeader, OWN_PREFIX } from "./kept-headers.ts";
import type { SourceConfig } from "./source.ts";

const QUERY_HEADER = `${OWN_PREFIX}query`;

/** Credentials by custom, in lower case; beside the one of the source's scheme. */
const DROPPED = new Set([
  ...["token", "access_token", "auth_token", "verify_token", "hub.verify_token", "auth", "authorization"],
  ...["api_key", "api-key", "apikey", "secret", "client_secret", "password"],
]);

interface Parameter {
  /** Decoded. */
  readonly name: string;
  readonly value: string;
  /** As it stood in the URL. */
  readonly text: string;
}

export class Query {
  readonly #parameters: readonly Parameter[];

  /** @param url of the request, as the runtime gives it: characters that have no place in a URL are percent-encoded */
  constructor(url: string) {
    const pieces = new URL(url).search.slice(1).split("&");
    this.#parameters = pieces.flatMap((text) => [...new URLSearchParams(text)].map(([name, value]) => ({ name, value, text })));
  }

  /** The first one's value; null where there is none. */
  valueOf(name: string): string | null {
    return this.#parameters.find((parameter) => parameter.name === name)?.value ?? null;
  }

  /** The header that the record has of it; none where nothing is to be kept. */
  kept({ query, scheme }: Pick<SourceConfig, "query" | "scheme">): readonly KeptHeader[] | Failure {
    const token = scheme?.scheme === "token" && "parameter" in scheme.in ? scheme.in.parameter : null;
    const others = this.#parameters.filter(({ name }) => name !== token);
    if (query === null) return others.length === 0 ? [] : unwanted(others[0]!.name);
    const texts = others.filter(({ name }) => !DROPPED.has(name.toLowerCase()) && !query.drop.includes(name)).map(({ text }) => text);
    const text = texts.join("&"); // in ASCII, as URLs are
    if (text.length <= MAX_INGEST_QUERY_BYTES) return text === "" ? [] : [{ key: QUERY_HEADER, value: text }];
    return failure("INVALID_RECORD", `the query has ${text.length} bytes to be kept, ${MAX_INGEST_QUERY_BYTES} is the most`);
  }
}

function unwanted(name: string): Failure {
  const shown = JSON.stringify(name.slice(0, 50));
  return failure("INVALID_REQUEST", `In the query, ${shown}: the source takes none. Give it \`query\` to keep what its sender says there.`);
}

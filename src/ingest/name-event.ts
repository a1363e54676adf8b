// What an event is called: the id that its sender gave it, by which it is written once, and the key of its record. Both are functions of
// the request's bytes alone, so that a redelivery gets the same, and with them the same partition, where the first one is remembered.
//
// An event without an id is written whenever it comes. One without a key has its id as the key; without either it has none.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_INGEST_ID_LENGTH } from "../common/limits/ingest.ts";
import type { JsonBody } from "./json-body.ts";
import type { Claim } from "./signature/claim.ts";
import type { Scheme, SourceConfig, ValuePlace } from "./source.ts";

export interface EventNames {
  readonly id: string | null;
  readonly key: string | null;
}

/** Where each scheme's senders put the id. Standard Webhooks' is in the claim. */
const ID_PLACES: Readonly<Record<Scheme["scheme"], ValuePlace | null>> = {
  standard: null,
  github: { header: "x-github-delivery" },
  stripe: { pointer: "/id" },
  slack: { pointer: "/event_id" },
  hmac: null,
  token: null,
};

/** @param claim null where nothing is signed */
export function nameEvent(config: SourceConfig, claim: Claim | null, headers: Headers, body: JsonBody): EventNames | Failure {
  const id = config.id === "scheme" ? (claim?.id ?? valueAt(schemeIdPlace(config), headers, body)) : valueAt(config.id, headers, body);
  if (id !== null && id.length > MAX_INGEST_ID_LENGTH) {
    return failure("INVALID_RECORD", `the event's id has ${id.length} characters, ${MAX_INGEST_ID_LENGTH} is the most`);
  }
  return { id, key: valueAt(config.key, headers, body) ?? id };
}

function schemeIdPlace({ scheme }: SourceConfig): ValuePlace | null {
  return scheme === null ? null : ID_PLACES[scheme.scheme];
}

/** null where there is nothing, or only an empty text. */
function valueAt(place: ValuePlace | null, headers: Headers, body: JsonBody): string | null {
  if (place === null) return null;
  return ("header" in place ? headers.get(place.header) : body.textAt(place.pointer)) || null;
}

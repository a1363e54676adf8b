// POST /v1/topics/{topic}/ingest and …/ingest/{source}: anybody's webhook as a record, as it comes.
//
// In this order, so that who has no right to be here costs little: a token, or what the headers claim of the signature; the bounds on headers
// and query; the body; the signature; the quota. Only then anything is written, and the answer waits until it is durable.

import type { Broker } from "../../broker/broker.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import { DEFAULT_INGEST_TOLERANCE_MS, DEFAULT_ONCE_WINDOW_MS } from "../../common/limits/ingest.ts";
import { MAX_BATCH_BYTES } from "../../common/limits/records.ts";
import { JsonBody } from "../../ingest/json-body.ts";
import { EVENT_ID_HEADER, type KeptHeader, keptHeaders, SOURCE_HEADER } from "../../ingest/kept-headers.ts";
import { unknownSource } from "../../ingest/messages.ts";
import { nameEvent } from "../../ingest/name-event.ts";
import { onceKeyOf } from "../../ingest/once-key.ts";
import { Query } from "../../ingest/query.ts";
import type { Claim } from "../../ingest/signature/claim.ts";
import { checkToken } from "../../ingest/signature/token.ts";
import { checkClaim, checkSignature } from "../../ingest/signature/verify.ts";
import {
  DEFAULT_SOURCE,
  droppedHeaders,
  type IngestSource,
  type Scheme,
  type SignatureScheme,
  type SourceConfig,
  type TokenScheme,
  validSecrets,
} from "../../ingest/source.ts";
import { sourceIdentity } from "../../security/identity.ts";
import { answer } from "./answer.ts";
import { readBodyAsSent } from "./body.ts";
import type { Call } from "./call.ts";
import { ProblemError, requireResult } from "./problem.ts";

export type IngestCall = Call<{ readonly topic: string; readonly source?: string }>;

/** Of the default source while nobody has made it. */
const UNCONFIGURED: SourceConfig = {
  ...{ scheme: null, id: null, key: null, dropHeaders: [], query: null },
  ...{ toleranceMs: DEFAULT_INGEST_TOLERANCE_MS, dedupWindowMs: DEFAULT_ONCE_WINDOW_MS },
};

/** A request that may be written. */
interface Event {
  readonly topic: string;
  readonly source: string;
  readonly config: SourceConfig;
  /** null: by token. */
  readonly claim: Claim | null;
  /** The sender's that are kept, and its query. */
  readonly headers: readonly KeptHeader[];
  /** Asked for by the parameter that `query.echo` names; null: this is an event. */
  readonly challenge: string | null;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly body: JsonBody;
}

export async function ingest(call: IngestCall): Promise<Response> {
  const { topic, source: name = DEFAULT_SOURCE } = call.params;
  const source = await call.broker.ingestSources.withSecrets(topic, name);
  const scheme = source?.config.scheme ?? null;
  if (source !== null && scheme?.scheme === "token") return ingestByToken(call, source, scheme);
  if (source !== null && scheme !== null) return ingestSigned(call, source, scheme as SignatureScheme);
  const broker = await call.admit(await call.authenticate());
  if (source === null && name !== DEFAULT_SOURCE) throw new ProblemError(unknownSource(topic, name));
  const config = source?.config ?? UNCONFIGURED;
  return write(call, broker, await readEvent(call, topic, name, config, null));
}

/** Without a token of the broker's: the sender shows one of its source's. */
async function ingestByToken(call: IngestCall, source: IngestSource, scheme: TokenScheme): Promise<Response> {
  const { headers, url } = call.request;
  const refused = await checkToken(scheme, validSecrets(source, Date.now()), headers, new Query(url));
  if (refused !== null) throw unauthenticated(refused, scheme);
  const broker = await call.admit(sourceIdentity(source.topic, source.name));
  return write(call, broker, await readEvent(call, source.topic, source.name, source.config, null));
}

/** Without a token, and from any host: the signature is the credential, which no foreign page can make. */
async function ingestSigned(call: IngestCall, source: IngestSource, scheme: SignatureScheme): Promise<Response> {
  const nowMs = Date.now();
  const claim = checkClaim(scheme, source.config, call.request.headers, nowMs);
  if (isFailure(claim)) throw unauthenticated(claim, scheme);
  const event = await readEvent(call, source.topic, source.name, source.config, claim);
  const refused = await checkSignature(claim, scheme, validSecrets(source, nowMs), event.bytes);
  if (refused !== null) throw unauthenticated(refused, scheme);
  const broker = await call.admit(sourceIdentity(source.topic, source.name));
  const challenge = scheme.scheme === "slack" ? slackChallenge(event.body) : null;
  return challenge === null ? write(call, broker, event) : answer(call, { challenge });
}

async function readEvent(call: IngestCall, topic: string, source: string, config: SourceConfig, claim: Claim | null): Promise<Event> {
  const headers = requireResult(keptHeaders(call.request.headers, droppedHeaders(config))) as readonly KeptHeader[];
  const query = new Query(call.request.url);
  const keptQuery = requireResult(query.kept(config)) as readonly KeptHeader[];
  const challenge = config.query?.echo == null ? null : query.valueOf(config.query.echo);
  const bytes = (await readBodyAsSent(call.request, MAX_BATCH_BYTES)) as Uint8Array<ArrayBuffer>; // a larger one fits no record
  return { topic, source, config, claim, headers: [...headers, ...keptQuery], challenge, bytes, body: new JsonBody(bytes) };
}

async function write(call: IngestCall, broker: Broker, event: Event): Promise<Response> {
  const { topic, source, config, claim, headers, challenge, bytes, body } = event;
  if (challenge !== null) return plainText(challenge);
  const { id, key } = requireResult(nameEvent(config, claim, call.request.headers, body));
  const own = [{ key: SOURCE_HEADER, value: source }, ...(id === null ? [] : [{ key: EVENT_ID_HEADER, value: id }])];
  const once = id === null ? {} : { once: await onceKeyOf(source, id, config.dedupWindowMs) };
  const record = { key, value: bytes, headers: [...headers, ...own] };
  const produced = requireResult(await broker.produce({ topic, records: [record], compression: "none", ...once }));
  const refused = produced.refused[0]?.failure ?? produced.results[0]?.failure;
  if (refused !== undefined) throw new ProblemError(refused);
  const { partition, offset } = produced.offsets[0]!;
  return answer(call, { topic, partition, offset, duplicate: produced.results[0]!.isRepeat === true }, 202);
}

/** As senders want it back, decoded (Microsoft Graph's `validationToken`). Whatever it is, no browser is to take it for a page. */
function plainText(text: string): Response {
  return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" } });
}

/** Slack asks so whether an endpoint is the app's (docs.slack.dev, `url_verification`); null: this is an event. */
function slackChallenge(body: JsonBody): string | null {
  const challenge = body.at("/challenge");
  return body.at("/type") === "url_verification" && typeof challenge === "string" ? challenge : null;
}

function unauthenticated(refused: Failure, { scheme }: Scheme): ProblemError {
  return new ProblemError(refused, { headers: { "www-authenticate": `Webhook-Signature scheme="${scheme}"` } });
}

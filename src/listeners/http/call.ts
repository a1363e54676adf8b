// One request on its way through the HTTP listener: what every handler gets.

import type { Context } from "hono";
import type { Access } from "../../broker/access.ts";
import type { Broker } from "../../broker/broker.ts";
import type { Security } from "../../broker/security.ts";
import type { AllowedOrigins } from "../../common/allowed-origins.ts";
import type { HostPort } from "../../common/host-port.ts";
import type { TopicConfig } from "../../contract/topics.ts";
import type { RecordCodec } from "../../record/codec.ts";
import type { Identity } from "../../security/identity.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";

export interface HttpSettings {
  /** The token that may do everything; null or empty where none is set. */
  readonly adminToken: string | null;
  /** Serve without a token, on loopback only. */
  readonly open: boolean;
  /** Whose pages may use the broker; nobody's where absent, but this machine's where it is open. */
  readonly origins?: AllowedOrigins;
  /** The broker's version, as `/v1/cluster` and the documentation tell it. */
  readonly version: string;
}

export interface HttpParts {
  readonly codec: RecordCodec;
  readonly json: JsonWriter;
  /** A topic's configs with defaults, from those that were set. */
  readonly topicConfigs: (set: Readonly<Record<string, string>>) => readonly TopicConfig[];
}

/** A Kafka client's WebSocket that may be opened. */
export interface KafkaSocketRequest {
  readonly url: URL;
  /** null: the client authenticates by SASL, inside. */
  readonly identity: Identity | null;
  /** What this connection's answers name as the broker; null: what is set, or what the client came by. */
  readonly advertised: HostPort | null;
  readonly subprotocol: string | null;
}

/** Opens it where it is served; answers 101. */
export type OpenKafkaSocket = (request: KafkaSocketRequest) => Promise<Response>;

export interface Call<Params = Readonly<Record<string, unknown>>, Query = Readonly<Record<string, unknown>>> {
  readonly request: Request;
  readonly requestId: string;
  readonly params: Params;
  readonly query: Query;
  /** The media type of the answer, as `Accept` wants it; "" where the answer has no body. */
  readonly type: string;
  readonly settings: HttpSettings;
  readonly parts: HttpParts;
  /** As the client may use it. */
  readonly broker: Broker;
  readonly openKafkaSocket: OpenKafkaSocket;
  /** By the credentials of the request, for an operation that lets them be absent. Throws a ProblemError where they are not valid. */
  readonly authenticate: () => Identity | Promise<Identity>;
  /**
   * The broker as somebody else than the request's credentials name may use it, charged to their quotas. Throws 429 where those are used
   * up.
   */
  readonly admit: (identity: Identity) => Promise<Broker>;
  readonly security: Security;
  readonly access: Access;
}

const SANE_REQUEST_ID = /^[\w.:=+/-]{1,128}$/;

/** The client's request id if it can be trusted in a log line, else a new one. */
export function requestIdOf(context: Context): string {
  const given = context.req.raw.headers.get("x-request-id");
  return given !== null && SANE_REQUEST_ID.test(given) ? given : newRequestId();
}

/** Random, drawn at the first request: the platform gives no randomness before. */
let isolateId = "";
let requestCount = 0;

/** Unique by the isolate's id and a count: a random id for each request would cost more than its routing. */
function newRequestId(): string {
  if (isolateId === "") isolateId = crypto.randomUUID();
  requestCount += 1;
  return `${isolateId}-${requestCount}`;
}

/** For log lines: the query stays out, it may hold a token. */
export function requestName(request: Request): string {
  return `${request.method} ${new URL(request.url).pathname}`;
}

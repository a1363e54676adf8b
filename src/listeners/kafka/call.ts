// One request on its way through the Kafka listener: what every API gets, and how one is declared.

import type { Broker } from "../../broker/broker.ts";
import type { WatchCache } from "../../broker/watch-cache.ts";
import type { HostPort } from "../../common/host-port.ts";
import type { Api } from "../../protocol/api-keys.ts";
import type { DecodedStruct, EncodableStruct, Fields } from "../../protocol/fields.ts";

/** Kafka clients know brokers by number. There is one: every edge node is the same broker. */
export const NODE_ID = 1;

export interface KafkaSettings {
  /** The token that may do everything; null where none is set. */
  readonly adminToken: string | null;
  /** Serve without a token. */
  readonly isOpen: boolean;
  /** Whether a client that asks for a topic that is not there gets one (auto.create.topics.enable). */
  readonly isAutoCreated: boolean;
  /** What clients are told to connect to. */
  readonly advertised: HostPort;
}

/** What a session knows of its client for good: plain data, so that a WebSocket's session outlives its object's sleep. */
export interface SessionState {
  isAuthenticated: boolean;
  /** Chosen by SaslHandshake. */
  saslMechanism: string | null;
}

/** What a connection knows of its client. */
export interface Session extends SessionState {
  /** Left open by the client's fetches for those that follow. */
  readonly watches: WatchCache;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** The client broke the protocol, or may not go on: the connection has to be closed. */
export class ConnectionRefused extends Error {}

/** The client is gone, or was silent for too long: nothing to be told of. */
export class ClientGone extends Error {}

export interface Call<Request> {
  readonly request: Request;
  readonly version: number;
  readonly clientId: string;
  readonly broker: Broker;
  readonly settings: KafkaSettings;
  readonly session: Session;
}

export interface ServedApi {
  readonly api: Api;
  /** Inclusive, as they are implemented. */
  readonly minVersion: number;
  readonly maxVersion: number;
  /** What ApiVersions says, where it is less than `minVersion` (KAFKA-18659). */
  readonly advertisedMinVersion: number;
  /** null: nothing is answered. */
  readonly handle: (call: Call<never>) => Promise<object | null>;
}

/** Declares an API: the versions that are served, and what answers them. */
export function serve<Request extends Fields, Response extends Fields>(
  api: Api<Request, Response>,
  versions: { readonly min: number; readonly max: number; readonly advertisedMin?: number },
  handle: (call: Call<DecodedStruct<Request>>) => Promise<EncodableStruct<Response> | null>,
): ServedApi {
  return {
    api: api as unknown as Api,
    minVersion: versions.min,
    maxVersion: versions.max,
    advertisedMinVersion: versions.advertisedMin ?? versions.min,
    handle: handle as (call: Call<never>) => Promise<object | null>,
  };
}

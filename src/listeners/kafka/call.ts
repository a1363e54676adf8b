// One request on its way through the Kafka listener: what every API gets, and how one is declared.

import type { Access } from "../../broker/access.ts";
import type { AnswerRoom } from "../../broker/answer-room.ts";
import type { Broker } from "../../broker/broker.ts";
import type { ClientMeter } from "../../broker/client-meter.ts";
import type { ReadAhead } from "../../broker/read-ahead.ts";
import type { Security } from "../../broker/security.ts";
import type { WatchCache } from "../../broker/watch-cache.ts";
import type { HostPort } from "../../common/host-port.ts";
import type { Api } from "../../protocol/api-keys.ts";
import type { DecodedStruct, EncodableStruct, Fields } from "../../protocol/fields.ts";
import { ANONYMOUS, type Identity } from "../../security/identity.ts";
import type { ScramExchange } from "../../security/scram-exchange.ts";
import type { FetchSession } from "./fetch-session.ts";
import type { CommitTopics, FetchPlaces } from "./remade-topics.ts";
import type { ShareSessionState, ShareSessions } from "./share-session.ts";
import type { TransactionalOrder } from "./transactional-order.ts";

/** Kafka clients know brokers by number. There is one: every edge node is the same broker. */
export const NODE_ID = 1;

export interface KafkaSettings {
  /** The token that may do everything; null where none is set. */
  readonly adminToken: string | null;
  /** Serve without a token. */
  readonly isOpen: boolean;
  /** Whether a client that asks for a topic that is not there gets one (auto.create.topics.enable). */
  readonly isAutoCreated: boolean;
  /** Of a topic that is made without a number of them (num.partitions). */
  readonly defaultPartitions: number;
  /** What clients are told to connect to. */
  readonly advertised: HostPort;
  /** How long an authentication by SASL lasts (connections.max.reauth.ms); 0 or absent: for as long as the connection. */
  readonly maxReauthMs?: number;
}

/** What a session knows of its client for good: plain data, so that a WebSocket's session outlives its object's sleep. */
export interface SessionState {
  isAuthenticated: boolean;
  /** Chosen by SaslHandshake, while the client authenticates by it; null once that is over. */
  saslMechanism: string | null;
  identity: Identity;
  /** The mechanism that it is authenticated by; null where it came in without. */
  authenticatedBy: string | null;
  /** ms since the epoch, of the last that was begun; 0: never. */
  reauthenticatedAtMs: number;
  /** ms since the epoch: after it, the client has to authenticate again (KIP-368); null: never. */
  expiresAtMs: number | null;
  /** Of the members of share groups that the client is; absent where it was none. */
  readonly shareSessions?: readonly ShareSessionState[];
}

/** @param identity of a client that is let in as it comes; null: it has to authenticate by SASL */
export function newSession(identity: Identity | null): SessionState {
  const sasl = { saslMechanism: null, authenticatedBy: null, reauthenticatedAtMs: 0, expiresAtMs: null };
  return { isAuthenticated: identity !== null, identity: identity ?? ANONYMOUS, ...sasl };
}

/** What a connection knows of its client. */
export interface Session extends Omit<SessionState, "shareSessions"> {
  /** The exchange of SCRAM that is under way. */
  exchange: ScramExchange | null;
  /** Authentication failed: nothing more is to be served. */
  isRefused: boolean;
  /** Of `identity`. */
  access: Access;
  meter: ClientMeter;
  /** Of the client's fetches; null: it has none. */
  fetchSession: FetchSession | null;
  /** Which logs the client's fetches are in. */
  readonly fetchPlaces: FetchPlaces;
  /** Which topics the client's commits are of. */
  readonly commitTopics: CommitTopics;
  /** Of the members of share groups that the client is. */
  readonly shareSessions: ShareSessions;
  /** Left open by the client's fetches for those that follow. */
  readonly watches: WatchCache;
  /** For the client's next fetches. */
  readonly readAhead: ReadAhead;
  /** Of the client's transactional batches. */
  readonly transactionalOrder: TransactionalOrder;
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
  /** As the client may use it. */
  readonly broker: Broker;
  readonly security: Security;
  readonly settings: KafkaSettings;
  readonly session: Session;
  /** For the records of the answer; left by the connection, once it has gone out. */
  readonly room: AnswerRoom;
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

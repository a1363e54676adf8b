// One Kafka connection, whatever carries it: bytes in, frames out, in the order of the requests.
//
// Requests are taken one after the other, as a Kafka broker does: the next is looked at when the one before is answered. Only Produce is
// pipelined, since a producer sends several at once and each waits for the disk: it is begun in order, its records copied, and answered in
// order; of a transaction, one at a time in each partition. Bytes that are no request end the connection, with a line in the log, and
// nothing else.

import type { AnswerRoom } from "../../broker/answer-room.ts";
import type { Broker } from "../../broker/broker.ts";
import { ReadAhead } from "../../broker/read-ahead.ts";
import { brokerOf, createSecurityState, NO_SECURITY, Security } from "../../broker/security.ts";
import { SharedRoom } from "../../broker/shared-room.ts";
import { WatchCache } from "../../broker/watch-cache.ts";
import { MAX_READ_AHEAD_BYTES, READ_AHEAD_MS } from "../../common/limits/fetch.ts";
import {
  MAX_BYTES_IN_FLIGHT,
  MAX_FRAME_BYTES,
  MAX_REQUESTS_IN_FLIGHT,
  MAX_UNAUTHENTICATED_FRAME_BYTES,
  MAX_WATCHES_PER_CONNECTION,
} from "../../common/limits/kafka.ts";
import { waitUnless } from "../../common/wait.ts";
import { API } from "../../protocol/api-keys.ts";
import { encodeResponse, openRequest, type RequestEnvelope } from "../../protocol/envelope.ts";
import type { EncodableStruct, Fields } from "../../protocol/fields.ts";
import { FrameSplitter } from "../../protocol/framing.ts";
import { Writer } from "../../protocol/writer.ts";
import { ANONYMOUS } from "../../security/identity.ts";
import { apiVersionsAnswer } from "./apis/18-api-versions.ts";
import { ClientGone, ConnectionRefused, type KafkaSettings, newSession, type ServedApi, type Session, type SessionState } from "./call.ts";
import { CommitTopics, FetchPlaces } from "./remade-topics.ts";
import { SERVED, servedApi } from "./served-apis.ts";
import { releaseSession } from "./share-requests.ts";
import { ShareSessions } from "./share-session.ts";
import { TransactionalOrder } from "./transactional-order.ts";

export interface ConnectionOptions {
  readonly broker: Broker;
  /** Users, rights and quotas; none where absent. */
  readonly security?: Security;
  readonly settings: KafkaSettings;
  /** Sends the segments of a frame; resolves when there is room for more. */
  readonly send: (segments: readonly Uint8Array[]) => Promise<void>;
  /** An answer could not be made or sent: the connection has to be closed, also while nothing comes. `drain` says why. */
  readonly onFailure?: () => void;
  /** Of a session that goes on, or that began elsewhere; else it is a new one. */
  readonly session?: SessionState;
}

/** What a client may ask before it has authenticated. */
const OPEN_APIS: readonly number[] = [API.apiVersions.key, API.saslHandshake.key, API.saslAuthenticate.key];

/** Of all connections of the isolate. A read ahead lasts READ_AHEAD_MS at the most. */
const readAheadRoom = new SharedRoom(MAX_READ_AHEAD_BYTES, 2 * READ_AHEAD_MS);

export class KafkaConnection {
  readonly #options: ConnectionOptions;
  readonly #security: Security;
  readonly #splitter: FrameSplitter;
  readonly #writer = new Writer();
  readonly #session: Session;
  readonly #gone = new AbortController();
  /** Answers leave through it, one after the other. */
  #sending: Promise<void> = Promise.resolve();
  #requestsInFlight = 0;
  #bytesInFlight = 0;
  /** Until then the client is not listened to, for its quota's sake (KIP-219); ms since the epoch. */
  #mutedUntilMs = 0;
  #failure: unknown = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const state = options.session ?? newSession(options.settings.isOpen ? ANONYMOUS : null);
    this.#security = options.security ?? new Security(NO_SECURITY, createSecurityState(Date.now));
    this.#session = {
      ...identityState(state),
      ...{ exchange: null, isRefused: false },
      ...{ access: this.#security.access(state.identity), meter: this.#security.meter(state.identity) },
      ...{ fetchSession: null, watches: new WatchCache(MAX_WATCHES_PER_CONNECTION), signal: this.#gone.signal },
      readAhead: new ReadAhead(readAheadRoom, Date.now),
      ...{ fetchPlaces: new FetchPlaces(), commitTopics: new CommitTopics() },
      shareSessions: new ShareSessions(state.shareSessions ?? []),
      transactionalOrder: new TransactionalOrder(),
    };
    this.#splitter = new FrameSplitter(maxFrameBytes(state.isAuthenticated));
  }

  /** To go on with in another connection object, while `isIdle`. */
  get session(): SessionState {
    return { ...identityState(this.#session), shareSessions: this.#session.shareSessions.states };
  }

  /** Bytes of a request that has begun to come. */
  get pendingBytes(): number {
    return this.#splitter.pendingBytes;
  }

  /** Nothing is asked that is not answered, and no request has come in part. */
  get isIdle(): boolean {
    return this.#requestsInFlight === 0 && this.pendingBytes === 0;
  }

  /** Kept open by the client's last fetches. */
  get watchCount(): number {
    return this.#session.watches.size;
  }

  /** The client's fetches keep nothing open; the next one opens what it needs. */
  closeWatches(): void {
    this.#session.watches.clear();
  }

  /**
   * Takes the next bytes of the client. They may be overwritten once this resolves.
   * @throws ProtocolError or ConnectionRefused where the connection has to be closed
   */
  async receive(chunk: Uint8Array): Promise<void> {
    for (const frame of this.#splitter.split(chunk)) {
      await this.#accept(openRequest(frame), frame.byteLength);
      this.#splitter.maxBytes = maxFrameBytes(this.#session.isAuthenticated);
    }
  }

  /** Nothing more comes from the client: nobody waits for records any more, and a fetch that does is answered with what there is. */
  end(): void {
    this.#gone.abort();
    this.#session.watches.close();
    this.#session.readAhead.close();
  }

  /** What the client holds of share groups is delivered to others. To be called last: what is under way may acquire still. Never rejects. */
  async releaseShares(): Promise<void> {
    const { broker } = this.#options;
    await this.#sending;
    const sessions = this.#session.shareSessions.endAll();
    const released = await Promise.allSettled(sessions.map((session) => releaseSession(broker, session)));
    for (const one of released) {
      if (one.status === "rejected") console.warn(JSON.stringify({ message: "records end with their leases", error: String(one.reason) }));
    }
  }

  /** Resolves when all that was asked is answered. */
  async drain(): Promise<void> {
    await this.#sending;
    if (this.#failure !== null) throw this.#failure;
  }

  async #accept(envelope: RequestEnvelope, sizeBytes: number): Promise<void> {
    if (this.#mutedUntilMs > 0) await this.#unmuted();
    if (this.#failure !== null) throw this.#failure;
    const { api, version } = envelope;
    const served = servedApi(api.key);
    if (api.key === API.apiVersions.key && (served === undefined || version > served.maxVersion)) {
      return this.#answerUnknownApiVersions(envelope);
    }
    if (served === undefined || version < served.minVersion || version > served.maxVersion) {
      throw new ConnectionRefused(`${api.name} version ${version} is not served`);
    }
    if (!OPEN_APIS.includes(api.key)) await this.#admit(envelope);
    const room = this.#options.broker.openAnswer();
    this.#respond(envelope, this.#handle(envelope, served, room), sizeBytes, room);
    if (api.key !== API.produce.key || !this.#hasRoomInFlight()) await this.drain();
    if (this.#session.isRefused) this.#fail(new ConnectionRefused("the client could not authenticate"));
  }

  /** @throws ConnectionRefused where the client may ask nothing but who it is */
  async #admit({ api, clientId }: RequestEnvelope): Promise<void> {
    const { isAuthenticated, saslMechanism, expiresAtMs, identity, meter } = this.#session;
    if (!isAuthenticated) throw new ConnectionRefused(`${api.name} before the client has authenticated`);
    if (saslMechanism !== null) throw new ConnectionRefused(`${api.name} while the client authenticates`);
    if (expiresAtMs !== null && Date.now() >= expiresAtMs) throw new ConnectionRefused("the client has not authenticated again in time");
    const ready = this.#security.ready(identity, (work) => this.#options.broker.waitUntil(work));
    if (ready !== null) await ready;
    meter.charge("request_rate", clientId ?? "", 1);
  }

  async #unmuted(): Promise<void> {
    await waitUnless(this.#gone.signal, this.#mutedUntilMs - Date.now());
    this.#mutedUntilMs = 0;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#options.onFailure?.();
  }

  #hasRoomInFlight(): boolean {
    return this.#requestsInFlight < MAX_REQUESTS_IN_FLIGHT && this.#bytesInFlight < MAX_BYTES_IN_FLIGHT;
  }

  #handle({ api, version, clientId, reader }: RequestEnvelope, served: ServedApi, room: AnswerRoom): Promise<object | null> {
    const { settings } = this.#options;
    const { access, meter } = this.#session;
    const broker = brokerOf(this.#options.broker, access, meter, clientId ?? "");
    // What stands after a request is not looked at, nor is it by Kafka's broker: librdkafka leaves three bytes after a Metadata request for
    // all topics, from version 9 on.
    const request = api.request.read(reader, version);
    const call = { request, version, clientId: clientId ?? "", broker, security: this.#security, settings, session: this.#session, room };
    return served.handle(call as never);
  }

  /** Queues an answer behind those before it. */
  #respond(
    { api, version, correlationId }: RequestEnvelope,
    response: Promise<object | null>,
    sizeBytes: number,
    room: AnswerRoom | null = null,
  ): void {
    this.#requestsInFlight += 1;
    this.#bytesInFlight += sizeBytes;
    response.catch(() => undefined); // #sending has the rejection, when its turn comes
    this.#sending = this.#sending
      .then(async () => {
        const answer = await response;
        if (answer === null || this.#failure !== null) return;
        const told = this.#throttled(answer) as EncodableStruct<Fields>;
        await this.#send(encodeResponse(this.#writer, api, version, correlationId, told), room);
        this.#session.readAhead.begin();
      })
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#requestsInFlight -= 1;
        this.#bytesInFlight -= sizeBytes;
        room?.leave();
      });
  }

  /** Resolves when the client takes the frame. Records that it does not take in time end it, where others want their room. */
  async #send(segments: readonly Uint8Array[], room: AnswerRoom | null): Promise<void> {
    const sent = this.#options.send(segments);
    if (room === null || room.heldBytes === 0) return sent;
    const { promise: late, reject } = Promise.withResolvers<never>();
    room.endWhenLate(() => reject(new ClientGone("the client did not take its records, and others want their room")));
    await Promise.race([sent, late]);
  }

  /** Tells the client how long its quota makes it wait, and does not listen to it for so long. */
  #throttled(answer: object): object {
    const throttleTimeMs = this.#session.meter.takeOwedMs();
    if (throttleTimeMs === 0) return answer;
    this.#mutedUntilMs = Math.max(this.#mutedUntilMs, Date.now() + throttleTimeMs);
    return "throttleTimeMs" in answer ? { ...answer, throttleTimeMs } : answer;
  }

  /** A version that is not known is answered in version 0, with what is. */
  async #answerUnknownApiVersions(envelope: RequestEnvelope): Promise<void> {
    this.#respond({ ...envelope, version: 0 }, Promise.resolve(apiVersionsAnswer(SERVED, 0, "UNSUPPORTED_VERSION")), 0);
    await this.drain();
  }
}

/** Without what only the connection has. */
function identityState(session: Omit<SessionState, "shareSessions">): Omit<SessionState, "shareSessions"> {
  const { isAuthenticated, saslMechanism, identity, authenticatedBy, reauthenticatedAtMs, expiresAtMs } = session;
  return { isAuthenticated, saslMechanism, identity, authenticatedBy, reauthenticatedAtMs, expiresAtMs };
}

function maxFrameBytes(isAuthenticated: boolean): number {
  return isAuthenticated ? MAX_FRAME_BYTES : MAX_UNAUTHENTICATED_FRAME_BYTES;
}

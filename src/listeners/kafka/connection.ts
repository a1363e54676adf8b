// One Kafka connection, whatever carries it: bytes in, frames out, in the order of the requests.
//
// Requests are taken one after the other, as a Kafka broker does: the next is looked at when the one before is answered. Only Produce is
// pipelined, since a producer sends several at once and each waits for the disk: it is begun in order, its records copied, and answered in
// order. Bytes that are no request end the connection, with a line in the log, and nothing else.

import type { Broker } from "../../broker/broker.ts";
import { MAX_FRAME_BYTES, MAX_REQUESTS_IN_FLIGHT } from "../../common/limits.ts";
import { API } from "../../protocol/api-keys.ts";
import { encodeResponse, openRequest, type RequestEnvelope } from "../../protocol/envelope.ts";
import type { EncodableStruct, Fields } from "../../protocol/fields.ts";
import { FrameSplitter } from "../../protocol/framing.ts";
import { ProtocolError } from "../../protocol/protocol-error.ts";
import { Writer } from "../../protocol/writer.ts";
import { apiVersionsAnswer } from "./apis/18-api-versions.ts";
import type { KafkaSettings, ServedApi, Session } from "./call.ts";
import { SERVED, servedApi } from "./served-apis.ts";

export interface ConnectionOptions {
  readonly broker: Broker;
  readonly settings: KafkaSettings;
  /** Sends the segments of a frame; resolves when there is room for more. */
  readonly send: (segments: readonly Uint8Array[]) => Promise<void>;
}

/** What a client may ask before it has authenticated. */
const OPEN_APIS: readonly number[] = [API.apiVersions.key, API.saslHandshake.key, API.saslAuthenticate.key];

/** The client broke the protocol, or may not go on: the connection has to be closed. */
export class ConnectionRefused extends Error {}

export class KafkaConnection {
  readonly #options: ConnectionOptions;
  readonly #splitter = new FrameSplitter(MAX_FRAME_BYTES);
  readonly #writer = new Writer();
  readonly #session: Session;
  /** Answers leave through it, one after the other. */
  #sending: Promise<void> = Promise.resolve();
  #inFlight = 0;
  #failure: unknown = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#session = { isAuthenticated: options.settings.isOpen, saslMechanism: null };
  }

  /**
   * Takes the next bytes of the client. They may be overwritten once this resolves.
   * @throws ProtocolError or ConnectionRefused where the connection has to be closed
   */
  async receive(chunk: Uint8Array): Promise<void> {
    for (const frame of this.#splitter.split(chunk)) await this.#accept(openRequest(frame));
  }

  /** Resolves when all that was asked is answered. */
  async drain(): Promise<void> {
    await this.#sending;
    if (this.#failure !== null) throw this.#failure;
  }

  async #accept(envelope: RequestEnvelope): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const served = servedApi(envelope.api.key);
    if (envelope.api.key === API.apiVersions.key && (served === undefined || envelope.version > served.maxVersion)) {
      return this.#answerUnknownApiVersions(envelope);
    }
    if (served === undefined || envelope.version < served.minVersion || envelope.version > served.maxVersion) {
      throw new ConnectionRefused(`${envelope.api.name} version ${envelope.version} is not served`);
    }
    if (!this.#session.isAuthenticated && !OPEN_APIS.includes(envelope.api.key)) {
      throw new ConnectionRefused(`${envelope.api.name} before the client has authenticated`);
    }
    this.#respond(envelope, this.#handle(envelope, served));
    const isPipelined = envelope.api.key === API.produce.key && this.#inFlight < MAX_REQUESTS_IN_FLIGHT;
    if (!isPipelined) await this.drain();
  }

  #handle({ api, version, clientId, reader }: RequestEnvelope, served: ServedApi): Promise<object | null> {
    const { broker, settings } = this.#options;
    const request = api.request.read(reader, version);
    if (reader.remaining > 0) throw new ProtocolError(`${reader.remaining} bytes stand after a ${api.name} request`);
    const call = { request, version, clientId: clientId ?? "", broker, settings, session: this.#session };
    return served.handle(call as never);
  }

  /** Queues an answer behind those before it. */
  #respond({ api, version, correlationId }: RequestEnvelope, response: Promise<object | null>): void {
    this.#inFlight += 1;
    response.catch(() => undefined); // #sending has the rejection, when its turn comes
    this.#sending = this.#sending
      .then(async () => {
        const answer = await response;
        if (answer !== null)
          await this.#options.send(encodeResponse(this.#writer, api, version, correlationId, answer as EncodableStruct<Fields>));
      })
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#inFlight -= 1;
      });
  }

  /** A version that is not known is answered in version 0, with what is. */
  async #answerUnknownApiVersions({ api, correlationId }: RequestEnvelope): Promise<void> {
    const answer = Promise.resolve(apiVersionsAnswer(SERVED, "UNSUPPORTED_VERSION"));
    this.#respond({ api, version: 0, correlationId, clientId: null } as RequestEnvelope, answer);
    await this.drain();
  }
}

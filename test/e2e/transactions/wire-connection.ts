// One connection to the Kafka door, for requests by hand: made again when it is lost.

import type { Api } from "../../../src/protocol/api-keys.ts";
import type { DecodedStruct, EncodableStruct, Fields } from "../../../src/protocol/fields.ts";
import { openResponse, requestFrame } from "../../support/kafka-frames.ts";
import { connectKafka, type KafkaSocket } from "../../support/kafka-socket.ts";

/** Requests go one at a time. */
export class WireConnection {
  readonly #address: string;
  #socket: KafkaSocket | null = null;

  /** @param address HOST:PORT */
  constructor(address: string) {
    this.#address = address;
  }

  /** Null: not answered. */
  async ask<Request extends Fields, Response extends Fields>(
    api: Api<Request, Response>,
    version: number,
    request: EncodableStruct<Request>,
  ): Promise<DecodedStruct<Response> | null> {
    try {
      this.#socket ??= await connectKafka(this.#address);
      this.#socket.send(requestFrame(api, version, request));
      return openResponse(api as Api<Fields, Response>, version, await this.#socket.next()).response;
    } catch {
      this.close(); // cut off, or nobody listens
      return null;
    }
  }

  close(): void {
    this.#socket?.socket.destroy();
    this.#socket = null;
  }
}

// A Kafka connection over a broker in memory, as tests talk to it: requests in, decoded answers out.

import type { Security } from "../../src/broker/security.ts";
import { MAX_FRAME_BYTES } from "../../src/common/limits/kafka.ts";
import type { KafkaSettings, SessionState } from "../../src/listeners/kafka/call.ts";
import { KafkaConnection } from "../../src/listeners/kafka/connection.ts";
import type { Api } from "../../src/protocol/api-keys.ts";
import type { DecodedStruct, Fields } from "../../src/protocol/fields.ts";
import { FrameSplitter } from "../../src/protocol/framing.ts";
import "./http.ts"; // workerd's timingSafeEqual
import { concatBytes } from "../../src/common/bytes.ts";
import { openResponse, requestFrame } from "./kafka-frames.ts";
import type { MemoryBroker } from "./memory-broker.ts";

export const OPEN_KAFKA: KafkaSettings = {
  ...{ adminToken: null, isOpen: true, isAutoCreated: true, defaultPartitions: 1 },
  advertised: { host: "localhost", port: 9092 },
};

export interface KafkaClient {
  readonly connection: KafkaConnection;
  /** The frames that came back, without their sizes. */
  readonly sent: Uint8Array[];
  /** Sends one request and resolves to its answer. */
  ask<Response extends Fields>(api: Api<Fields, Response>, version: number, request: object): Promise<DecodedStruct<Response>>;
}

/** @param session of a connection that goes on */
export function connectKafka(
  broker: MemoryBroker,
  settings: KafkaSettings = OPEN_KAFKA,
  security?: Security,
  session?: SessionState,
): KafkaClient {
  const sent: Uint8Array[] = [];
  const splitter = new FrameSplitter(MAX_FRAME_BYTES);
  const send = async (segments: readonly Uint8Array[]) => {
    for (const frame of splitter.split(concatBytes(segments))) sent.push(frame.slice());
  };
  const connection = new KafkaConnection({ broker, settings, send, ...(security && { security }), ...(session && { session }) });
  return {
    connection,
    sent,
    async ask(api, version, request) {
      await connection.receive(requestFrame(api as never, version, request as never));
      return openResponse(api, version, sent.at(-1)!).response;
    },
  };
}

// Kafka requests and responses as bytes, for clients that are no library's.

import { API, type Api, requestHeaderVersion, responseHeaderVersion } from "../../src/protocol/api-keys.ts";
import type { DecodedStruct, EncodableStruct, Fields } from "../../src/protocol/fields.ts";
import { requestHeader, responseHeader } from "../../src/protocol/messages/headers.ts";
import { Reader } from "../../src/protocol/reader.ts";
import { joinSegments, Writer } from "../../src/protocol/writer.ts";

/** A whole request: its size, its header, and itself. */
export function requestFrame<Request extends Fields>(
  api: Api<Request>,
  version: number,
  request: EncodableStruct<Request>,
  correlationId = 1,
): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  const setSize = writer.reserveInt32();
  const before = writer.length;
  const header = { requestApiKey: api.key, requestApiVersion: version, correlationId, clientId: "test" };
  requestHeader.write(writer, requestHeaderVersion(api, version), header);
  api.request.write(writer, version, request);
  setSize(writer.length - before);
  return new Uint8Array(joinSegments(writer.finish()));
}

export interface OpenedResponse<Response extends Fields> {
  readonly correlationId: number;
  readonly response: DecodedStruct<Response>;
}

/** Reads a response without its size. */
export function openResponse<Response extends Fields>(
  api: Api<Fields, Response>,
  version: number,
  frame: Uint8Array,
): OpenedResponse<Response> {
  const reader = new Reader(frame);
  const { correlationId } = responseHeader.read(reader, responseHeaderVersion(api, version));
  const response = api.response.read(reader, version);
  if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes stand after a ${api.name} response`);
  return { correlationId, response };
}

/** A Produce of version 9 to one partition. */
export function produceFrame(
  topic: string,
  records: Uint8Array,
  {
    correlationId = 1,
    acks = -1,
    partition = 0,
    transactionalId = null,
  }: { correlationId?: number; acks?: number; partition?: number; transactionalId?: string | null } = {},
): Uint8Array {
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
  return requestFrame(API.produce, 9, { transactionalId, acks, timeoutMs: 1000, topicData }, correlationId);
}

/** A Fetch of version 12 from one partition. */
export function fetchFrame(
  topic: string,
  fetchOffset: number,
  { correlationId = 1, maxWaitMs = 0, maxBytes = 1 << 20, partition = 0, currentLeaderEpoch = -1 } = {},
) {
  const partitions = [
    { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch: -1, logStartOffset: -1, partitionMaxBytes: maxBytes },
  ];
  const session = { sessionId: 0, sessionEpoch: -1 };
  const limits = { maxWaitMs, minBytes: 1, maxBytes, isolationLevel: 0 };
  const request = { replicaId: -1, ...limits, ...session, topics: [{ topic, partitions }], forgottenTopicsData: [], rackId: "" };
  return requestFrame(API.fetch, 12, request as never, correlationId);
}

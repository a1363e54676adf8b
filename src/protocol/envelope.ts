// What is inside a frame (kafka.apache.org/protocol, "Common Request and Response Structure"):
//
//   request    request header: i16 api key, i16 api version, i32 correlation id, client id, tagged fields;  then the request
//   response   i32 size;  response header: i32 correlation id, tagged fields;  then the response
//
// Both headers have versions of their own, which follow from the API and its version (api-keys.ts).

import { type Api, apiOf, requestHeaderVersion, responseHeaderVersion } from "./api-keys.ts";
import type { EncodableStruct, Fields } from "./fields.ts";
import { requestHeader, responseHeader } from "./messages/headers.ts";
import { ProtocolError, within } from "./protocol-error.ts";
import { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** Who asks what, before the request itself is read. */
export interface RequestEnvelope {
  readonly api: Api;
  /** As the client says; it may be one that is not served, or that there is not. */
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Stands at the request: `api.request.read(reader, version)`. */
  readonly reader: Reader;
}

/** @throws ProtocolError if the header is malformed or nothing is known of the API, so that the connection has to be closed */
export function openRequest(frame: Uint8Array): RequestEnvelope {
  const reader = new Reader(frame);
  const { key, version } = peekApi(reader);
  const api = apiOf(key);
  if (api === undefined) throw within(new ProtocolError(`there is no API with the key ${key}`), requestHeader.name);
  const { correlationId, clientId } = requestHeader.read(reader, requestHeaderVersion(api, version));
  return { api, version, correlationId, clientId, reader };
}

/** The two fields that say which header it is; the reader is at the front again after them. */
function peekApi(reader: Reader): { key: number; version: number } {
  try {
    const api = { key: reader.int16(), version: reader.int16() };
    reader.rewind(0);
    return api;
  } catch (error) {
    throw within(error, requestHeader.name);
  }
}

/**
 * Writes a whole response frame. Its records stay where they are: they are segments among the others.
 * @returns the frame's segments, to be sent in order
 * @throws EncodingError if a value does not fit its field; the writer is as before then
 */
export function encodeResponse<Request extends Fields, Response extends Fields>(
  writer: Writer,
  api: Api<Request, Response>,
  version: number,
  correlationId: number,
  response: EncodableStruct<Response>,
): Uint8Array[] {
  try {
    const setSize = writer.reserveInt32();
    const before = writer.length;
    responseHeader.write(writer, responseHeaderVersion(api, version), { correlationId });
    api.response.write(writer, version, response);
    setSize(writer.length - before);
    return writer.finish();
  } catch (error) {
    writer.finish();
    throw error;
  }
}

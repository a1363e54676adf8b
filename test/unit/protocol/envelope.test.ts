// Requests and responses in their headers, in bytes drawn by hand (kafka.apache.org/protocol, KIP-482, KIP-511).

import { describe, expect, test } from "vitest";
import { API, APIS, apiOf, requestHeaderVersion, responseHeaderVersion } from "../../../src/protocol/api-keys.ts";
import { encodeResponse, openRequest } from "../../../src/protocol/envelope.ts";
import { consumerProtocolSubscription } from "../../../src/protocol/messages/consumer-protocol.ts";
import { CONTROL_TYPE, controlRecordKey, endTxnMarker } from "../../../src/protocol/messages/control-records.ts";
import { EncodingError, ProtocolError } from "../../../src/protocol/protocol-error.ts";
import { decodeVersioned, encodeVersioned } from "../../../src/protocol/versioned.ts";
import { joinSegments, Writer } from "../../../src/protocol/writer.ts";

describe("requests", () => {
  test("ApiVersions 3, the first request of modern clients: header 2, whose client id is not compact", () => {
    const frame = Uint8Array.from([0, 18, 0, 3, 0, 0, 0, 1, 0, 2, 0x6d, 0x65, 0, 3, 0x67, 0x6f, 2, 0x31, 0]);
    const { api, version, correlationId, clientId, reader } = openRequest(frame);
    expect([api, version, correlationId, clientId]).toEqual([API.apiVersions, 3, 1, "me"]);
    expect(api.request.read(reader, version)).toEqual({ clientSoftwareName: "go", clientSoftwareVersion: "1" });
    expect(reader.remaining).toBe(0);
  });

  test("Heartbeat 0: header 1, without a client id", () => {
    const frame = Uint8Array.from([0, 12, 0, 0, 0, 0, 0, 5, 0xff, 0xff, 0, 1, 0x67, 0, 0, 0, 7, 0, 1, 0x6d]);
    const { api, version, clientId, reader } = openRequest(frame);
    expect(clientId).toBeNull();
    expect(api.request.read(reader, version)).toMatchObject({ groupId: "g", generationId: 7, memberId: "m" });
  });

  test("the header of a version that nobody has yet can be read, to answer that it is not supported", () => {
    const frame = Uint8Array.from([0, 18, 0, 99, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3]);
    expect(openRequest(frame)).toMatchObject({ api: API.apiVersions, version: 99, correlationId: 5, clientId: "" });
  });

  test.for<[string, number[]]>([
    ["an API that is not known", [0, 7, 0, 0, 0, 0, 0, 1, 0xff, 0xff]],
    ["an API with a negative key", [0xff, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff]],
    ["no header", [0, 18, 0]],
    ["half a header", [0, 18, 0, 3, 0, 0]],
    ["nothing", []],
  ])("%s is a ProtocolError", ([, bytes]) => {
    expect(() => openRequest(Uint8Array.from(bytes))).toThrow(ProtocolError);
  });
});

describe("responses", () => {
  test("size, correlation id, and a header with tagged fields where the version is flexible", () => {
    const frame = (version: number) => [...joinSegments(encodeResponse(new Writer(), API.heartbeat, version, 258, { errorCode: 27 }))];
    expect(frame(0)).toEqual([0, 0, 0, 6, 0, 0, 1, 2, 0, 27]);
    expect(frame(4)).toEqual([0, 0, 0, 12, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 27, 0]);
  });

  test("ApiVersions 3 has the header without tagged fields, because its reader does not know the version yet", () => {
    const body = { errorCode: 0, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] };
    const bytes = joinSegments(encodeResponse(new Writer(), API.apiVersions, 3, 1, body));
    expect([...bytes]).toEqual([0, 0, 0, 19, 0, 0, 0, 1, 0, 0, 2, 0, 18, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0]);
  });

  test("the records of a fetch stand among the segments, not copied", () => {
    const pieces = [new Uint8Array(4000).fill(1), new Uint8Array(2000).fill(2)];
    const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 9, abortedTransactions: null, records: pieces };
    const response = { throttleTimeMs: 0, responses: [{ topic: "t", partitions: [partition] }] };
    const segments = encodeResponse(new Writer(), API.fetch, 12, 1, response);
    expect(segments.filter((segment) => pieces.includes(segment as Uint8Array<ArrayBuffer>))).toEqual(pieces);
    const frame = joinSegments(segments);
    expect(new DataView(frame.buffer, frame.byteOffset).getInt32(0)).toBe(frame.length - 4);
    const decoded = API.fetch.response.decode(frame.subarray(9), 12).responses[0]!.partitions[0]!;
    expect(Buffer.compare(decoded.records!, Buffer.concat(pieces))).toBe(0);
    expect(decoded).toMatchObject({ highWatermark: 9, lastStableOffset: -1, preferredReadReplica: -1, currentLeader: { leaderId: -1 } });
  });

  test("one that cannot be written leaves nothing behind in the writer", () => {
    const writer = new Writer();
    expect(() => encodeResponse(writer, API.heartbeat, 0, 1, { errorCode: 70_000 })).toThrow(EncodingError);
    expect(joinSegments(encodeResponse(writer, API.heartbeat, 0, 1, { errorCode: 0 }))).toHaveLength(10);
  });
});

describe("the registry", () => {
  test("is in the order of the keys, each once, and finds by key", () => {
    const keys = APIS.map(({ key }) => key);
    expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
    for (const api of APIS) expect(apiOf(api.key)).toBe(api);
    expect([apiOf(-1), apiOf(4), apiOf(32767)]).toEqual([undefined, undefined, undefined]);
  });

  test("requests and responses have the same versions, and become flexible together", () => {
    for (const { request, response } of APIS) {
      expect([response.versions, response.flexible], request.name).toEqual([request.versions, request.flexible]);
    }
  });

  test("header versions follow from the API's version", () => {
    expect([requestHeaderVersion(API.produce, 8), requestHeaderVersion(API.produce, 9)]).toEqual([1, 2]);
    expect([responseHeaderVersion(API.produce, 8), responseHeaderVersion(API.produce, 9)]).toEqual([0, 1]);
    expect([requestHeaderVersion(API.saslHandshake, 1), responseHeaderVersion(API.apiVersions, 4)]).toEqual([1, 0]);
  });
});

describe("messages that carry their version", () => {
  test("the control record of a commit", () => {
    const key = encodeVersioned(controlRecordKey, 0, { type: CONTROL_TYPE.commit });
    const value = encodeVersioned(endTxnMarker, 0, { coordinatorEpoch: 5 });
    expect([[...key], [...value]]).toEqual([
      [0, 0, 0, 1],
      [0, 0, 0, 0, 0, 5],
    ]);
    expect([decodeVersioned(controlRecordKey, key), decodeVersioned(endTxnMarker, value)]).toEqual([{ type: 1 }, { coordinatorEpoch: 5 }]);
  });

  test("a newer version is read as the newest that is known, and what follows is ignored", () => {
    const bytes = encodeVersioned(consumerProtocolSubscription, 3, { topics: ["t"], generationId: 4 });
    const newer = Uint8Array.from([0, 9, ...bytes.subarray(2), 1, 2, 3]);
    expect(decodeVersioned(consumerProtocolSubscription, newer)).toMatchObject({ topics: ["t"], generationId: 4 });
  });

  test("a negative version, or none, is a ProtocolError", () => {
    expect(() => decodeVersioned(endTxnMarker, Uint8Array.from([0xff, 0xff, 0, 0, 0, 0]))).toThrow("EndTxnMarker: there is no version -1");
    expect(() => decodeVersioned(endTxnMarker, new Uint8Array(1))).toThrow(ProtocolError);
  });
});

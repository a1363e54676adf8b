// Our tables against kafkajs's own encoders and decoders, in every version that it has of the APIs.

import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { API } from "../../../src/protocol/api-keys.ts";
import { encodeResponse, openRequest } from "../../../src/protocol/envelope.ts";
import { consumerProtocolAssignment, consumerProtocolSubscription } from "../../../src/protocol/messages/consumer-protocol.ts";
import { decodeVersioned, encodeVersioned } from "../../../src/protocol/versioned.ts";
import { joinSegments, Writer } from "../../../src/protocol/writer.ts";
import { REQUESTS } from "./kafkajs-requests.ts";
import { RESPONSES } from "./kafkajs-responses.ts";

const kafkajs = (path: string) => createRequire(import.meta.url)(`kafkajs/src/${path}`);
const encodeRequest = kafkajs("protocol/request.js");

function versionsOf([first, last]: readonly [number, number]): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe("requests that kafkajs encodes", () => {
  test.for(REQUESTS.map((entry) => [entry.api.name, entry] as const))("%s", async ([, { api, folder, versions, args, expected }]) => {
    for (const version of versionsOf(versions)) {
      const request = kafkajs(`protocol/requests/${folder}/v${version}/request.js`)(args);
      const { buffer } = await encodeRequest({ correlationId: 77, clientId: "me", request });
      const opened = openRequest(buffer.subarray(4));
      expect(opened).toMatchObject({ api, version, correlationId: 77, clientId: "me" });
      const body = buffer.subarray(4 + opened.reader.position);
      const decoded = api.request.read(opened.reader, version);
      expect(opened.reader.remaining).toBe(0);
      expect(decoded, `version ${version}`).toMatchObject(expected);
      expect(Buffer.from(api.request.encode(version, decoded)), `version ${version}`).toEqual(body);
    }
  });

  test("the records of a produce are the batch that kafkajs built", async () => {
    const entry = REQUESTS.find(({ api }) => api === API.produce)!;
    const { buffer } = await kafkajs("protocol/requests/produce/v7/request.js")(entry.args).encode();
    const records = API.produce.request.decode(buffer, 7).topicData[0]!.partitionData[0]!.records!;
    expect(records[16], "magic").toBe(2);
    expect(records.byteLength).toBe(12 + Buffer.from(records).readInt32BE(8));
    expect(records.buffer, "a view").toBe(buffer.buffer);
  });
});

describe("responses that kafkajs decodes", () => {
  test.for(RESPONSES.map((entry) => [entry.api.name, entry] as const))("%s", async ([, { api, folder, versions, response, expected }]) => {
    for (const version of versionsOf(versions)) {
      const frame = Buffer.from(joinSegments(encodeResponse(new Writer(), api, version, 77, response)));
      expect(frame.readInt32BE(0)).toBe(frame.length - 4);
      expect(frame.readInt32BE(4)).toBe(77);
      const decoded = await kafkajs(`protocol/requests/${folder}/v${version}/response.js`).decode(frame.subarray(8));
      expect(decoded, `version ${version}`).toMatchObject(expected);
    }
  });

  test("DeleteRecords, whose decoder wants the request too", async () => {
    const { response } = API.deleteRecords;
    const partitions = [{ partitionIndex: 1, lowWatermark: 12, errorCode: 0 }];
    for (const version of [0, 1]) {
      const bytes = Buffer.from(response.encode(version, { throttleTimeMs: 0, topics: [{ name: "t", partitions }] }));
      const decoder = kafkajs(`protocol/requests/deleteRecords/v${version}/response.js`)({ topics: [] });
      expect(await decoder.decode(bytes)).toMatchObject({
        topics: [{ topic: "t", partitions: [{ partition: 1, lowWatermark: 12n, errorCode: 0 }] }],
      });
    }
  });
});

describe("what members of a group tell each other", () => {
  const { MemberMetadata, MemberAssignment } = kafkajs("consumer/assignerProtocol.js");

  test("subscriptions of kafkajs, and ours in kafkajs", () => {
    const bytes = MemberMetadata.encode({ version: 0, topics: ["t", "u"], userData: Buffer.from("mine") });
    const { topics, userData } = decodeVersioned(consumerProtocolSubscription, bytes);
    expect([topics, Buffer.from(userData!).toString()]).toEqual([["t", "u"], "mine"]);
    const ours = Buffer.from(encodeVersioned(consumerProtocolSubscription, 3, { topics: ["t"], generationId: 4, rackId: "r" }));
    expect(MemberMetadata.decode(ours)).toMatchObject({ version: 3, topics: ["t"] });
  });

  test("assignments of kafkajs, and ours in kafkajs", () => {
    const bytes = MemberAssignment.encode({ version: 1, assignment: { t: [0, 2], u: [] }, userData: Buffer.alloc(0) });
    expect(decodeVersioned(consumerProtocolAssignment, bytes).assignedPartitions).toEqual([
      { topic: "t", partitions: [0, 2] },
      { topic: "u", partitions: [] },
    ]);
    const ours = encodeVersioned(consumerProtocolAssignment, 0, { assignedPartitions: [{ topic: "t", partitions: [5] }] });
    expect(MemberAssignment.decode(Buffer.from(ours))).toMatchObject({ version: 0, assignment: { t: [5] } });
  });
});

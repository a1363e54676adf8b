// One connection over a broker in memory, bytes in and bytes out: order, versions, authentication, and what ends it.

import { describe, expect, test } from "vitest";
import { errorCode, failure } from "../../../../src/common/errors.ts";
import { MAX_FRAME_BYTES, MAX_REQUESTS_IN_FLIGHT, MAX_UNAUTHENTICATED_FRAME_BYTES } from "../../../../src/common/limits/kafka.ts";
import { ConnectionRefused, type KafkaSettings } from "../../../../src/listeners/kafka/call.ts";
import { KafkaConnection } from "../../../../src/listeners/kafka/connection.ts";
import { SERVED } from "../../../../src/listeners/kafka/served-apis.ts";
import { API, APIS } from "../../../../src/protocol/api-keys.ts";
import { FrameSplitter } from "../../../../src/protocol/framing.ts";
import { ProtocolError } from "../../../../src/protocol/protocol-error.ts";
import "../../../support/http.ts"; // workerd's timingSafeEqual
import { concatBytes } from "../../../../src/common/bytes.ts";
import { fetchFrame, openResponse, produceFrame, requestFrame } from "../../../support/kafka-frames.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";
import type { MemoryPartition } from "../../../support/memory-partition.ts";
import { encodePlainBatch } from "../../../support/plain-batches.ts";

const OPEN: KafkaSettings = {
  adminToken: null,
  isOpen: true,
  isAutoCreated: true,
  defaultPartitions: 1,
  advertised: { host: "localhost", port: 9092 },
};
const CLOSED: KafkaSettings = { ...OPEN, adminToken: "sesame", isOpen: false };

const BATCH = encodePlainBatch(0, [{ timestamp: 1000, key: null, value: new TextEncoder().encode("v"), headers: [] }]);

/** A connection, and the frames that it has sent. */
async function connect(settings: KafkaSettings = OPEN) {
  const broker = new MemoryBroker();
  await broker.createTopic({ name: "orders", partitions: 2 });
  const sent: Uint8Array[] = [];
  const splitter = new FrameSplitter(MAX_FRAME_BYTES);
  const send = async (segments: readonly Uint8Array[]) => {
    for (const frame of splitter.split(concatBytes(segments))) sent.push(frame.slice());
  };
  return { broker, sent, connection: new KafkaConnection({ broker, settings, send }) };
}

const correlationIds = (sent: readonly Uint8Array[]) => sent.map((frame) => new DataView(frame.buffer, frame.byteOffset).getInt32(0));

/** Lets everything happen that needs no more than promises. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("order", () => {
  test("produces that were sent together are begun together and answered in their order, whichever is done first", async () => {
    const { broker, sent, connection } = await connect();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const begun: number[] = [];
    const produceBatches = broker.produceBatches.bind(broker);
    broker.produceBatches = async (request) => {
      const turn = begun.push(begun.length) - 1;
      await gates[turn]!.promise;
      return produceBatches(request);
    };
    await connection.receive(concatBytes([10, 11, 12].map((correlationId) => produceFrame("orders", BATCH, { correlationId }))));
    expect(begun).toEqual([0, 1, 2]);
    gates[2]!.resolve();
    gates[1]!.resolve();
    await settle();
    expect(sent).toEqual([]);
    gates[0]!.resolve();
    await connection.drain();
    expect(correlationIds(sent)).toEqual([10, 11, 12]);
  });

  test("a transaction's produces that were sent together are begun one after the other in each partition", async () => {
    const { broker, sent, connection } = await connect();
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    broker.produceBatches = async ({ partition }) => {
      begun.push(partition);
      if (begun.length === 1) await gate.promise;
      return failure("INVALID_TXN_STATE", "refused, and what comes behind it is begun all the same");
    };
    const partitions = [0, 0, 1, 0];
    const frames = partitions.map((partition, i) => produceFrame("orders", BATCH, { partition, correlationId: i, transactionalId: "t" }));
    await connection.receive(concatBytes(frames));
    expect(begun).toEqual([0, 1]);
    gate.resolve();
    await connection.drain();
    expect(begun).toEqual([0, 1, 0, 0]);
    expect(correlationIds(sent)).toEqual([0, 1, 2, 3]);
  });

  test("what follows a produce is looked at once the produce is answered: a fetch sees what was written", async () => {
    const { sent, connection } = await connect();
    await connection.receive(
      concatBytes([produceFrame("orders", BATCH, { correlationId: 1 }), fetchFrame("orders", 0, { correlationId: 2 })]),
    );
    expect(correlationIds(sent)).toEqual([1, 2]);
    const { response } = openResponse(API.fetch, 12, sent[1]!);
    expect(response.responses[0]!.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 1 });
  });

  test(`at most ${MAX_REQUESTS_IN_FLIGHT} produces are begun before the first is answered`, async () => {
    const { broker, sent, connection } = await connect();
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    broker.produceBatches = async () => {
      begun += 1;
      await gate.promise;
      return { baseOffset: 0, count: 1, logAppendTimeMs: -1, logStartOffset: 0 };
    };
    const count = MAX_REQUESTS_IN_FLIGHT + 10;
    const received = connection.receive(concatBytes(Array.from({ length: count }, () => produceFrame("orders", BATCH))));
    await settle();
    expect(begun).toBe(MAX_REQUESTS_IN_FLIGHT);
    gate.resolve();
    await received;
    await connection.drain();
    expect(sent).toHaveLength(count);
  });

  test("large produces are not begun beyond the bytes that a connection may hold", async () => {
    const { broker, connection } = await connect();
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    broker.produceBatches = async () => {
      begun += 1;
      await gate.promise;
      return failure("MESSAGE_TOO_LARGE", "");
    };
    const large = produceFrame("orders", new Uint8Array(9 << 20));
    const received = connection.receive(concatBytes([large, large, large, large]));
    await settle();
    expect(begun).toBe(2);
    gate.resolve();
    await received;
    await connection.drain();
    expect(begun).toBe(4);
  });

  test("a request is understood however its bytes are cut, and its records are copied before they are overwritten", async () => {
    const { broker, sent, connection } = await connect();
    const bytes = concatBytes([produceFrame("orders", BATCH), requestFrame(API.apiVersions, 0, {})]);
    for (let at = 0; at < bytes.length; at += 7) {
      const chunk = bytes.slice(at, at + 7);
      await connection.receive(chunk);
      chunk.fill(0xee);
    }
    await connection.drain();
    expect(sent).toHaveLength(2);
    expect((broker.partition("orders", 0) as MemoryPartition).highWatermark).toBe(1);
  });
});

describe("versions", () => {
  test("ApiVersions lists what is served, in every version that it has", async () => {
    const { sent, connection } = await connect();
    for (const version of [0, 1, 2, 3, 4]) {
      await connection.receive(requestFrame(API.apiVersions, version, { clientSoftwareName: "c", clientSoftwareVersion: "1" }));
      const { response } = openResponse(API.apiVersions, version, sent.at(-1)!);
      expect(response.errorCode).toBe(0);
      expect(response.apiKeys.map(({ apiKey }) => apiKey)).toEqual(SERVED.map(({ api }) => api.key));
    }
  });

  test("a version of ApiVersions that nobody knows is answered in version 0 with error 35, and the connection goes on (KIP-511)", async () => {
    const { sent, connection } = await connect();
    const frame = requestFrame(API.apiVersions, 4, { clientSoftwareName: "c", clientSoftwareVersion: "1" }, 9);
    new DataView(frame.buffer).setInt16(6, 77);
    await connection.receive(frame);
    const { correlationId, response } = openResponse(API.apiVersions, 0, sent[0]!);
    expect([correlationId, response.errorCode]).toEqual([9, errorCode("UNSUPPORTED_VERSION")]);
    expect(response.apiKeys).toHaveLength(SERVED.length);
    await connection.receive(requestFrame(API.metadata, 12, { topics: null } as never));
    expect(sent).toHaveLength(2);
  });

  test("every other version that is not served ends the connection, 1 below and 1 above", async () => {
    for (const { api, minVersion, maxVersion } of SERVED) {
      if (api === API.apiVersions) continue;
      for (const version of [minVersion - 1, maxVersion + 1]) {
        const { sent, connection } = await connect();
        const header = Uint8Array.from([0, 0, 0, 12, 0, api.key, 0, version & 0xff, 0, 0, 0, 1, 0, 0, 0, 0]);
        if (version < 0) header[6] = 0xff;
        await expect(connection.receive(header), `${api.name} ${version}`).rejects.toThrow(ConnectionRefused);
        expect(sent).toEqual([]);
      }
    }
  });

  test("an API without tables ends the connection, and all that have tables are served", async () => {
    expect(APIS.filter((api) => !SERVED.some((served) => served.api.key === api.key))).toEqual([]);
    const { connection } = await connect();
    const controlledShutdown = Uint8Array.from([0, 0, 0, 12, 0, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    await expect(connection.receive(controlledShutdown)).rejects.toThrow(ProtocolError);
  });
});

describe("authentication", () => {
  const handshake = (mechanism: string) => requestFrame(API.saslHandshake, 1, { mechanism });
  const authenticate = (text: string) => requestFrame(API.saslAuthenticate, 2, { authBytes: new TextEncoder().encode(text) });
  const listTopics = requestFrame(API.metadata, 12, { topics: null } as never);
  const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

  test("before it, nothing is served but ApiVersions and SASL", async () => {
    for (const { api } of SERVED) {
      if (([API.apiVersions, API.saslHandshake, API.saslAuthenticate] as unknown[]).includes(api)) continue;
      const { sent, connection } = await connect(CLOSED);
      const served = SERVED.find((one) => one.api === api)!;
      const frame = Uint8Array.from([0, 0, 0, 11, 0, api.key, 0, served.maxVersion, 0, 0, 0, 1, 0, 0, 0]);
      await expect(connection.receive(frame), api.name).rejects.toThrow("before the client has authenticated");
      expect(sent).toEqual([]);
    }
    const { sent, connection } = await connect(CLOSED);
    await connection.receive(requestFrame(API.apiVersions, 0, {}));
    expect(sent).toHaveLength(1);
  });

  test("PLAIN with the token opens the connection, whatever the user's name", async () => {
    const { sent, connection } = await connect(CLOSED);
    await connection.receive(concatBytes([handshake("PLAIN"), authenticate("\0anybody\0sesame"), listTopics]));
    expect(openResponse(API.saslHandshake, 1, sent[0]!).response).toEqual({ errorCode: 0, mechanisms: MECHANISMS });
    expect(openResponse(API.saslAuthenticate, 2, sent[1]!).response.errorCode).toBe(0);
    expect(openResponse(API.metadata, 12, sent[2]!).response.topics).toHaveLength(1);
  });

  test.each(["\0anybody\0wrong", "\0anybody\0", "sesame", "", "\0a\0sesame\0"])("%j does not", async (text) => {
    const { sent, connection } = await connect(CLOSED);
    await connection.receive(concatBytes([handshake("PLAIN"), authenticate(text)]));
    expect(openResponse(API.saslAuthenticate, 2, sent[1]!).response.errorCode).toBe(errorCode("SASL_AUTHENTICATION_FAILED"));
    await expect(connection.receive(listTopics)).rejects.toThrow(ConnectionRefused);
  });

  test("a mechanism that is not there is answered with those that are, and authentication comes after the handshake", async () => {
    const { sent, connection } = await connect(CLOSED);
    await connection.receive(concatBytes([handshake("GSSAPI"), authenticate("\0a\0sesame")]));
    const unknown = { errorCode: errorCode("UNSUPPORTED_SASL_MECHANISM"), mechanisms: MECHANISMS };
    expect(openResponse(API.saslHandshake, 1, sent[0]!).response).toEqual(unknown);
    expect(openResponse(API.saslAuthenticate, 2, sent[1]!).response.errorCode).toBe(errorCode("ILLEGAL_SASL_STATE"));
  });

  test("a broker that is closed until its token is set takes no password", async () => {
    const { sent, connection } = await connect({ ...CLOSED, adminToken: null });
    await connection.receive(concatBytes([handshake("PLAIN"), authenticate("\0a\0")]));
    expect(openResponse(API.saslAuthenticate, 2, sent[1]!).response.errorCode).toBe(errorCode("SASL_AUTHENTICATION_FAILED"));
  });
});

test.each([
  [-1, "NONE"],
  [0, "NONE"],
  [1, "NONE"],
  [2, "UNKNOWN_LEADER_EPOCH"],
] as const)("a client that knows leader epoch %i of a partition in epoch 1 fetches with %s", async (currentLeaderEpoch, error) => {
  const { sent, connection } = await connect();
  await connection.receive(concatBytes([produceFrame("orders", BATCH), fetchFrame("orders", 0, { currentLeaderEpoch })]));
  const [partition] = openResponse(API.fetch, 12, sent[1]!).response.responses[0]!.partitions;
  expect(partition).toMatchObject({ errorCode: errorCode(error), highWatermark: 1 });
  expect(partition!.records!.length > 0).toBe(error === "NONE");
});

/** A frame whose size is set to what it is. */
function reframed(frame: Uint8Array): Uint8Array {
  new DataView(frame.buffer).setInt32(0, frame.length - 4);
  return frame;
}

test("bytes after a request are not looked at: librdkafka's Metadata for all topics ends in three of them", async () => {
  const { sent, connection } = await connect();
  const all = { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };
  await connection.receive(reframed(concatBytes([requestFrame(API.metadata, 12, all as never), Uint8Array.of(0, 0, 0)])));
  expect(openResponse(API.metadata, 12, sent[0]!).response.topics).toMatchObject([{ name: "orders" }]);
});

describe("what ends a connection", () => {
  const frameOf = (size: number) => Uint8Array.from([size >>> 24, size >>> 16, size >>> 8, size]);

  test("a frame above the limit, at its size, before anything of it is kept", async () => {
    const { connection } = await connect();
    await connection.receive(frameOf(MAX_FRAME_BYTES));
    const other = await connect();
    await expect(other.connection.receive(frameOf(MAX_FRAME_BYTES + 1))).rejects.toThrow(ProtocolError);
    await expect((await connect()).connection.receive(frameOf(-1))).rejects.toThrow(ProtocolError);
  });

  test("before authentication, a frame above a much lower limit", async () => {
    const { connection } = await connect(CLOSED);
    await connection.receive(frameOf(MAX_UNAUTHENTICATED_FRAME_BYTES));
    await expect((await connect(CLOSED)).connection.receive(frameOf(MAX_UNAUTHENTICATED_FRAME_BYTES + 1))).rejects.toThrow(ProtocolError);
  });

  test("a request cut short", async () => {
    await expect((await connect()).connection.receive(reframed(fetchFrame("orders", 0).slice(0, -3)))).rejects.toThrow(ProtocolError);
  });

  test("what came before the bad frame is answered all the same", async () => {
    const { sent, connection } = await connect();
    await expect(connection.receive(concatBytes([produceFrame("orders", BATCH), frameOf(-1)]))).rejects.toThrow(ProtocolError);
    await connection.drain();
    expect(openResponse(API.produce, 9, sent[0]!).response.responses[0]!.partitionResponses[0]).toMatchObject({
      errorCode: 0,
      baseOffset: 0,
    });
  });

  test("a bug in an API, and nothing after it is answered", async () => {
    const { broker, sent, connection } = await connect();
    broker.produceBatches = () => Promise.reject(new Error("a bug"));
    await connection.receive(concatBytes([produceFrame("orders", BATCH), produceFrame("orders", BATCH)]));
    await expect(connection.drain()).rejects.toThrow("a bug");
    await expect(connection.receive(requestFrame(API.apiVersions, 0, {}))).rejects.toThrow("a bug");
    expect(sent).toEqual([]);
  });
});

describe("acks 0", () => {
  test("gets no answer, and what follows is answered", async () => {
    const { broker, sent, connection } = await connect();
    await connection.receive(concatBytes([produceFrame("orders", BATCH, { acks: 0 }), requestFrame(API.apiVersions, 0, {}, 8)]));
    expect(correlationIds(sent)).toEqual([8]);
    expect((broker.partition("orders", 0) as MemoryPartition).highWatermark).toBe(1);
  });

  test("ends the connection where the records are refused, which is all that the client can notice", async () => {
    const { sent, connection } = await connect();
    await connection.receive(produceFrame("missing", BATCH, { acks: 0 }));
    await expect(connection.drain()).rejects.toThrow(ConnectionRefused);
    expect(sent).toEqual([]);
  });

  test("neither 0, 1 nor -1 is refused with INVALID_REQUIRED_ACKS", async () => {
    const { sent, connection } = await connect();
    await connection.receive(produceFrame("orders", BATCH, { acks: 2 }));
    await connection.drain();
    const { response } = openResponse(API.produce, 9, sent[0]!);
    expect(response.responses[0]!.partitionResponses[0]!.errorCode).toBe(errorCode("INVALID_REQUIRED_ACKS"));
  });
});

test("a fetch that waits is answered at once with what there is when the client is gone", async () => {
  const { sent, connection } = await connect();
  const received = connection.receive(fetchFrame("orders", 0, { maxWaitMs: 60_000 }));
  await settle();
  expect(sent).toEqual([]);
  connection.end();
  await received;
  expect(openResponse(API.fetch, 12, sent[0]!).response.responses[0]!.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 0 });
});

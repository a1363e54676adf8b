// Kafka clients that send nonsense, lie about lengths, do not read, or vanish: the process lives, its memory is bounded, and a client on
// another connection notices nothing.

import { createConnection, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { concatBytes } from "../../src/common/bytes.ts";
import { MAX_FRAME_BYTES, MAX_UNAUTHENTICATED_FRAME_BYTES } from "../../src/common/limits/kafka.ts";
import { SERVED } from "../../src/listeners/kafka/served-apis.ts";
import { API, type Api } from "../../src/protocol/api-keys.ts";
import type { Fields } from "../../src/protocol/fields.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { loadCore } from "../support/core.ts";
import { generateMessage } from "../support/generated-messages.ts";
import { fetchFrame, openResponse, produceFrame, requestFrame } from "../support/kafka-frames.ts";
import { connectKafka, expectServed, type KafkaSocket } from "../support/kafka-socket.ts";
import { connectKafkaWebSocket } from "../support/kafka-web-socket.ts";
import { residentBytes } from "../support/process-memory.ts";
import { randomBytes, seededRandom } from "../support/random.ts";
import { createTopic, highWatermark, type PartitionPlace } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";

const MIB = 1 << 20;

/** What the process may grow by in any of these tests; all that its attackers send and ask for is many times as much. */
const MAX_GROWTH_BYTES = 400 * MIB;

const core = loadCore();

let broker: Broker;
let place: PartitionPlace;
let witness: KafkaSocket;
let residentBefore: number;
let topics = 0;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

beforeEach(async () => {
  [place] = (await createTopic(broker.url, `hostile-${topics++}`)) as [PartitionPlace];
  witness = await connectKafka(broker.kafkaAddress);
  await expectServed(witness);
  residentBefore = residentBytes(broker.workerdPid);
});
afterEach(async () => {
  const before = await highWatermark(place);
  witness.send(produceFrame(place.topic, batchOf("still here")));
  const { response } = openResponse(API.produce, 9, await witness.next());
  expect(response.responses[0]!.partitionResponses[0], "the witness is served").toMatchObject({ errorCode: 0, baseOffset: before });
  witness.socket.destroy();
  expect(residentBytes(broker.workerdPid) - residentBefore, "memory is bounded").toBeLessThan(MAX_GROWTH_BYTES);
});

function batchOf(value: string | Uint8Array): Uint8Array {
  return encodeBatch(core, [{ key: null, value, timestamp: Date.now() }], { compression: "none" });
}

function sizeOf(size: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, size);
  return bytes;
}

/** Sends the bytes on a connection of their own and resolves to the responses that came before the broker closed it. */
async function expectClosed(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
  const client = await connectKafka(broker.kafkaAddress);
  client.send(bytes);
  await client.closed();
  client.socket.destroy();
  return client.responses;
}

describe("bytes that are no request close their connection", () => {
  test.each([
    ["a frame above the limit", sizeOf(MAX_FRAME_BYTES + 1)],
    ["a negative size", sizeOf(-5)],
    ["an API that nobody has", concatBytes([sizeOf(10), Uint8Array.from([0x40, 0, 0, 0, 0, 0, 0, 1, 0, 0])])],
    ["a frame without a header", concatBytes([sizeOf(2), Uint8Array.from([0, 1])])],
    ["an empty frame", sizeOf(0)],
    ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
    ["TLS", Uint8Array.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0, 0, 0, 0])],
    ["a version that is not served", requestFrame(API.deleteGroups, 2, { groupsNames: [] }).with(7, 3)],
  ])("%s", async (_, bytes) => {
    expect(await expectClosed(bytes)).toEqual([]);
  });

  test("a produce with acks 0 that is refused", async () => {
    expect(await expectClosed(produceFrame("missing", batchOf("x"), { acks: 0 }))).toEqual([]);
  });

  test("after everything that was asked before them is answered", async () => {
    const responses = await expectClosed(concatBytes([produceFrame(place.topic, batchOf("before")), sizeOf(-1)]));
    expect(responses).toHaveLength(1);
  });
});

test("a client that ends in the middle of a frame is forgotten", async () => {
  for (const length of [1, 3, 4, 5, 20]) {
    const client = await connectKafka(broker.kafkaAddress);
    client.socket.end(produceFrame(place.topic, batchOf("cut off")).subarray(0, length));
    await client.closed();
  }
  expect(await highWatermark(place)).toBe(0);
});

test("a client that ends its side after its requests still gets the answers", async () => {
  const client = await connectKafka(broker.kafkaAddress);
  client.socket.end(concatBytes([produceFrame(place.topic, batchOf("one")), fetchFrame(place.topic, 1, { maxWaitMs: 60_000 })]));
  await client.closed();
  expect(client.responses).toHaveLength(2);
});

test("500 connections are open at once, each is served, and hundreds that vanish leave nothing behind", async () => {
  const clients = await Promise.all(Array.from({ length: 500 }, () => connectKafka(broker.kafkaAddress)));
  await Promise.all(clients.map(expectServed));
  for (const client of clients) client.send(fetchFrame(place.topic, 0, { maxWaitMs: 60_000 }));
  await Promise.all(clients.slice(0, 10).map(({ socket }) => new Promise((resolve) => socket.write("", resolve))));
  for (const { socket } of clients) socket.resetAndDestroy();
});

test("sizes that are announced take no memory before their bytes come", async () => {
  const clients = await Promise.all(Array.from({ length: 200 }, () => connectKafka(broker.kafkaAddress)));
  for (const client of clients) client.send(concatBytes([sizeOf(MAX_FRAME_BYTES), new Uint8Array(1000)]));
  await expectServed(witness);
  expect(residentBytes(broker.workerdPid) - residentBefore).toBeLessThan((200 * MAX_FRAME_BYTES) / 20);
  for (const { socket } of clients) socket.destroy();
});

test("a client that asks and asks and never reads is not read any more, and takes no more memory", async () => {
  for (let i = 0; i < 4; i++) {
    witness.send(produceFrame(place.topic, batchOf(new Uint8Array(1_000_000))));
    await witness.next();
  }
  const [host, port] = broker.kafkaAddress.split(":");
  const deaf = createConnection({ host: host!, port: Number(port) });
  deaf.pause();
  const request = fetchFrame(place.topic, 0, { maxBytes: 16 * MIB });
  const isFull = await fillUp(deaf, request, 64 * MIB);
  expect(isFull, "the broker stopped reading").toBe(true);
  await expectServed(witness);
  deaf.destroy();
});

/** Writes the bytes over and over, until nothing has moved for a while (true) or so many are with the other side (false). */
async function fillUp(socket: Socket, bytes: Uint8Array, limit: number): Promise<boolean> {
  for (let sent = 0; sent < limit; sent += bytes.length) {
    if (socket.write(bytes)) continue;
    const drained = new Promise<boolean>((resolve) => socket.once("drain", () => resolve(true)));
    const stuck = new Promise<boolean>((resolve) => setTimeout(resolve, 2_000, false));
    if (!(await Promise.race([drained, stuck]))) return true;
  }
  return false;
}

describe("before a client has authenticated", () => {
  let closed: Broker;
  beforeAll(async () => {
    closed = await startBroker({ env: { SLUICE_ADMIN_TOKEN: "sesame" } });
  });
  afterAll(async () => {
    await closed?.stop();
  });

  test.each([
    ["a request that needs it", () => fetchFrame("any", 0)],
    ["a frame that only others may send", () => sizeOf(MAX_UNAUTHENTICATED_FRAME_BYTES + 1)],
  ])("%s closes the connection", async (_, bytes) => {
    const client = await connectKafka(closed.kafkaAddress);
    client.send(bytes());
    await client.closed();
    expect(client.responses).toEqual([]);
  });
});

/** Those whose random requests would make or delete what other tests, or the file system, have to bear. */
const UNFUZZED: readonly Api[] = [API.createTopics, API.createPartitions, API.metadata];

/** A bare client of either door. */
interface FuzzClient {
  readonly responses: readonly Uint8Array[];
  send(bytes: Uint8Array): void;
  destroy(): void;
}

const DOORS = {
  tcp: async (): Promise<FuzzClient> => {
    const { socket, responses, send } = await connectKafka(broker.kafkaAddress);
    return { responses, send, destroy: () => socket.destroy() };
  },
  websocket: async (): Promise<FuzzClient> => {
    const { socket, responses, send } = await connectKafkaWebSocket(broker.url);
    return { responses, send, destroy: () => socket.terminate() };
  },
};

describe.each(["tcp", "websocket"] as const)("random requests on %s, on many connections at once", (door) => {
  test("whole and damaged", { timeout: 120_000 }, async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`${door}: seed ${seed}`);
    const random = seededRandom(seed);
    const apis = SERVED.filter(({ api }) => !UNFUZZED.includes(api));
    let served = 0;
    for (let round = 0; round < 60; round++) {
      const clients = await Promise.all(Array.from({ length: 25 }, DOORS[door]));
      for (const client of clients) {
        for (let i = 0; i < 4; i++) sendCut(client, randomRequest(apis, random), random);
      }
      await expectServed(witness);
      served += clients.reduce((sum, { responses }) => sum + responses.length, 0);
      for (const client of clients) client.destroy();
    }
    expect(served, "some are served").toBeGreaterThan(0);
    expect(broker.output(), "no request is left hanging").not.toContain("hung");
  });

  test("every API in every version, one bit after another wrong, while others work", { timeout: 120_000 }, async () => {
    const random = seededRandom(4711);
    for (const { api, minVersion, maxVersion } of SERVED.filter((served) => !UNFUZZED.includes(served.api))) {
      for (let version = minVersion; version <= maxVersion; version++) {
        const frame = requestFrame(api, version, generateMessage(api.request, version, random) as Fields as never);
        const client = await DOORS[door]();
        for (let edit = 0; edit < 8; edit++) sendCut(client, damage(frame, random), random);
        await expectServed(witness);
        client.destroy();
      }
    }
  });
});

/** Sends in up to three pieces: over a WebSocket, that many messages. A client that was closed meanwhile sends to nobody. */
function sendCut(client: FuzzClient, bytes: Uint8Array, random: () => number): void {
  const cuts = [0, Math.floor(random() * bytes.length), Math.floor(random() * bytes.length), bytes.length].sort((a, b) => a - b);
  for (let i = 1; i < cuts.length; i++) {
    if (cuts[i]! > cuts[i - 1]!) client.send(bytes.subarray(cuts[i - 1], cuts[i]));
  }
}

function randomRequest(apis: typeof SERVED, random: () => number): Uint8Array {
  const { api, minVersion, maxVersion } = apis[Math.floor(random() * apis.length)]!;
  const version = minVersion + Math.floor(random() * (maxVersion - minVersion + 1));
  const frame = requestFrame(api, version, generateMessage(api.request, version, random) as Fields as never);
  if (random() < 0.4) return frame;
  if (random() < 0.1) return randomBytes(1 + Math.floor(random() * 300), random);
  return damage(frame, random);
}

/** A copy with a few bits wrong; its size is left as it is, or nothing after it would be looked at. */
function damage(frame: Uint8Array, random: () => number): Uint8Array {
  const damaged = Uint8Array.from(frame);
  for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits--) {
    damaged[4 + Math.floor(random() * (damaged.length - 4))]! ^= 1 << Math.floor(random() * 8);
  }
  return damaged;
}

describe("a client that leaves while a group makes it wait", () => {
  const join = requestFrame(API.joinGroup, 2, {
    groupId: "waits",
    sessionTimeoutMs: 300_000,
    rebalanceTimeoutMs: 300_000,
    memberId: "",
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: new Uint8Array([1]) }],
  } as never);

  test("has its connection ended on the broker's side, and not after the rebalance", async () => {
    const leader = await connectKafka(broker.kafkaAddress);
    leader.send(join);
    await leader.next();
    const parked = await connectKafka(broker.kafkaAddress);
    parked.send(join); // waits for the first member, which does not come again
    parked.socket.end();
    await parked.closed();
    expect(parked.responses).toEqual([]);
    leader.socket.destroy();
  });
});

test("WebSocket messages that are no part of the stream close it with the reason", async () => {
  for (const text of ["hello", "taken 99", `taken ${"9".repeat(15)}`, "é".repeat(300)]) {
    const client = await connectKafkaWebSocket(broker.url);
    client.send(text);
    expect(await client.closed()).toMatchObject({ code: 1008, reason: expect.stringContaining("taken N") });
  }
});

test("a WebSocket that asks and asks and never says what it has taken is closed, not queued for", async () => {
  for (let i = 0; i < 4; i++) {
    witness.send(produceFrame(place.topic, batchOf(new Uint8Array(1_000_000))));
    await witness.next();
  }
  const deaf = await connectKafkaWebSocket(broker.url);
  deaf.socket.pause();
  for (let i = 0; i < 100; i++) deaf.send(fetchFrame(place.topic, 0, { maxBytes: 16 * MIB }));
  await until("it is closed", () => broker.output().includes("does not tell what it takes"));
  await expectServed(witness);
  deaf.socket.terminate();
});

// The byte stream over WebSocket messages: how they are cut, what each side may send ahead, and what of a socket outlives its memory.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  IDLE_WATCHES_MS,
  MAX_SOCKET_AHEAD_BYTES,
  MAX_SOCKET_MESSAGE_BYTES,
  MAX_UNTOLD_SOCKET_BYTES,
  PARTIAL_REQUEST_MS,
  SOCKET_WINDOW_BYTES,
} from "../../../../src/common/limits/websockets.ts";
import { type KafkaSettings, newSession } from "../../../../src/listeners/kafka/call.ts";
import { CLOSE_CODES, KafkaWebSocket, newSocketState, type SocketState } from "../../../../src/listeners/kafka/serve-web-socket.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { ADMIN } from "../../../../src/security/identity.ts";
import "../../../support/http.ts"; // workerd's timingSafeEqual
import { concatBytes } from "../../../../src/common/bytes.ts";
import { fetchFrame, produceFrame, requestFrame } from "../../../support/kafka-frames.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";
import { encodePlainBatch } from "../../../support/plain-batches.ts";

const ADVERTISED = { host: "localhost", port: 9092 };
const SETTINGS: KafkaSettings = { adminToken: "sesame", isOpen: false, isAutoCreated: true, defaultPartitions: 1, advertised: ADVERTISED };
const AUTHENTICATED = newSocketState(newSession(ADMIN), ADVERTISED, 0);
const MAX_IDLE_MS = 600_000;
const MIB = 1 << 20;

const asked = requestFrame(API.apiVersions, 0, {});

function bytesOf(frame: Uint8Array): ArrayBuffer {
  return frame.slice().buffer as ArrayBuffer;
}

/** A socket over a broker that keeps `orders`, with one batch of `valueBytes`. */
async function open({ state = AUTHENTICATED, valueBytes = 10 } = {}) {
  const broker = new MemoryBroker();
  await broker.createTopic({ name: "orders", partitions: 1 });
  const value = new Uint8Array(valueBytes);
  await broker.produceBatches({
    topic: "orders",
    partition: 0,
    batches: encodePlainBatch(0, [{ timestamp: 1, key: null, value, headers: [] }]),
  });
  const sent: (string | Uint8Array)[] = [];
  const closed: { code: number; reason: string }[] = [];
  let saved = state;
  const connection = new KafkaWebSocket({
    socket: {
      send: (message) => void sent.push(typeof message === "string" ? message : message.slice()),
      close: (code, reason) => void closed.push({ code, reason }),
    },
    state,
    save: (changed: SocketState) => {
      saved = structuredClone(changed);
    },
    broker,
    settings: SETTINGS,
    now: Date.now,
    maxIdleMs: MAX_IDLE_MS,
  });
  const binary = () => sent.filter((message) => typeof message !== "string");
  return { broker, connection, sent, binary, closed, saved: () => saved };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets everything happen that needs no more than promises. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe("messages are a byte stream", () => {
  test("a request may come in messages of one byte, or two requests in one", async () => {
    const { connection, binary } = await open();
    for (const byte of asked) await connection.receive(bytesOf(Uint8Array.of(byte)));
    expect(binary()).toHaveLength(1);
    await connection.receive(bytesOf(concatBytes([asked, asked])));
    expect(binary()).toHaveLength(3);
  });

  test("a large answer is cut into messages", async () => {
    const { connection, binary } = await open({ valueBytes: 3 * MIB });
    await connection.receive(bytesOf(fetchFrame("orders", 0)));
    expect(binary().length).toBeGreaterThan(5);
    expect(Math.max(...binary().map(({ length }) => length))).toBeLessThanOrEqual(MAX_SOCKET_MESSAGE_BYTES);
  });

  test("what is no request closes it with the reason", async () => {
    const { connection, closed } = await open();
    await connection.receive(bytesOf(Uint8Array.of(0xff, 0, 0, 0)));
    expect(closed).toEqual([{ code: CLOSE_CODES.policyViolation, reason: expect.stringContaining("a frame of -") }]);
    await connection.receive(bytesOf(asked));
    expect(closed).toHaveLength(1);
  });

  test("a bug closes it without telling what it is", async () => {
    const { connection, broker, closed } = await open();
    broker.clusterId = () => Promise.reject(new Error("internal"));
    await connection.receive(bytesOf(requestFrame(API.metadata, 12, { topics: null } as never)));
    expect(closed).toEqual([{ code: CLOSE_CODES.internalError, reason: expect.not.stringContaining("internal") }]);
  });
});

describe("a client that tells what it takes", () => {
  test("is sent no more than its window ahead", async () => {
    const { connection, binary } = await open({ valueBytes: 5 * MIB });
    await connection.receive("taken 0");
    const answered = connection.receive(bytesOf(fetchFrame("orders", 0)));
    await settle();
    const bytes = () => binary().reduce((sum, { length }) => sum + length, 0);
    const ahead = bytes();
    expect(ahead).toBeLessThanOrEqual(SOCKET_WINDOW_BYTES);
    expect(ahead).toBeGreaterThan(SOCKET_WINDOW_BYTES - MAX_SOCKET_MESSAGE_BYTES);
    await connection.receive(`taken ${MIB}`);
    await settle();
    expect(bytes() - ahead).toBeLessThanOrEqual(MIB);
    while (bytes() < 5 * MIB) {
      await connection.receive(`taken ${MIB}`);
      await settle();
    }
    await answered;
  });

  test("is told what is taken, before its window is full", async () => {
    const { connection, sent } = await open();
    await connection.receive("taken 0");
    const produce = produceFrame("orders", encodePlainBatch(0, [{ timestamp: 1, key: null, value: new Uint8Array(MIB), headers: [] }]));
    await connection.receive(bytesOf(produce));
    expect(sent).toContain(`taken ${produce.length}`);
  });

  test.each(["taken 1", "taken -1", "taken", "hello", "taken 1e3"])(
    "%j is more than was sent, or nothing that is understood",
    async (text) => {
      const { connection, closed } = await open();
      await connection.receive(text);
      expect(closed).toMatchObject([{ code: CLOSE_CODES.policyViolation }]);
    },
  );
});

test("a client that tells nothing is told nothing, and is closed at a limit instead of queued for", async () => {
  const { connection, sent, closed } = await open({ valueBytes: 9 * MIB });
  for (let asks = 0; closed.length === 0 && asks < 20; asks++) await connection.receive(bytesOf(fetchFrame("orders", 0)));
  expect(sent.filter((message) => typeof message === "string")).toEqual([]);
  const bytes = sent.reduce((sum, { length }) => sum + length, 0);
  expect(bytes).toBeLessThanOrEqual(MAX_UNTOLD_SOCKET_BYTES);
  expect(bytes).toBeGreaterThan(MAX_UNTOLD_SOCKET_BYTES - 10 * MIB);
  expect(closed).toMatchObject([{ code: CLOSE_CODES.policyViolation, reason: expect.stringContaining("taken N") }]);
});

test("more than may wait for its turn closes it", async () => {
  const { connection, broker, closed } = await open();
  broker.produceBatches = () => new Promise(() => {});
  const large = new Uint8Array(8 * MIB);
  void connection.receive(bytesOf(concatBytes([produceFrame("orders", new Uint8Array(16 * MIB)), produceFrame("orders", large)])));
  for (let bytes = 0; bytes <= MAX_SOCKET_AHEAD_BYTES; bytes += large.length) void connection.receive(bytesOf(large));
  await settle();
  expect(closed).toMatchObject([{ code: CLOSE_CODES.policyViolation, reason: expect.stringContaining("ahead") }]);
});

describe("what outlives the memory", () => {
  test("an idle socket goes on, authenticated as it was, and its windows with it", async () => {
    const before = await open({ state: { ...AUTHENTICATED, isAuthenticated: false } });
    await before.connection.receive("taken 0");
    await before.connection.receive(bytesOf(requestFrame(API.saslHandshake, 1, { mechanism: "PLAIN" })));
    const after = await open({ state: before.saved() });
    await after.connection.receive(bytesOf(requestFrame(API.saslAuthenticate, 2, { authBytes: new TextEncoder().encode("\0a\0sesame") })));
    const last = await open({ state: after.saved() });
    await last.connection.receive(bytesOf(fetchFrame("orders", 0)));
    expect([before, after, last].flatMap(({ closed }) => closed)).toEqual([]);
    expect(last.binary()).toHaveLength(1);
    const sentBytes = [before, after, last].flatMap(({ binary }) => binary()).reduce((sum, { length }) => sum + length, 0);
    expect(last.saved()).toMatchObject({ isAuthenticated: true, tells: true, isBusy: false, sentBytes });
  });

  test("half a request does not: the socket is closed, not served with a gap", async () => {
    const before = await open();
    await before.connection.receive(bytesOf(asked.subarray(0, 7)));
    expect(before.saved().isBusy).toBe(true);
    const after = await open({ state: before.saved() });
    expect(after.closed).toMatchObject([{ code: CLOSE_CODES.serviceRestart }]);
    await after.connection.receive(bytesOf(asked.subarray(7)));
    expect(after.binary()).toEqual([]);
  });

  test("nor does a request that is not answered", async () => {
    const { connection, saved } = await open();
    const answered = connection.receive(bytesOf(fetchFrame("orders", 1, { maxWaitMs: 10_000 })));
    await settle();
    expect(saved().isBusy).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    await answered;
    expect(saved().isBusy).toBe(false);
  });
});

describe("time", () => {
  test("the rest of a request has to come within its time, counted from the last message", async () => {
    const { connection, closed } = await open();
    await connection.receive(bytesOf(asked.subarray(0, 5)));
    await vi.advanceTimersByTimeAsync(PARTIAL_REQUEST_MS - 1);
    await connection.receive(bytesOf(asked.subarray(5, 6)));
    await vi.advanceTimersByTimeAsync(PARTIAL_REQUEST_MS - 1);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(closed).toMatchObject([{ code: CLOSE_CODES.policyViolation, reason: expect.stringContaining("the rest of a request") }]);
  });

  test("an idle socket keeps no timer but for the watches of its last fetch", async () => {
    const { connection } = await open();
    await connection.receive(bytesOf(asked));
    await vi.advanceTimersByTimeAsync(IDLE_WATCHES_MS);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a socket that says nothing is closed after the idle time, one that waits for an answer is not", async () => {
    const { connection, broker, closed } = await open();
    await connection.receive(bytesOf(asked));
    expect(connection.closeIfIdle()).toBe(MAX_IDLE_MS);
    vi.setSystemTime(MAX_IDLE_MS - 1);
    expect(connection.closeIfIdle()).toBe(MAX_IDLE_MS);
    broker.clusterId = () => new Promise(() => {});
    void connection.receive(bytesOf(requestFrame(API.metadata, 12, { topics: null } as never)));
    vi.setSystemTime(3 * MAX_IDLE_MS);
    expect(connection.closeIfIdle()).toBeGreaterThan(3 * MAX_IDLE_MS);
    expect(closed).toEqual([]);
    const idle = await open();
    expect(idle.connection.closeIfIdle()).toBeNull();
    expect(idle.closed).toMatchObject([{ code: 1000 }]);
  });
});

test("when the client leaves, what waits for it ends", async () => {
  const { connection, binary, closed } = await open();
  const answered = connection.receive(bytesOf(fetchFrame("orders", 1, { maxWaitMs: 60_000 })));
  await settle();
  connection.end();
  await answered;
  expect([binary(), closed]).toEqual([[], []]);
  expect(vi.getTimerCount(), "no wait is left").toBe(0);
});

test("a group that makes it wait is not waited for any more when it leaves", async () => {
  const { connection, broker, binary } = await open();
  broker.classicGroup = () => ({ join: () => new Promise(() => {}) }) as never;
  const protocols = [{ name: "range", metadata: new Uint8Array(1) }];
  const member = { groupId: "g", memberId: "", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 300_000, protocolType: "consumer", protocols };
  const answered = connection.receive(bytesOf(requestFrame(API.joinGroup, 2, member as never)));
  await settle();
  connection.end();
  await answered;
  expect(binary()).toEqual([]);
});

// Clients that are slow, lie about lengths, or vanish in the middle: afterwards the broker serves, nothing was answered by a fault of its
// own, and a produce is whole in the log or not in it.

import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { concatBytes } from "../../src/common/bytes.ts";
import { MAX_BODY_BYTES } from "../../src/common/limits/http.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { loadCore } from "../support/core.ts";
import {
  BATCHES_TYPE,
  createTopic,
  expectOk,
  fetchRecords,
  highWatermark,
  type PartitionPlace,
  partitionUrl,
  produceBatches,
} from "../support/raw-batches.ts";
import { connect, exchange, type Parts, received, send } from "../support/raw-http.ts";

const CLIENTS = 100;
const RECORDS = 10;

const core = loadCore();

let broker: Broker;
let place: PartitionPlace;
let topics = 0;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker?.stop());

beforeEach(async () => {
  [place] = (await createTopic(broker.url, `hostile-${topics++}`)) as [PartitionPlace];
});
afterEach(async () => {
  const before = await highWatermark(place);
  const { baseOffset } = await produceBatches(place, batchOf("still here", 1));
  expect(baseOffset, "the broker serves").toBe(before);
  expect(broker.output(), "no fault of its own").not.toContain('"level":"error"');
});

/** A request up to its body. */
function head(target: string, ...headers: string[]): string {
  return [`${target} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n");
}

function produceHead(...headers: string[]): string {
  return head(`POST /v1/topics/${place.topic}/records`, "Content-Type: application/json", ...headers);
}

const BODY = '{"records":[{"value":"one record"}]}';
const LENGTH = `Content-Length: ${BODY.length}`;
const CHUNKED = "Transfer-Encoding: chunked";
const CLOSE = "Connection: close";
const CHUNK = `${BODY.length.toString(16)}\r\n${BODY}\r\n`;
const LAST_CHUNK = "0\r\n\r\n";

async function expectAnswers(parts: Parts, statuses: readonly number[], written: number, isHalfClosed = false): Promise<void> {
  const answer = await exchange(broker.port, parts, isHalfClosed);
  expect(answer.statuses, answer.text).toEqual(statuses);
  expect(await highWatermark(place), answer.text).toBe(written);
}

test("a request that comes byte by byte is served", async () => {
  await expectAnswers([...produceHead(LENGTH, CLOSE), ...BODY], [200], 1);
});

describe("a connection that the client half-closes", () => {
  test("after a whole request still gets the answer", () => expectAnswers([produceHead(LENGTH), BODY], [200], 1, true));
  test("inside a body of known length gets a 400 and writes nothing", () =>
    expectAnswers([produceHead("Content-Length: 99"), BODY], [400], 0, true));
  test("inside a chunked body gets a 400 and writes nothing", () => expectAnswers([produceHead(CHUNKED), CHUNK], [400], 0, true));
  test("inside the headers gets nothing", () => expectAnswers([produceHead(LENGTH).slice(0, -10)], [], 0, true));
});

describe("headers", () => {
  const padding = (bytes: number) => `X-Padding: ${"x".repeat(bytes)}`;
  test("of 60 kB are taken", () => expectAnswers([produceHead(LENGTH, CLOSE, padding(60_000)), BODY], [200], 1));
  test.each([
    ["1 MB", [padding(1_000_000)]],
    ["1 MB in 20,000 lines", Array<string>(20_000).fill(padding(40))],
  ])("of %s are refused, if the client still listens when the server closes", async (_, lines) => {
    const { statuses } = await exchange(broker.port, [produceHead(LENGTH, ...lines), BODY]);
    expect([[], [431]]).toContainEqual(statuses);
    expect(await highWatermark(place)).toBe(0);
  });
  test("with two hosts are refused, with a problem", async () => {
    const { statuses, bodies } = await exchange(broker.port, [head("GET /v1/topics", "Host: elsewhere", CLOSE)]);
    expect(statuses).toEqual([400]);
    expect(bodies).toMatchObject([{ code: "INVALID_REQUEST" }]);
  });

  test("that are no HTTP are refused", () => expectAnswers(["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"], [400], 0));
});

describe("chunked bodies", () => {
  const oneByteChunks = [...BODY].map((byte) => `1\r\n${byte}\r\n`);
  test.each([
    ["one chunk", [CHUNK, LAST_CHUNK]],
    ["chunks of one byte, each in a segment of its own", [...oneByteChunks, LAST_CHUNK]],
    ["leading zeros and an upper-case size", [`000${CHUNK.toUpperCase().slice(0, 2)}\r\n${BODY}\r\n`, LAST_CHUNK]],
    ["an extension", [CHUNK.replace("\r\n", ";name=value\r\n"), LAST_CHUNK]],
    ["a trailer", [CHUNK, "0\r\nX-Trailer: 1\r\n\r\n"]],
  ])("with %s are taken", (_, parts) => expectAnswers([produceHead(CHUNKED, CLOSE), ...parts], [200], 1));

  test.each([
    ["a size that is no number", `zz\r\n${BODY}\r\n${LAST_CHUNK}`],
    ["a negative size", `-24\r\n${BODY}\r\n${LAST_CHUNK}`],
    ["a size of more than 64 bits", `fffffffffffffffff\r\n${BODY}\r\n${LAST_CHUNK}`],
    ["no line end after a chunk", `5\r\n${BODY}\r\n${LAST_CHUNK}`],
  ])("with %s are refused", (_, part) => expectAnswers([produceHead(CHUNKED), part], [400], 0));

  test("of a size that never comes are refused when the client ends", () =>
    expectAnswers([produceHead(CHUNKED), `7fffffffffffffff\r\n${BODY}`], [400], 0, true));
});

describe("Content-Length", () => {
  test("below the body's length leaves bytes that are no request", () =>
    expectAnswers([produceHead(`Content-Length: ${BODY.length - 3}`), BODY], [400, 400], 0));

  test.each(["-5", "5x", "", "99999999999999999999999", `${BODY.length}, 3`])("%j is refused", (length) =>
    expectAnswers([produceHead(`Content-Length: ${length}`), BODY], [400], 0),
  );

  test("twice, with different values, is refused", () => expectAnswers([produceHead(LENGTH, "Content-Length: 3"), BODY], [400], 0));

  test("above the limit is refused before the body comes", () =>
    expectAnswers([produceHead(`Content-Length: ${MAX_BODY_BYTES + 1}`)], [413], 0));

  test("beside Transfer-Encoding does not count, and nothing after the body is taken for a request", () =>
    expectAnswers([produceHead(CHUNKED, "Content-Length: 5") + CHUNK + LAST_CHUNK + produceHead(LENGTH, CLOSE) + BODY], [200], 1));
});

test("pipelined requests are answered in order", async () => {
  const count = 20;
  const requests = Array.from({ length: count }, (_, i) => produceHead(LENGTH, ...(i === count - 1 ? [CLOSE] : [])) + BODY);
  const { statuses, bodies } = await exchange(broker.port, [requests.join("")]);
  expect(statuses).toEqual(Array(count).fill(200));
  expect(bodies.map(({ offsets }) => offsets)).toEqual(Array.from({ length: count }, (_, offset) => [[0, offset]]));
});

describe(`of ${CLIENTS} produces at once`, () => {
  const half = (body: string | Uint8Array) => body.slice(0, body.length / 2);

  test("those whose clients vanish inside the body write nothing", async () => {
    await everyClient(async (socket, i) => {
      const { head, body } = produceOf(`client-${i}`, i);
      await send(socket, head);
      await send(socket, half(body));
    });
    expect(await highWatermark(place)).toBe(0);
  });

  test("those whose clients vanish after the body are whole in the log, or not in it; those that were answered are in it", async () => {
    const answered = new Set<string>();
    await everyClient(async (socket, i) => {
      const { head, body } = produceOf(`client-${i}`, i);
      await send(socket, Buffer.concat([Buffer.from(head), Buffer.from(body)]));
      if (i % 4 !== 0) return;
      await received(socket, /^HTTP\/1\.1 200 /);
      answered.add(`client-${i}`);
    });
    const marks = (await fetchRecords(place)).map(({ key, value }) => `${key} ${value}`);
    expectWholeRuns(marks);
    for (const key of answered) expect(marks).toContain(`${key} 0`);
  });

  test("streams of JSON lines that break off leave whole lines from the first on", async () => {
    const sent = new Map<string, number>();
    const answered = new Set<string>();
    await everyClient(async (socket, i) => {
      const lines = Array.from({ length: RECORDS }, (_, n) => `${JSON.stringify({ key: `client-${i}`, value: String(n) })}\n`);
      const text = lines.join("").slice(0, -1 - i);
      sent.set(`client-${i}`, text.split("\n").length - 1);
      const type = "Content-Type: application/x-ndjson";
      await send(socket, `${head(`POST /v1/topics/${place.topic}/records`, type, CHUNKED)}${text.length.toString(16)}\r\n${text}\r\n`);
      if (i % 4 !== 0) return;
      await received(socket, /"baseOffset"/);
      answered.add(`client-${i}`);
    });
    const byKey = Map.groupBy(await fetchRecords(place), ({ key }) => key!);
    for (const key of answered) expect(byKey.has(key)).toBe(true);
    for (const [key, records] of byKey) {
      expect(records.map(({ value }) => value)).toEqual(Array.from({ length: records.length }, (_, n) => String(n)));
      expect(records.length).toBeLessThanOrEqual(sent.get(key)!);
    }
  });

  /** JSON, raw batches, raw batches chunked, by turns; three batches in one body. */
  function produceOf(key: string, i: number): { head: string; body: string | Uint8Array } {
    if (i % 3 === 0) {
      const body = JSON.stringify({ records: Array.from({ length: RECORDS }, (_, n) => ({ key, value: String(n), partition: 0 })) });
      return { head: produceHead(`Content-Length: ${body.length}`), body };
    }
    const batches = concatBytes([batchOf(key, 4, 0), batchOf(key, 3, 4), batchOf(key, 3, 7)]);
    const target = `POST /v1/topics/${place.topic}/partitions/0/batches`;
    const type = `Content-Type: ${BATCHES_TYPE}`;
    if (i % 3 === 1) return { head: head(target, type, `Content-Length: ${batches.length}`), body: batches };
    const chunk = concatBytes([Buffer.from(`${batches.length.toString(16)}\r\n`), batches, Buffer.from(`\r\n${LAST_CHUNK}`)]);
    return { head: head(target, type, CHUNKED), body: chunk };
  }
});

describe("readers that vanish", () => {
  test("in a long poll", async () => {
    await everyClient((socket) => send(socket, head(`GET /v1/topics/${place.topic}/partitions/0/records?offset=0&maxWaitMs=60000`)));
    await expectLiveTail();
  });

  test("from a stream of events", async () => {
    await produceBatches(place, batchOf("before", 1));
    await everyClient(async (socket) => {
      await send(socket, head(`GET /v1/topics/${place.topic}/partitions/0/records?offset=0`, "Accept: text/event-stream"));
      await received(socket, /id: 1\n/);
    });
    await expectLiveTail();
  });

  test("from a WebSocket, without a word", async () => {
    await everyClient(async (socket) => {
      await send(socket, webSocketHead());
      await received(socket, /^HTTP\/1\.1 101 /);
    });
    await expectLiveTail();
  });

  test("while they stop reading what is sent to them", async () => {
    const values = encodeBatch(
      core,
      Array.from({ length: 9 }, () => ({ key: null, value: "x".repeat(100_000), timestamp: 0 })),
      { compression: "none" },
    );
    await produceBatches(place, values);
    await everyClient(async (socket, i) => {
      socket.pause();
      await send(
        socket,
        i % 2 === 0
          ? webSocketHead("offset=0")
          : head(`GET /v1/topics/${place.topic}/partitions/0/records?offset=0`, "Accept: text/event-stream"),
      );
    });
    await produceBatches(place, values);
    await expectLiveTail();
  });

  function webSocketHead(query = "offset=latest"): string {
    return head(
      `GET /v1/topics/${place.topic}/partitions/0/tail?${query}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    );
  }
});

/** Opens every connection, lets `act` do its part on each at once, and resets them all. */
async function everyClient(act: (socket: Socket, index: number) => Promise<unknown>): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => connect(broker.port)));
  try {
    await Promise.all(sockets.map(act));
  } finally {
    for (const socket of sockets) socket.resetAndDestroy();
  }
}

/** A reader that comes after the others gets what is written after it came. */
async function expectLiveTail(): Promise<void> {
  const offset = await highWatermark(place);
  const waiting = fetch(`${partitionUrl(place, "records")}?offset=${offset}&maxWaitMs=60000`);
  await produceBatches(place, batchOf("live", 1));
  const { records } = (await (await expectOk(await waiting)).json()) as { records: readonly { key: string }[] };
  expect(records.map(({ key }) => key)).toEqual(["live"]);
}

/** Each key that is there has its values 0 to RECORDS - 1 in one piece. */
function expectWholeRuns(marks: readonly string[]): void {
  const keys = new Set(marks.map((mark) => mark.split(" ")[0]));
  expect(marks.length).toBe(keys.size * RECORDS);
  for (let from = 0; from < marks.length; from += RECORDS) {
    const key = marks[from]!.split(" ")[0];
    expect(marks.slice(from, from + RECORDS)).toEqual(Array.from({ length: RECORDS }, (_, n) => `${key} ${n}`));
  }
}

/** A batch of `count` records, their values numbered from `first` on. */
function batchOf(key: string, count: number, first = 0): Uint8Array<ArrayBuffer> {
  const records = Array.from({ length: count }, (_, i) => ({ key, value: String(first + i), timestamp: 1_760_000_000_000 }));
  return encodeBatch(core, records, { compression: "none" });
}

// Bodies in pieces: what a client gets of them, and when their room is given back.

import { beforeEach, describe, expect, test } from "vitest";
import { type AnswerRoom, AnswerRooms } from "../../../../src/broker/answer-room.ts";
import { bodyOf, bufferPieces, jsonPieces } from "../../../../src/listeners/http/answer-body.ts";
import { JsonWriter } from "../../../../src/wasm/json-writer.ts";
import { loadCore } from "../../../support/core.ts";

const BYTES = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251);
const GET = new Request("http://localhost/");

let rooms: AnswerRooms;
let room: AnswerRoom;

beforeEach(async () => {
  rooms = new AnswerRooms(() => 0);
  room = rooms.open();
  await room.take(BYTES.length);
  room.add(BYTES.length);
});

/** Whether nothing is held of the isolate's room. */
function isFree(): boolean {
  return rooms.shareOf(Number.MAX_SAFE_INTEGER) === new AnswerRooms(() => 0).shareOf(Number.MAX_SAFE_INTEGER);
}

function* numbers(json: JsonWriter, count: number): Generator<void> {
  json.rawText("[0");
  for (let number = 1; number < count; number++) {
    json.rawText(`,${number}`);
    yield;
  }
  json.rawText("]");
}

test("a large buffer goes out whole, in pieces, and its room is free after the last", async () => {
  const body = bodyOf(GET, room, bufferPieces(BYTES));
  expect(body).toBeInstanceOf(ReadableStream);
  expect(isFree()).toBe(false);
  expect(new Uint8Array(await new Response(body).arrayBuffer())).toEqual(BYTES);
  expect(isFree()).toBe(true);
});

test("JSON is made piece by piece, and two answers may be under way by turns", async () => {
  const json = new JsonWriter(loadCore());
  const other = rooms.open();
  const counts = [200_000, 300_000];
  const streams = [room, other].map((one, index) => bodyOf(GET, one, jsonPieces(json, numbers(json, counts[index]!))) as ReadableStream);
  const readers = streams.map((stream) => stream.getReader() as ReadableStreamDefaultReader<Uint8Array>);
  const texts = ["", ""];
  for (let isOver = [false, false]; isOver.includes(false); ) {
    for (const [index, reader] of readers.entries()) {
      const { value, done } = await reader.read();
      texts[index] += new TextDecoder().decode(value);
      isOver = isOver.with(index, done);
    }
  }
  for (const [index, text] of texts.entries()) {
    expect(JSON.parse(text)).toEqual(Array.from({ length: counts[index]! }, (_, number) => number));
  }
  expect(isFree()).toBe(true);
});

test("nothing is made ahead of a client that does not read", async () => {
  let made = 0;
  const body = bodyOf(GET, room, () => ({ bytes: new Uint8Array([made++]), isLast: false })) as ReadableStream;
  const reader = body.getReader();
  expect(made).toBe(1);
  await reader.read();
  await reader.read();
  expect(made).toBe(2);
});

describe("room is free again", () => {
  test("at once where one piece is all", () => {
    expect(bodyOf(GET, room, bufferPieces(BYTES.slice(0, 1_000)))).toEqual(BYTES.slice(0, 1_000));
    expect(isFree()).toBe(true);
  });

  test("at once for HEAD, whose body nobody reads", () => {
    expect(bodyOf(new Request(GET, { method: "HEAD" }), room, bufferPieces(BYTES))).toBeNull();
    expect(isFree()).toBe(true);
  });

  test("when the client goes away", async () => {
    const reader = (bodyOf(GET, room, bufferPieces(BYTES)) as ReadableStream).getReader();
    await reader.read();
    expect(isFree()).toBe(false);
    await reader.cancel();
    expect(isFree()).toBe(true);
  });

  test("when a piece cannot be made", async () => {
    let count = 0;
    const next = () => {
      if (count++ > 0) throw new Error("a bug");
      return { bytes: new Uint8Array(1), isLast: false };
    };
    await expect(new Response(bodyOf(GET, room, next)).arrayBuffer()).rejects.toThrow("a bug");
    expect(isFree()).toBe(true);
  });
});

// Room for the answers of an isolate: what fetches get while others hold theirs, and when it is free again.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AnswerRoom, AnswerRooms } from "../../../src/broker/answer-room.ts";
import {
  ANSWER_LEAVE_MS,
  ANSWER_ROOM_LOOK_MS,
  ANSWER_ROOM_WAIT_MS,
  ANSWERS_RESERVE_BYTES,
  MAX_ANSWERS_BYTES,
  MIN_ANSWER_READ_BYTES,
} from "../../../src/common/limits/answer-room.ts";
import { MAX_FETCH_BYTES } from "../../../src/common/limits/fetch.ts";

let rooms: AnswerRooms;

beforeEach(() => {
  vi.useFakeTimers();
  rooms = new AnswerRooms(Date.now);
});
afterEach(() => vi.useRealTimers());

/** An answer that holds what it got, or so many bytes of a first batch. */
async function answer(wantedBytes: number, batchBytes = 0): Promise<{ room: AnswerRoom; bytes: number }> {
  const room = rooms.open();
  const granted = await room.take(wantedBytes);
  const bytes = Math.max(granted!, batchBytes);
  room.add(bytes);
  return { room, bytes };
}

/** Answers until nothing is left. @param heldBytes by answers before */
async function fill(heldBytes = 0): Promise<AnswerRoom[]> {
  const held: AnswerRoom[] = [];
  for (let bytes = heldBytes; bytes + MIN_ANSWER_READ_BYTES <= MAX_ANSWERS_BYTES + ANSWERS_RESERVE_BYTES; ) {
    const one = await answer(MAX_FETCH_BYTES, MIN_ANSWER_READ_BYTES);
    held.push(one.room);
    bytes += one.bytes;
  }
  return held;
}

/** A read that has to wait. @returns what it got; undefined as long as it waits */
function waiting(room = rooms.open()): () => number | null | undefined {
  let got: number | null | undefined;
  void room.take(MAX_FETCH_BYTES).then((bytes) => {
    got = bytes;
  });
  return () => got;
}

test("one fetch alone gets all that it asks for", async () => {
  expect((await answer(MAX_FETCH_BYTES)).bytes).toBe(MAX_FETCH_BYTES);
});

test("however many answers are not taken, the next gets something, and all together stay within bounds", async () => {
  let [heldBytes, lastBytes] = [0, Number.POSITIVE_INFINITY];
  for (let count = 0; count < 1_000; count++) {
    const { bytes } = await answer(MAX_FETCH_BYTES);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(lastBytes);
    heldBytes += bytes;
    lastBytes = bytes;
  }
  expect(heldBytes).toBeLessThanOrEqual(MAX_ANSWERS_BYTES + 1_000); // a byte each, where there is nothing to share
});

test("a batch that is larger than what is left comes out of the reserve", async () => {
  const held = await fill();
  expect(held.length).toBeGreaterThan(ANSWERS_RESERVE_BYTES / MIN_ANSWER_READ_BYTES);
  expect(rooms.isWanted).toBe(true);
});

test("reads that are under way are counted before it is known what they bring", async () => {
  const reads = Array.from({ length: 200 }, () => waiting());
  await vi.advanceTimersByTimeAsync(0);
  const begun = reads.filter((got) => got() !== undefined).length;
  expect(begun).toBeGreaterThan(10);
  expect(begun).toBeLessThanOrEqual((MAX_ANSWERS_BYTES + ANSWERS_RESERVE_BYTES) / MIN_ANSWER_READ_BYTES);
});

describe("without any room", () => {
  test("a fetch waits until an answer leaves", async () => {
    const [first] = await fill();
    const got = waiting();
    await vi.advanceTimersByTimeAsync(ANSWER_ROOM_WAIT_MS / 2);
    expect(got()).toBeUndefined();
    first!.leave();
    await vi.advanceTimersByTimeAsync(ANSWER_ROOM_LOOK_MS);
    expect(got()).toBeGreaterThanOrEqual(1);
  });

  test("it waits so long, and is refused", async () => {
    await fill();
    const room = rooms.open();
    const got = waiting(room);
    await vi.advanceTimersByTimeAsync(ANSWER_ROOM_WAIT_MS + ANSWER_ROOM_LOOK_MS);
    expect([got(), room.isRefused]).toEqual([null, true]);
  });

  test("an answer that holds something already reads on: it waits for nobody", async () => {
    const held = await fill();
    const got = waiting(held[0]);
    await vi.advanceTimersByTimeAsync(0);
    expect(got()).toBeGreaterThanOrEqual(1);
  });
});

test("a read that brings nothing holds nothing", async () => {
  for (let count = 0; count < 1_000; count++) {
    const room = rooms.open();
    await room.take(MAX_FETCH_BYTES);
    room.add(0);
  }
  expect((await answer(MAX_FETCH_BYTES)).bytes).toBe(MAX_FETCH_BYTES);
});

test("what an answer is unpacked to is counted, and gives way to others as reads do", async () => {
  const [first, second] = [rooms.open(), rooms.open()];
  for (const room of [first, second]) {
    await room.take(1_000);
    room.add(1_000);
  }
  expect(first.shareOf(MAX_FETCH_BYTES)).toBe((MAX_ANSWERS_BYTES - 2 * 1_000) / 4);
  first.hold(MAX_ANSWERS_BYTES);
  expect(second.shareOf(MAX_FETCH_BYTES)).toBe(1_000);
});

describe("an answer that does not leave", () => {
  test("is left alone as long as nobody needs its room", async () => {
    const { room } = await answer(MAX_FETCH_BYTES);
    const end = vi.fn();
    room.endWhenLate(end);
    await vi.advanceTimersByTimeAsync(10 * ANSWER_LEAVE_MS);
    expect(end).not.toHaveBeenCalled();
    expect((await answer(MAX_FETCH_BYTES)).bytes).toBe((MAX_ANSWERS_BYTES - MAX_FETCH_BYTES) / 4); // it is counted all the same
  });

  test("is ended where others need it", async () => {
    const { room } = await answer(MAX_FETCH_BYTES);
    const end = vi.fn();
    room.endWhenLate(end);
    await fill(MAX_FETCH_BYTES);
    await vi.advanceTimersByTimeAsync(ANSWER_LEAVE_MS);
    expect(end).toHaveBeenCalledOnce();
  });

  test("is not ended once it has left", async () => {
    const { room } = await answer(MAX_FETCH_BYTES);
    const end = vi.fn();
    room.endWhenLate(end);
    await fill(MAX_FETCH_BYTES);
    room.leave();
    await vi.advanceTimersByTimeAsync(10 * ANSWER_LEAVE_MS);
    expect(end).not.toHaveBeenCalled();
  });
});

test("room of a request that was cut off is free again by time", async () => {
  await fill();
  await vi.advanceTimersByTimeAsync(2 * ANSWER_LEAVE_MS + 1);
  expect((await answer(MAX_FETCH_BYTES)).bytes).toBe(MAX_FETCH_BYTES);
});

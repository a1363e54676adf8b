import { describe, expect, test } from "vitest";
import { FrameSizeError, FrameSplitter } from "../../../src/protocol/framing.ts";
import { randomBytes, seededRandom } from "../../support/random.ts";

const MAX_BYTES = 200_000;

function framed(...frames: Uint8Array[]): Uint8Array {
  return Buffer.concat(frames.flatMap((frame) => [size(frame.length), frame]));
}

function size(bytes: number): Uint8Array {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setInt32(0, bytes);
  return prefix;
}

/** Splits a stream that comes in chunks of these sizes, each through the same buffer, as a socket's do. */
function splitThroughOneBuffer(stream: Uint8Array, chunkBytes: () => number): Uint8Array[] {
  const splitter = new FrameSplitter(MAX_BYTES);
  const buffer = new Uint8Array(stream.length);
  const frames: Uint8Array[] = [];
  for (let position = 0; position < stream.length; ) {
    const chunk = stream.subarray(position, position + chunkBytes());
    buffer.fill(0xee);
    buffer.set(chunk);
    for (const frame of splitter.split(buffer.subarray(0, chunk.length))) frames.push(frame.slice());
    position += chunk.length;
  }
  expect(splitter.pendingBytes).toBe(0);
  return frames;
}

const random = seededRandom(11);
const frames = [3, 0, 1, 70_000, 4, 150_000, 0, 65_536, 12].map((length) => randomBytes(length, random));

test.for([1, 2, 3, 4, 5, 7, 1000, 65_536, 100_000, 10_000_000])("finds the frames in chunks of %d bytes", (chunkBytes) => {
  const some = chunkBytes < 1000 ? frames.filter(({ length }) => length < 100) : frames;
  expect(splitThroughOneBuffer(framed(...some), () => chunkBytes)).toEqual(some);
});

test("finds the frames in chunks of any size", () => {
  const stream = framed(...frames);
  for (let i = 0; i < 20; i++) expect(splitThroughOneBuffer(stream, () => 1 + Math.floor(random() ** 4 * 90_000))).toEqual(frames);
});

test("gives a frame that lies in one chunk as a view of it, and copies one that does not", () => {
  const chunk = Uint8Array.from([...size(3), 1, 2, 3, ...size(2), 4]);
  const splitter = new FrameSplitter(MAX_BYTES);
  const [view, ...none] = splitter.split(chunk);
  expect(none).toEqual([]);
  expect(view!.buffer).toBe(chunk.buffer);
  expect(splitter.pendingBytes).toBe(5);
  chunk.fill(0);
  expect([...splitter.split(Uint8Array.from([5]))].map((frame) => [...frame])).toEqual([[4, 5]]);
  expect(splitter.pendingBytes).toBe(0);
});

describe("a size that cannot be", () => {
  test.for([-1, -(2 ** 31), MAX_BYTES + 1, 2 ** 31 - 1])("%d is an error, after the frames before it", (bad) => {
    const splitter = new FrameSplitter(MAX_BYTES);
    const split = splitter.split(Uint8Array.from([...size(1), 9, ...size(bad), 1, 2]));
    expect([...split.next().value!]).toEqual([9]);
    const error = errorOf(() => split.next());
    expect(error).toBeInstanceOf(FrameSizeError);
    expect(error).toMatchObject({ size: bad });
    expect(() => [...splitter.split(Uint8Array.from([0]))], "it stays an error").toThrow(FrameSizeError);
  });

  test("the largest frame is no error", () => {
    expect([...new FrameSplitter(3).split(Uint8Array.from([...size(3), 1, 2, 3]))]).toHaveLength(1);
  });
});

test("an announced size is not believed: memory grows with what comes", () => {
  const splitters = Array.from({ length: 200 }, () => new FrameSplitter(2 ** 31 - 1));
  const before = process.memoryUsage().arrayBuffers;
  for (const splitter of splitters) expect([...splitter.split(Uint8Array.from([...size(2 ** 31 - 1), 1]))]).toEqual([]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}

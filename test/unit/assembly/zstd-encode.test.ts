import { spawnSync } from "node:child_process";
import { zstdDecompressSync } from "node:zlib";
import { init, compress as referenceCompress, decompress as wasmDecompress } from "@bokuweb/zstd-wasm";
import { decompress as fzstdDecompress } from "fzstd";
import { beforeAll, describe, expect, test } from "vitest";
import { type CodecExport, loadCore, runCodec } from "../../support/core.ts";
import { seededRandom } from "../../support/random.ts";
import { type BlockAnatomy, frameAnatomy } from "../../support/zstd-anatomy.ts";
import { dataset, mixture, records, symbols } from "../../support/zstd-inputs.ts";

const OUTPUT_LIMIT = -2;
const BLOCK = 128 << 10;
const FAR_COPY_BYTES = 4000;

interface ZstdExports {
  zstdCompress: CodecExport;
  zstdCompressBound(length: number): number;
}

const core = loadCore();
const exports = core.exports as unknown as ZstdExports;

const hasCommand = spawnSync("zstd", ["--version"]).status === 0;
if (!hasCommand) console.warn("SKIPPED: no zstd command here, so frames are not checked with it");

beforeAll(init);

function compress(input: Uint8Array): Uint8Array {
  const bound = exports.zstdCompressBound(input.length);
  const { status, output } = runCodec(core, "zstdCompress", input, bound);
  expect(status).toBeGreaterThan(0);
  return output;
}

function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect.fail(`${actual.length} bytes differ from the ${expected.length} expected`);
}

/** Compresses, and checks that every decoder at hand gives the input back. */
function roundTrip(input: Uint8Array): Uint8Array {
  const frame = compress(input);
  expectSame(zstdDecompressSync(frame), input);
  expectSame(fzstdDecompress(frame), input);
  expectSame(wasmDecompress(frame), input);
  return frame;
}

function firstBlock(input: Uint8Array): BlockAnatomy {
  return frameAnatomy(roundTrip(input)).blocks[0]!;
}

const text = new TextEncoder().encode("Sing, O goddess, the anger of Achilles son of Peleus, that brought countless ills. ".repeat(5000));
const flights = dataset("flights-200k.json");
const earthquakes = dataset("earthquakes.json");
const noise = symbols(300_000, 256, 1, 1);

describe("round trips through other decoders", () => {
  const shapes: [string, Uint8Array][] = [
    ["nothing", new Uint8Array(0)],
    ["one byte", Uint8Array.of(7)],
    ["a megabyte of zeros", new Uint8Array(1 << 20)],
    ["incompressible bytes", noise],
    ["text", text],
    ["records", records(100_000)],
    ["flat JSON of 3 MB", flights.subarray(0, 3 << 20)],
    ["nested JSON", earthquakes],
    ["JSON, noise, JSON", Uint8Array.from([...earthquakes.subarray(0, 90_000), ...noise, ...earthquakes.subarray(0, 90_000)])],
    ...[2, 3, 4, 5, 7, 8, 15, 16, 17, 100, 70_000].map((period): [string, Uint8Array] => {
      const pattern = symbols(period, 256, 1, period);
      return [`a pattern of ${period} bytes`, Uint8Array.from({ length: 200_000 }, (_, i) => pattern[i % period]!)];
    }),
  ];
  test.each(shapes)("gives back %s", (_name, input) => {
    roundTrip(input);
  });

  const boundaries = [
    15,
    16,
    17,
    23,
    24,
    25,
    127,
    128,
    255,
    256,
    257,
    1023,
    1024,
    16_383,
    16_384,
    65_791,
    65_792,
    BLOCK - 1,
    BLOCK,
    BLOCK + 1,
  ];
  test.each([...boundaries, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 17])("gives back %i bytes of every kind", (length) => {
    roundTrip(new Uint8Array(length));
    roundTrip(noise.subarray(0, length));
    roundTrip(symbols(length, 40, 3, length));
    roundTrip(flights.subarray(0, length));
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])("gives back %i bytes", (length) => {
    roundTrip(new Uint8Array(length));
    roundTrip(noise.subarray(0, length));
  });

  test.skipIf(!hasCommand)("is accepted by the zstd command", () => {
    for (const input of [new Uint8Array(0), text, flights, noise, symbols(BLOCK * 3, 200, 4, 2)]) {
      const { status, stderr } = spawnSync("zstd", ["-t", "-q"], { input: compress(input) });
      expect([status, stderr.toString()]).toEqual([0, ""]);
    }
  });

  test("decodes whatever a call before has left in the workspace", () => {
    const expected = compress(text);
    compress(flights.subarray(0, 1 << 20));
    expectSame(compress(text), expected);
  });
});

describe("the frame", () => {
  test.each([0, 1, 255, 256, 65_791, 65_792, 1 << 20])("is one segment that declares its %i bytes", (length) => {
    const { blocks, ...header } = frameAnatomy(compress(flights.subarray(0, length)));
    expect(header).toEqual({ singleSegment: true, hasChecksum: false, windowBytes: length, contentBytes: length });
    expect(blocks.length).toBe(Math.max(1, Math.ceil(length / BLOCK)));
  });

  test("declares a window of 8 MiB when it is longer than that, and no match reaches further back", () => {
    const within = roundTrip(farCopy((8 << 20) - 2 * FAR_COPY_BYTES));
    const beyond = roundTrip(farCopy((8 << 20) + 1));
    const { blocks, ...header } = frameAnatomy(beyond);
    expect(header).toEqual({ singleSegment: false, hasChecksum: false, windowBytes: 8 << 20, contentBytes: (8 << 20) + 2 * BLOCK });
    expect(blocks.length).toBe(66);
    expect(beyond.length - within.length).toBeGreaterThan(FAR_COPY_BYTES * 0.9);
  });

  test("of a bomb stays tiny", () => {
    expect(compress(new Uint8Array(4 << 20)).length).toBeLessThan(200);
    expect(compress(new Uint8Array(1 << 20).map((_, i) => i % 3)).length).toBeLessThan(400);
  });
});

describe("the output limit", () => {
  test.each([
    ["nothing", new Uint8Array(0)],
    ["one byte", Uint8Array.of(1)],
    ["zeros", new Uint8Array(300)],
    ["noise", noise.subarray(0, 300)],
    ["text", text.subarray(0, 600)],
    ["two blocks", flights.subarray(0, BLOCK + 100)],
  ])("is kept to the byte: %s", (_name, input) => {
    const whole = compress(input).length;
    const guarded = whole + 600;
    const source = core.scratch;
    const destination = (source + input.length + 63) & ~63;
    core.exports.reserve(destination + guarded - source);
    const memory = new Uint8Array(core.exports.memory.buffer);
    memory.set(input, source);
    for (let capacity = whole > 700 ? whole - 60 : 0; capacity <= whole; capacity++) {
      memory.fill(0x5a, destination, destination + guarded);
      const status = exports.zstdCompress(source, input.length, destination, capacity);
      expect(status).toBe(capacity < whole ? OUTPUT_LIMIT : whole);
      expect(memory.subarray(destination + capacity, destination + guarded).every((byte) => byte === 0x5a)).toBe(true);
    }
  });

  test("at the bound suffices for anything", () => {
    for (let length = 0; length < 4 * BLOCK; length = length * 2 + 1) compress(symbols(length, 256, 1, length));
  });
});

describe("takes every path of the format", () => {
  test("one repeated byte is an RLE block", () => {
    expect(firstBlock(new Uint8Array(5000).fill(9)).type).toBe("rle");
  });

  test("noise is a raw block", () => {
    expect(firstBlock(noise.subarray(0, 5000)).type).toBe("raw");
  });

  test("one literal symbol between matches is RLE literals", () => {
    expect(frameAnatomy(roundTrip(loneLiterals())).blocks[1]!.literals).toMatchObject({ type: "rle" });
  });

  test("few literals are one Huffman stream with direct weights, many are four", () => {
    const small = firstBlock(symbols(200, 12, 3, 5));
    expect(small.literals).toMatchObject({ type: "compressed", streams: 1, directWeights: true });
    expect(firstBlock(symbols(100_000, 256, 2, 5)).literals).toMatchObject({ type: "compressed", streams: 4, directWeights: false });
  });

  test("a code that would be deeper than 11 bits is cut to it", () => {
    const fibonacci = [1, 1];
    while (fibonacci.length < 24) fibonacci.push(fibonacci.at(-1)! + fibonacci.at(-2)!);
    const bytes = Uint8Array.from(fibonacci.flatMap((count, symbol) => Array.from({ length: count }, () => symbol * 7)));
    const random = seededRandom(11);
    for (let i = bytes.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [bytes[i], bytes[j]] = [bytes[j]!, bytes[i]!];
    }
    expect(firstBlock(bytes).literals?.type).toBe("compressed");
  });

  test("every alphabet of literals, from 2 to 256 symbols, even and skewed", () => {
    for (let alphabet = 2; alphabet <= 256; alphabet++) {
      roundTrip(symbols(1500, alphabet, 1, alphabet));
      roundTrip(symbols(1500, alphabet, 6, alphabet).map((symbol) => 255 - symbol));
    }
  });

  test("every table mode of every kind, a tree used again, and sequence counts of 1, 2 and 3 bytes come up", () => {
    const seen = new Set<string>();
    const random = seededRandom(42);
    const inputs = [
      ...Array.from({ length: 400 }, () => mixture(random)),
      flights.subarray(0, 1 << 20),
      manySequences(),
      wornPattern(),
      loneLiterals(),
    ];
    for (const input of inputs) {
      for (const { literals, tables, sequenceCount = 0 } of frameAnatomy(roundTrip(input)).blocks) {
        seen.add(`literals ${literals?.type}`);
        tables?.forEach((mode, kind) => {
          seen.add(`${["literal length", "offset", "match length"][kind]} ${mode}`);
        });
        seen.add(`count of ${sequenceCount < 0x80 ? 1 : sequenceCount < 0x7f00 ? 2 : 3} bytes`);
      }
    }
    for (const kind of ["literal length", "offset", "match length"]) {
      for (const mode of ["predefined", "rle", "described", "repeated"]) expect(seen).toContain(`${kind} ${mode}`);
    }
    for (const type of ["raw", "rle", "compressed", "treeless"]) expect(seen).toContain(`literals ${type}`);
    expect(seen).toContain("count of 1 bytes");
    expect(seen).toContain("count of 2 bytes");
    expect(seen).toContain("count of 3 bytes");
  });

  test("literal and match lengths at the limits of their codes", () => {
    for (const length of [1, 16, 63, 64, 127, 128, 129, 130, 131, 258, 259, 4098, 4099, 65_535, 65_536, 65_538, 65_539, 131_000]) {
      const literals = symbols(length, 256, 1, length);
      const head = symbols(40, 256, 1, 99);
      roundTrip(Uint8Array.from([...head, ...literals, ...head, ...head]));
      roundTrip(Uint8Array.from([...head, ...new Uint8Array(length), ...head, ...literals]));
    }
  });

  test("offsets at the limits of their codes", () => {
    const word = symbols(24, 256, 1, 77);
    for (let log = 3; log < 20; log++) {
      for (const distance of [2 ** log - 4, 2 ** log - 3, 2 ** log - 2]) {
        if (distance < word.length) continue;
        roundTrip(Uint8Array.from([...word, ...symbols(distance - word.length, 256, 1, log), ...word, ...new Uint8Array(100)]));
      }
    }
  });
});

/** Noise, zeros, and the noise again `distance` bytes after it began, in all 8 MiB and two blocks. */
function farCopy(distance: number): Uint8Array {
  const input = new Uint8Array((8 << 20) + 2 * BLOCK);
  const original = symbols(FAR_COPY_BYTES, 256, 1, 8);
  input.set(original, 100);
  input.set(original, 100 + distance);
  return input;
}

/** A block of noise and zeros in turn, then one of those pieces of noise, last first, with one symbol between them. */
function loneLiterals(): Uint8Array {
  const pieces = Array.from({ length: 60 }, (_, seed) => symbols(30, 256, 1, seed));
  const first = new Uint8Array(BLOCK);
  pieces.forEach((piece, i) => {
    first.set(piece, 1000 + 80 * i);
  });
  const second = pieces.toReversed().flatMap((piece) => [...piece, 200]);
  return Uint8Array.from([...first, ...second, ...new Uint8Array(16).fill(200)]);
}

/**
 * Groups of four bytes that copy in turn what is 2040 and 2048 bytes back, and never a byte more: a block holds more than 0x7f00
 * such sequences. The first groups are fresh and start with different bytes; the next make those two offsets the last ones.
 */
function manySequences(): Uint8Array {
  const input = symbols(2 * BLOCK, 256, 1, 15);
  for (let group = 0; group * 4 < input.length; group++) {
    const at = group * 4;
    if (group < 600 || group === 605) input[at] = group * 37;
    else if (group < 605 || (group > 610 && group % 2 === 1)) input.copyWithin(at, at - 2048, at - 2044);
    else input.copyWithin(at, at - 2040, at - 2036);
  }
  return input;
}

/** Noise that repeats every 100 bytes but for single bytes here and there: every offset is the last one again. */
function wornPattern(): Uint8Array {
  const random = seededRandom(16);
  const input = symbols(2 * BLOCK, 256, 1, 17);
  for (let at = 100; at < input.length; at++) if (random() > 0.02) input[at] = input[at - 100]!;
  return input;
}

/** Compresses between guard bytes: `fill` right around the input, other bytes around the output, which must all stay. */
function compressGuarded(input: Uint8Array, fill: number): Uint8Array {
  const guard = 256;
  const bound = exports.zstdCompressBound(input.length);
  const source = core.scratch + guard;
  const destination = source + input.length + 2 * guard;
  core.exports.reserve(destination + bound + guard - core.scratch);
  const memory = new Uint8Array(core.exports.memory.buffer);
  memory.fill(fill, core.scratch, destination);
  memory.set(input, source);
  memory.fill(0x5a, destination - guard, destination + bound + guard);
  const status = exports.zstdCompress(source, input.length, destination, bound);
  expect(status).toBeGreaterThan(0);
  for (const [start, end] of [
    [destination - guard, destination],
    [destination + bound, destination + bound + guard],
  ]) {
    expect(memory.subarray(start, end).every((byte) => byte === 0x5a)).toBe(true);
  }
  return memory.slice(destination, destination + status);
}

test("a fuzz of seeded mixtures is given back by every decoder, whatever lies around the input, and writes nothing past its bound", {
  timeout: 30_000,
}, () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
  const until = Date.now() + Number(process.env.FUZZ_MS ?? 2000);
  console.info(`zstd encoder fuzz: FUZZ_SEED=${seed}`);
  const random = seededRandom(seed);
  let inputs = 0;
  for (; inputs === 0 || Date.now() < until; inputs++) {
    const input = mixture(random);
    const frame = roundTrip(input);
    expectSame(compressGuarded(input, 0), frame);
    expectSame(compressGuarded(input, input.at(-1) ?? 1), frame);
  }
  expect(inputs).toBeGreaterThan(0);
});

test("records, text and JSON come out within 15 % of the reference's level 1", () => {
  for (const input of [records(100_000), text, flights.subarray(0, 100_000), earthquakes, dataset("movies.json")]) {
    expect(compress(input).length).toBeLessThan(referenceCompress(input, 1).length * 1.15);
  }
});

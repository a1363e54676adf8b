// gzip and DEFLATE of the core, against node's zlib (zlib itself), fflate and the gzip command, and against bad input.

import { execFileSync } from "node:child_process";
import { constants, crc32, deflateRawSync, gunzipSync, gzipSync, inflateRawSync, type ZlibOptions } from "node:zlib";
import { gunzipSync as fflateGunzip, gzipSync as fflateGzip } from "fflate";
import { describe, expect, test } from "vitest";
import { loadCore } from "../../support/core.ts";
import { gzipMember, jsonSample, packBits, randomBytes, runGuarded, seededRandom, structuredBytes } from "../../support/gzip.ts";

const CORRUPT = -1;
const OUTPUT_LIMIT = -2;
const UNSUPPORTED = -3;
const CHECKSUM_MISMATCH = -4;

const core = loadCore();

function bound(length: number): number {
  return (core.exports as unknown as { gzipCompressBound(length: number): number }).gzipCompressBound(length);
}

function compress(data: Uint8Array, capacity = bound(data.length)) {
  return runGuarded(core, "gzipCompress", data, capacity);
}

function decompress(data: Uint8Array, capacity: number) {
  return runGuarded(core, "gzipDecompress", data, capacity);
}

/** expect().toEqual on megabytes is slow. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

function expectDecompressed(data: Uint8Array, expected: Uint8Array): void {
  const { status, output } = decompress(data, expected.length);
  expect(status).toBe(expected.length);
  expectBytes(output, expected);
}

const text = new TextEncoder().encode(
  "A log is perhaps the simplest possible storage abstraction: an append-only, totally-ordered sequence of records ordered by time. ".repeat(
    3,
  ),
);
const latin = Uint8Array.from({ length: 256 }, (_, index) => index);

const samples: [name: string, data: Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["one byte", Uint8Array.of(7)],
  ["two bytes", Uint8Array.of(7, 7)],
  ["three equal bytes", Uint8Array.of(7, 7, 7)],
  ["four bytes", Uint8Array.of(1, 2, 3, 4)],
  ["every byte once", latin],
  ["a paragraph", text],
  ["zeros", new Uint8Array(1_000_003)],
  ["a period of two", Uint8Array.from({ length: 70_000 }, (_, index) => index & 1)],
  ["a period of 15", Uint8Array.from({ length: 70_000 }, (_, index) => index % 15)],
  ["a period of 32768", new Uint8Array(Buffer.concat([randomBytes(32768, 3), randomBytes(32768, 3), randomBytes(32768, 3)]))],
  ["a period of 32769", new Uint8Array(Buffer.concat([randomBytes(32769, 3), randomBytes(32769, 3), randomBytes(32769, 3)]))],
  ["random bytes", randomBytes(700_001, 1)],
  [
    "random bytes, then text, then zeros",
    new Uint8Array(Buffer.concat([randomBytes(50_000, 2), jsonSample("earthquakes", 50_000), Buffer.alloc(50_000)])),
  ],
  ["structured bytes", structuredBytes(400_000, 5)],
  ["100 KB of JSON", jsonSample("earthquakes", 100_000)],
  ["3 MB of JSON", jsonSample("flights-200k", 3 << 20)],
];

/** Lengths around what the code treats differently: hashing, wide copies, stored pieces, the fold of CRC-32, looks at splitting, blocks. */
const boundaries = [
  5, 8, 15, 16, 17, 31, 33, 63, 65, 257, 258, 259, 260, 4095, 4097, 12095, 12096, 12097, 16383, 16384, 16385, 16449, 20416, 20480,
].concat([32767, 32768, 32769, 65534, 65535, 65536, 65540, 131070, 131071, 299_741, 299_742, 299_743, 300_001]);

describe("round trips", () => {
  test.each(samples)("%s", (_name, data) => {
    const { status, output } = compress(data);
    expect(status).toBeGreaterThan(0);
    expectDecompressed(output, data);
    expectBytes(gunzipSync(output), data);
  });

  test.each(boundaries)("%i bytes", (length) => {
    for (const data of [structuredBytes(length, length), randomBytes(length, length), new Uint8Array(length).fill(32)]) {
      const { output } = compress(data);
      expectDecompressed(output, data);
      expectBytes(gunzipSync(output), data);
    }
  });

  test("all short lengths", () => {
    for (let length = 0; length < 300; length++) {
      const data = structuredBytes(length, length + 1);
      expectDecompressed(compress(data).output, data);
    }
  });

  test("equal input gives equal output, whatever ran before", () => {
    const first = compress(text).output;
    compress(randomBytes(100_000, 9));
    decompress(first, text.length);
    expectBytes(compress(text).output, first);
    expectBytes(compress(text).output, compress(text).output);
  });
});

describe("compression", () => {
  test("is as small as zlib's default level on JSON, give or take 4 %", () => {
    for (const data of [jsonSample("earthquakes", 100_000), jsonSample("flights-200k", 1 << 20)]) {
      expect(compress(data).status).toBeLessThan(gzipSync(data).length * 1.04);
    }
  });

  test("stores what does not compress", () => {
    const data = randomBytes(200_000, 4);
    expect(compress(data).status).toBeLessThan(data.length + 120);
  });

  test("stores bytes behind a coded block that ends at any bit", () => {
    for (let length = 20_000; length < 20_040; length++) {
      const data = new Uint8Array(Buffer.concat([jsonSample("earthquakes", length), randomBytes(40_000, length)]));
      expectBytes(gunzipSync(compress(data).output), data);
    }
  });

  test("splits a block where the data changes", () => {
    const parts = [jsonSample("earthquakes", 60_000), randomBytes(60_000, 6)];
    const together = compress(new Uint8Array(Buffer.concat(parts))).status;
    expect(together).toBeLessThan(compress(parts[0]!).status + compress(parts[1]!).status + 4000);
  });

  test("writes exactly the capacity that it needs, and a status if one byte is missing", () => {
    for (const [, data] of samples) {
      const { status, output } = compress(data);
      expectBytes(compress(data, status).output, output);
      expect(compress(data, status - 1).status).toBe(OUTPUT_LIMIT);
    }
  });

  test("answers OUTPUT_LIMIT for every smaller capacity", () => {
    const needed = compress(text).status;
    for (let capacity = 0; capacity < needed; capacity++) expect(compress(text, capacity).status).toBe(OUTPUT_LIMIT);
  });

  test("never needs more than its bound", () => {
    for (let length = 0; length < 400_000; length = length * 2 + 1) {
      const { status } = compress(randomBytes(length, length));
      expect(status).toBeGreaterThan(0);
      expect(status).toBeLessThanOrEqual(bound(length));
    }
  });

  test("writes the header that RFC 1952 asks for, without time or name", () => {
    expect([...compress(text).output.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  });
});

describe("exchange with other implementations", () => {
  const exchanged = [
    text,
    latin,
    jsonSample("flights-200k", 300_000),
    structuredBytes(100_000, 8),
    randomBytes(70_000, 8),
    new Uint8Array(0),
  ];
  const strategies = ["Z_DEFAULT_STRATEGY", "Z_FILTERED", "Z_HUFFMAN_ONLY", "Z_RLE", "Z_FIXED"] as const;

  test.each(strategies)("reads zlib's %s at levels 0, 1, 6 and 9", (strategy) => {
    for (const data of exchanged) {
      for (const level of [0, 1, 6, 9]) expectDecompressed(gzipSync(data, { level, strategy: constants[strategy] }), data);
    }
  });

  test("reads zlib's output with small windows, little memory and flush points", () => {
    const options: ZlibOptions[] = [{ windowBits: 9 }, { memLevel: 1 }, { memLevel: 1, windowBits: 10, level: 1 }];
    for (const data of exchanged) {
      for (const option of options) expectDecompressed(gzipSync(data, option), data);
      const flushed = deflateRawSync(data, { finishFlush: constants.Z_FULL_FLUSH });
      const end = deflateRawSync(new Uint8Array(0));
      expectDecompressed(gzipMember(Buffer.concat([flushed, end]), data), data);
    }
  });

  test("reads fflate, and fflate reads it", () => {
    for (const data of exchanged) {
      for (const level of [0, 1, 6, 9] as const) expectDecompressed(fflateGzip(data, { level }), data);
      expectBytes(fflateGunzip(compress(data).output), data);
    }
  });

  test("reads the gzip command, and the gzip command reads it", () => {
    const run = (flag: string, input: Uint8Array) => execFileSync("gzip", [flag], { input, maxBuffer: 16 << 20 });
    for (const data of exchanged) {
      for (const level of ["-1c", "-6c", "-9c"]) expectDecompressed(run(level, data), data);
      expectBytes(run("-dc", compress(data).output), data);
    }
  });

  test("reads members one after the other, as Java's and the gzip command's concatenations are", () => {
    const members = exchanged.flatMap((data) => [gzipSync(data), compress(data).output]);
    const whole = Buffer.concat(exchanged.flatMap((data) => [data, data]));
    expectDecompressed(Buffer.concat(members), whole);
  });
});

describe("headers", () => {
  const deflated = deflateRawSync(text);

  test("skips an extra field, a name and a comment, and checks the header's CRC", () => {
    const extra = randomBytes(300, 1);
    for (const header of [{ extra }, { name: "a.log" }, { comment: "" }, { headerCrc: "right" }] as const) {
      expectDecompressed(gzipMember(deflated, text, header), text);
    }
    expectDecompressed(gzipMember(deflated, text, { extra, name: "a", comment: "b", headerCrc: "right" }), text);
    expectDecompressed(gzipMember(deflated, text, { extra: new Uint8Array(0) }), text);
  });

  test("refuses a header whose CRC does not match", () => {
    expect(decompress(gzipMember(deflated, text, { headerCrc: "wrong" }), 1000).status).toBe(CHECKSUM_MISMATCH);
  });

  test("answers UNSUPPORTED for another method and for reserved flags", () => {
    expect(decompress(gzipMember(deflated, text, { method: 7 }), 1000).status).toBe(UNSUPPORTED);
    for (const reservedFlags of [0x20, 0x40, 0x80]) {
      expect(decompress(gzipMember(deflated, text, { reservedFlags }), 1000).status).toBe(UNSUPPORTED);
    }
  });

  test("refuses a header that never ends", () => {
    const whole = gzipMember(deflated, text, { extra: randomBytes(20, 1), name: "a.log", comment: "c", headerCrc: "right" });
    for (let length = 0; length < 46; length++) expect(decompress(whole.subarray(0, length), 1000).status).toBe(CORRUPT);
  });
});

describe("bad input", () => {
  const frames = [text, latin, randomBytes(40, 3), structuredBytes(600, 2)].flatMap((data) => [
    { data, frame: compress(data).output },
    { data, frame: new Uint8Array(gzipSync(data, { strategy: constants.Z_FIXED })) },
    { data, frame: new Uint8Array(gzipSync(data, { level: 9 })) },
    { data, frame: new Uint8Array(gzipSync(data, { level: 0 })) },
  ]);

  test("refuses a frame that is cut anywhere", () => {
    for (const { data, frame } of frames) {
      for (let length = 0; length < frame.length; length++) {
        expect(decompress(frame.subarray(0, length), data.length).status).toBe(CORRUPT);
        expect(decompress(frame.subarray(0, length), data.length + 1000).status).toBe(CORRUPT);
      }
    }
  });

  test("refuses every flipped bit that changes the data, and those that do not change nothing", () => {
    for (const { data, frame } of frames) {
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const flipped = frame.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const { status, output } = decompress(flipped, data.length + 300);
        if (status >= 0) expectBytes(output, data);
      }
    }
  });

  test("answers OUTPUT_LIMIT for every capacity that is too small", () => {
    for (const { data, frame } of frames) {
      for (let capacity = 0; capacity < data.length; capacity++) expect(decompress(frame, capacity).status).toBe(OUTPUT_LIMIT);
    }
  });

  test("stops at the capacity however much would follow", () => {
    const bomb = gzipSync(new Uint8Array(64 << 20), { level: 9 });
    expect(decompress(bomb, 1 << 20).status).toBe(OUTPUT_LIMIT);
    expect(decompress(bomb, 0).status).toBe(OUTPUT_LIMIT);
  });

  test("refuses bytes behind the last member", () => {
    const frame = gzipSync(text);
    for (const garbage of [Buffer.alloc(1), Buffer.alloc(512), Buffer.from("garbage"), Buffer.from([0x1f]), frame.subarray(0, 12)]) {
      expect(decompress(Buffer.concat([frame, garbage]), 2000).status).toBe(CORRUPT);
    }
  });

  test("answers CHECKSUM_MISMATCH for a wrong CRC-32 and for a wrong length", () => {
    for (const position of [-8, -5, -4, -1]) {
      const frame = Buffer.from(gzipSync(text));
      frame[frame.length + position]! ^= 0x40;
      expect(decompress(frame, text.length).status).toBe(CHECKSUM_MISMATCH);
    }
  });

  test("does not let a member reach into the one before", () => {
    const reachingBack = packBits([1, 1], [1, 2], [0b0100000, 7], [0, 5], [0, 7]); // fixed: length 4, distance 1, end
    const frame = Buffer.concat([gzipSync(text), gzipMember(reachingBack, new Uint8Array(4))]);
    expect(decompress(frame, 1000).status).toBe(CORRUPT);
  });
});

describe("Huffman codes, as zlib judges them", () => {
  /** A dynamic block up to its code lengths: HLIT, HDIST, and the lengths of the code length code in the order of the RFC. */
  function dynamicBlock(
    litlenCount: number,
    distanceCount: number,
    precode: number[],
    ...fields: (readonly [number, number])[]
  ): Uint8Array {
    const lengths = precode.map((length) => [length, 3] as const);
    return packBits(
      [1, 1],
      [2, 2],
      [litlenCount - 257, 5],
      [distanceCount - 1, 5],
      [precode.length - 4, 4],
      ...lengths,
      ...fields,
      [0, 16],
    );
  }
  // Lengths of the code length symbols 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1. Symbol 18 (many zeros) has the code 0,
  // symbol 0 the code 10, and 1 or 2 the code 11.
  const zeroOneMany = [0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
  const zeroTwoMany = [0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
  const many = (times: number) => [(times - 11) << 1, 8] as const;
  const zero = [0b01, 2] as const;
  const one = [0b11, 2] as const;
  const two = one;

  const blocks: [rule: string, verdict: "takes" | "refuses", block: Uint8Array][] = [
    ["a single distance code of one bit", "takes", dynamicBlock(257, 1, zeroOneMany, one, many(138), many(117), one, one, [0, 1], [1, 1])],
    ["no distance code at all", "takes", dynamicBlock(257, 1, zeroOneMany, one, many(138), many(117), one, zero, [0, 1], [1, 1])],
    ["only the end of block", "takes", dynamicBlock(257, 1, zeroOneMany, many(138), many(118), one, zero, [0, 1])],
    ["the unused half of a single code", "refuses", dynamicBlock(257, 1, zeroOneMany, many(138), many(118), one, zero, [1, 1])],
    ["three codes of one bit", "refuses", dynamicBlock(257, 1, zeroOneMany, one, one, many(138), many(116), one, zero)],
    [
      "two distance codes of two bits",
      "refuses",
      dynamicBlock(257, 2, zeroTwoMany, two, two, two, many(138), many(115), two, two, two, [3, 2]),
    ],
    ["no end of block", "refuses", dynamicBlock(257, 1, zeroOneMany, one, one, many(138), many(117), zero)],
    ["two codes of two bits", "refuses", dynamicBlock(257, 1, zeroTwoMany, two, many(138), many(117), two, zero, [0, 2], [1, 2])],
    [
      "two distance codes, both of one bit",
      "takes",
      dynamicBlock(257, 2, zeroOneMany, one, many(138), many(117), one, one, one, [0, 1], [1, 1]),
    ],
    ["a repeat past the end", "refuses", dynamicBlock(257, 1, zeroOneMany, one, many(138), many(117), one, many(11), [0, 1], [1, 1])],
    ["a repeat of nothing", "refuses", dynamicBlock(257, 1, [1, 0, 0, 1], [1, 1], [0, 2])],
    ["an incomplete code length code", "refuses", dynamicBlock(257, 1, [0, 0, 0, 1], [0, 1])],
    ["an over-subscribed code length code", "refuses", dynamicBlock(257, 1, [1, 1, 1, 1], [0, 1])],
    ["an empty code length code", "refuses", dynamicBlock(257, 1, [0, 0, 0, 0], ...Array.from({ length: 20 }, () => [0, 16] as const))],
    [
      "287 literal and length codes",
      "refuses",
      dynamicBlock(287, 1, zeroOneMany, one, many(138), many(117), one, many(31), [0, 1], [1, 1]),
    ],
    ["31 distance codes", "refuses", dynamicBlock(257, 31, zeroOneMany, one, many(138), many(117), one, many(31), [0, 1], [1, 1])],
    ["the fixed code's length symbol 286", "refuses", packBits([1, 1], [1, 2], [0b01100011, 8], [0, 5], [0, 7])],
    ["the fixed code's distance symbol 30", "refuses", packBits([1, 1], [1, 2], [0b1000000, 7], [0b01111, 5], [0, 7])],
    ["block type 3", "refuses", packBits([1, 1], [3, 2], [0, 32])],
    ["a stored length that does not match its complement", "refuses", packBits([1, 1], [0, 2], [0, 5], [1, 16], [0xffff, 16], [65, 8])],
    ["a distance before the start", "refuses", packBits([1, 1], [1, 2], [0b0100000, 7], [0, 5], [0, 7])],
  ];

  test.each(blocks)("%s: %s", (_rule, verdict, block) => {
    const zlibs = inflateByZlib(block);
    expect(zlibs === "malformed" ? "refuses" : "takes").toBe(verdict);
    if (typeof zlibs !== "string") return expectDecompressed(gzipMember(block.subarray(0, zlibs.consumed), zlibs.data), zlibs.data);
    // With more bytes behind it the block is decoded by the fast loop; without capacity it must be refused before it writes anything.
    for (const padding of [0, 64]) {
      const frame = gzipMember(Buffer.concat([block, Buffer.alloc(padding)]), new Uint8Array(0));
      for (const capacity of [0, 1000]) expect(decompress(frame, capacity).status).toBe(CORRUPT);
    }
  });
});

/** What zlib makes of a raw DEFLATE stream: its data and how many bytes it took, or why it refuses it. */
function inflateByZlib(deflated: Uint8Array): { data: Uint8Array; consumed: number } | "malformed" | "truncated" {
  try {
    const { buffer, engine } = inflateRawSync(deflated, { info: true, maxOutputLength: 8 << 20 }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return { data: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    const { code } = error as { code: string };
    if (code === "Z_DATA_ERROR") return "malformed";
    if (code === "Z_BUF_ERROR") return "truncated";
    throw error;
  }
}

describe("fuzz", () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
  const budgetMs = Number(process.env.FUZZ_MS ?? 1000);

  /** Calls `body` with a generator until the budget is spent. */
  function repeatWithin(body: (next: () => number) => void): void {
    const next = seededRandom(seed);
    const end = performance.now() + budgetMs;
    while (performance.now() < end) body(next);
  }

  function mutate(bytes: Uint8Array, next: () => number): Uint8Array {
    let mutated = bytes.slice();
    for (let left = 1 + (next() % 4); left > 0 && mutated.length > 0; left--) {
      const at = next() % mutated.length;
      const kind = next() % 4;
      if (kind === 0) mutated[at]! ^= 1 << (next() % 8);
      else if (kind === 1) mutated[at] = next();
      else if (kind === 2) mutated = mutated.slice(0, at);
      else mutated.copyWithin(at, next() % mutated.length, mutated.length);
    }
    return mutated;
  }

  test(`mutated streams are judged as zlib judges them (seed ${seed})`, () => {
    repeatWithin((next) => {
      const data = structuredBytes(next() % 3000, next());
      const deflated = deflateRawSync(data, { level: next() % 10, strategy: next() % 5, memLevel: 1 + (next() % 9) });
      const stream = mutate(new Uint8Array(deflated), next);
      const zlibs = inflateByZlib(stream);
      if (zlibs === "malformed" || zlibs === "truncated") {
        // What follows a malformed part does not matter; it must not look like a checksum's fault. A truncated stream gets no trailer.
        const member = gzipMember(stream, data);
        const frame = zlibs === "malformed" ? member : member.subarray(0, -8);
        const capacity = next() % 2 ? 1 << 16 : next() % 3000;
        expect([CORRUPT, OUTPUT_LIMIT]).toContain(decompress(frame, capacity).status);
        return;
      }
      const frame = gzipMember(stream.subarray(0, zlibs.consumed), zlibs.data);
      expectDecompressed(frame, zlibs.data);
      expect(decompress(frame, zlibs.data.length + (next() % 700)).status).toBe(zlibs.data.length);
    });
  });

  test(`random bytes behind a header never trap or leave the output (seed ${seed})`, () => {
    repeatWithin((next) => {
      const frame = gzipMember(randomBytes(next() % 500, next()), new Uint8Array(0));
      decompress(frame, next() % 5000);
    });
  });

  test(`what it compresses, zlib decompresses (seed ${seed})`, () => {
    repeatWithin((next) => {
      const data = structuredBytes(next() % [100, 5000, 80_000][next() % 3]!, next());
      const { output } = compress(data);
      expectBytes(gunzipSync(output), data);
      expect(output.subarray(-8)).toEqual(trailerOf(data));
    });
  });
});

function trailerOf(data: Uint8Array): Uint8Array {
  const trailer = new Uint8Array(8);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, crc32(data), true);
  view.setUint32(4, data.length, true);
  return trailer;
}

import { execFileSync } from "node:child_process";
import { constants, createZstdCompress, zstdDecompressSync } from "node:zlib";
import { init, compress as wasmCompress } from "@bokuweb/zstd-wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { loadCore, runCodec } from "../../support/core.ts";
import { seededIntegers } from "../../support/random.ts";
import { contentShapes, datasetFile, type FrameOptions, randomBytes, referenceFrame, runGuarded } from "../../support/zstd.ts";

const CORRUPT = -1;
const OUTPUT_LIMIT = -2;
const UNSUPPORTED = -3;
const CHECKSUM_MISMATCH = -4;

const core = loadCore();
const shapes = contentShapes();
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

function decompress(input: Uint8Array, capacity: number) {
  return runCodec(core, "zstdDecompress", input, capacity);
}

function statusOf(bytes: number[], capacity = 1000): number {
  return decompress(Uint8Array.from(bytes), capacity).status;
}

function expectContent(frame: Uint8Array, content: Buffer, capacity = content.length): void {
  const { status, output } = decompress(frame, capacity);
  expect(status).toBe(content.length);
  expect(Buffer.compare(output, content)).toBe(0);
}

async function streamedFrame(content: Buffer, pieceBytes: number, level: number): Promise<Buffer> {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 } });
  const pieces: Buffer[] = [];
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  const ended = new Promise((resolve) => stream.on("end", resolve));
  for (let at = 0; at < content.length; at += pieceBytes) {
    stream.write(content.subarray(at, at + pieceBytes));
    await new Promise<void>((resolve) => stream.flush(resolve));
  }
  stream.end();
  await ended;
  return Buffer.concat(pieces);
}

describe("frames of the reference encoder", () => {
  test.each(Object.keys(shapes))("decodes %s at every level", (name) => {
    const content = shapes[name]!;
    const levels = content.length > 500_000 ? [-7, 1, 3, 5, 9] : [-100, -7, 1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 15, 16, 17, 18, 19, 22];
    for (const level of levels) expectContent(referenceFrame(content, { level, checksum: level % 2 === 1 }), content);
  });

  test("decodes every strategy, window and smallest match", () => {
    const content = datasetFile("earthquakes.json").subarray(0, 400_000);
    for (let strategy = 1; strategy <= 9; strategy++) {
      const options: FrameOptions[] = [{ windowLog: 10 }, { windowLog: 17 }, { minMatch: 3 }, { minMatch: 7 }, { contentSize: false }];
      for (const option of options) expectContent(referenceFrame(content, { level: 3, strategy, ...option }), content);
    }
  });

  test("checks the checksum of every short length", () => {
    const content = randomBytes(150, 8, 20);
    for (let length = 0; length <= content.length; length++) {
      expectContent(referenceFrame(content.subarray(0, length), { checksum: true }), content.subarray(0, length));
    }
  });

  test("decodes distant matches through a long window", () => {
    const once = randomBytes(4_000_000, 9);
    const content = Buffer.concat([once, once]);
    const frame = referenceFrame(content, { level: 3, windowLog: 24 });
    expect(frame.length).toBeLessThan(5_000_000);
    expectContent(frame, content);

    // Long literals, long matches and long offsets in one sequence: its bits and the next states take more than one load.
    const fresh = randomBytes(400_000, 10);
    const pieces = Array.from({ length: 20 }, (_, i) => [
      fresh.subarray(i * 20_000, (i + 1) * 20_000),
      once.subarray(i * 30_000, i * 30_000 + 20_000 + i),
    ]);
    const mixed = Buffer.concat([once, ...pieces.flat()]);
    expectContent(referenceFrame(mixed, { level: 3, windowLog: 24 }), mixed);
  });

  test("decodes streamed frames, whose size is not declared", async () => {
    const content = shapes["larger JSON"]!.subarray(0, 300_000);
    for (const pieceBytes of [100, 5000, 200_000]) {
      const frame = await streamedFrame(content.subarray(0, pieceBytes * 50), pieceBytes, 1);
      const expected = content.subarray(0, pieceBytes * 50);
      expect(runCodec(core, "zstdContentSize", frame, 0).status).toBe(UNSUPPORTED);
      expect(runCodec(core, "zstdSizeBound", frame, 0).status).toBeGreaterThanOrEqual(expected.length);
      expectContent(frame, expected);
    }
  });

  test("writes nothing past a capacity that is larger or exact", () => {
    for (const name of ["a sentence", "a thousand zeros", "records of JSON", "period 3", "period 31"]) {
      const content = shapes[name]!;
      for (const slack of [0, 1, 15, 31, 32, 33, 100]) {
        const { status, output } = runGuarded(core, "zstdDecompress", referenceFrame(content), content.length + slack, 0xa5);
        expect(status).toBe(content.length);
        expect(Buffer.compare(output, content)).toBe(0);
      }
    }
  });

  test("a fresh core decodes each shape first", () => {
    for (const content of Object.values(shapes).filter((content) => content.length < 200_000)) {
      const fresh = runCodec(loadCore(), "zstdDecompress", referenceFrame(content), content.length);
      expect(Buffer.compare(fresh.output, content)).toBe(0);
    }
  });
});

describe("frames of other encoders", () => {
  beforeAll(() => init());

  test("decodes @bokuweb/zstd-wasm", () => {
    for (const content of Object.values(shapes).filter((content) => content.length < 300_000)) {
      for (const level of [1, 3, 10, 19]) expectContent(wasmCompress(content, level), content);
    }
  });

  test("decodes the zstd command, where there is one", ({ skip }) => {
    try {
      execFileSync("zstd", ["--version"], { stdio: "ignore" });
    } catch {
      skip("no zstd command on this machine: its frames were NOT tested");
    }
    const content = shapes["larger JSON"]!.subarray(0, 1_000_000);
    const variants = [
      ["-1"],
      ["-19"],
      ["--ultra", "-22"],
      ["--fast=10"],
      ["--long=27"],
      ["--no-check"],
      ["-T2", "-B65536"],
      ["--target-compressed-block-size=2000"],
    ];
    for (const variant of variants) {
      const frame = execFileSync("zstd", ["-q", "-c", ...variant], { input: content, maxBuffer: 1 << 24 });
      expectContent(frame, content);
    }
  });
});

describe("several frames", () => {
  const one = referenceFrame(Buffer.from("first, "), { checksum: true });
  const two = referenceFrame(Buffer.from("second"), { contentSize: false });
  const skippable = (length: number, magic = 0x50) =>
    Buffer.concat([Buffer.from([magic, 0x2a, 0x4d, 0x18, length, 0, 0, 0]), Buffer.alloc(length, 7)]);

  test("are concatenated, and skippable ones are skipped", () => {
    const input = Buffer.concat([skippable(0), one, skippable(5, 0x5f), two, one, skippable(200)]);
    expectContent(input, Buffer.from("first, secondfirst, "), 100);
  });

  test("do not see each other's history, tables or repeat offsets", () => {
    const content = datasetFile("stocks.csv").subarray(0, 20_000);
    const frame = referenceFrame(content, { level: 19 });
    expectContent(Buffer.concat([frame, frame, frame]), Buffer.concat([content, content, content]));
  });

  test("need at least one, and end where the input ends", () => {
    expect(statusOf([])).toBe(CORRUPT);
    expect(decompress(skippable(9), 10).status).toBe(0);
    expect(decompress(Buffer.concat([one, Buffer.alloc(1)]), 100).status).toBe(CORRUPT);
    expect(decompress(skippable(9).subarray(0, 16), 10).status).toBe(CORRUPT);
    expect(decompress(skippable(9).subarray(0, 7), 10).status).toBe(CORRUPT);
  });

  test("declare their sizes, or have a bound", () => {
    const input = Buffer.concat([skippable(3), one, one]);
    expect(runCodec(core, "zstdContentSize", input, 0).status).toBe(14);
    expect(runCodec(core, "zstdSizeBound", input, 0).status).toBe(14);
    const mixed = Buffer.concat([one, two]);
    const undeclared = [...MAGIC, 0x00, 0x00, 0x01, 0x00, 0x00];
    expect(runCodec(core, "zstdContentSize", Buffer.concat([one, Buffer.from(undeclared)]), 0).status).toBe(UNSUPPORTED);
    expect(runCodec(core, "zstdSizeBound", mixed, 0).status).toBeGreaterThanOrEqual(13);
    const huge = [...MAGIC, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 0x01, 0, 0];
    expect(runCodec(core, "zstdContentSize", Uint8Array.from(huge), 0).status).toBe(OUTPUT_LIMIT);
    for (let length = 0; length < input.length; length++) {
      const cut = runCodec(core, "zstdContentSize", input.subarray(0, length), 0).status;
      expect(cut === CORRUPT || length === 11 || length === input.length - one.length).toBe(true);
    }
  });
});

describe("hand-made frames", () => {
  const header = (size: number, type: number, last = 1) => {
    const value = last | (type << 1) | (size << 3);
    return [value & 0xff, (value >> 8) & 0xff, value >> 16];
  };
  /** A frame of one segment whose declared size is `size`. */
  const frame = (size: number, ...blocks: number[][]) => [...MAGIC, 0x20, size, ...blocks.flat()];

  test("raw and RLE blocks", () => {
    const input = frame(9, header(3, 0, 0), [97, 98, 99], header(5, 1, 0), [120], header(1, 0), [33]);
    expectContent(Uint8Array.from(input), Buffer.from("abcxxxxx!"));
  });

  test("a block type that does not exist, and blocks over the window or 128 KiB", () => {
    expect(statusOf(frame(3, header(3, 3), [1, 2, 3]))).toBe(CORRUPT);
    expect(statusOf(frame(3, header(4, 1), [1]))).toBe(CORRUPT);
    expect(statusOf([...MAGIC, 0x00, 0x00, ...header(1025, 1), 1], 5000)).toBe(CORRUPT);
    expect(statusOf([...MAGIC, 0x00, 0x00, ...header(1024, 1), 1], 5000)).toBe(1024);
    expect(statusOf([...MAGIC, 0x00, 0xa0, ...header((128 << 10) + 1, 1), 1], 1 << 20)).toBe(CORRUPT);
    expect(statusOf([...MAGIC, 0x00, 0xa0, ...header(128 << 10, 1), 1], 1 << 20)).toBe(128 << 10);
  });

  test("sequences with RLE tables and overlapping matches of each short offset", () => {
    // 16 literals, then one sequence: literal length code 16 (16 + 1 bit), offset code 4 (16 + 4 bits), match length code 32 (35 + 1 bit).
    const letters = Array.from("abcdefghijklmnop", (letter) => letter.charCodeAt(0));
    for (let offset = 13; offset <= 16; offset++) {
      const bits = (1 << 6) | ((offset + 3 - 16) << 2);
      const block = [16 << 3, ...letters, 1, 0x54, 16, 4, 32, bits];
      const content = [...letters];
      for (let i = 0; i < 35; i++) content.push(content[content.length - offset]!);
      expectContent(Uint8Array.from(frame(51, header(block.length, 2), block)), Buffer.from(content));
    }
  });

  test("a match before the frame's start, in the first frame and after another", () => {
    const letters = Array.from("abcdefghijklmnop", (letter) => letter.charCodeAt(0));
    const block = [16 << 3, ...letters, 1, 0x54, 16, 4, 32, (1 << 6) | ((17 + 3 - 16) << 2)];
    const bad = frame(51, header(block.length, 2), block);
    expect(statusOf(bad)).toBe(CORRUPT);
    expect(statusOf([...frame(3, header(3, 0), [97, 98, 99]), ...bad])).toBe(CORRUPT);
  });

  test("dictionaries, reserved bits and windows over 2 GiB are not supported", () => {
    expect(statusOf([...MAGIC, 0x21, 5, 3, ...header(3, 0), 1, 2, 3])).toBe(UNSUPPORTED);
    expect(statusOf([...MAGIC, 0x21, 0, 3, ...header(3, 0), 1, 2, 3])).toBe(3);
    expect(statusOf([...MAGIC, 0x28, 3, ...header(3, 0), 1, 2, 3])).toBe(UNSUPPORTED);
    expect(statusOf([...MAGIC, 0x00, 0xb0, ...header(3, 0), 1, 2, 3])).toBe(UNSUPPORTED);
    expect(statusOf([...MAGIC, 0x00, 0xa8, ...header(3, 0), 1, 2, 3])).toBe(3);
  });

  test("a declared size that is not the size", () => {
    expect(statusOf(frame(4, header(3, 0), [1, 2, 3]))).toBe(CORRUPT);
    expect(statusOf([...MAGIC, 0x60, 0, 0, ...header(3, 0), 1, 2, 3])).toBe(CORRUPT);
    expect(statusOf([...MAGIC, 0xe0, 255, 255, 255, 255, 255, 255, 255, 255, ...header(3, 0), 1, 2, 3])).toBe(OUTPUT_LIMIT);
  });

  test("treeless literals and repeated tables with nothing to repeat", () => {
    const treeless = [0x03 | (1 << 4), 0x40, 0x00, 0x01, 0x00];
    expect(statusOf(frame(1, header(treeless.length, 2), treeless))).toBe(CORRUPT);
    const repeated = [1 << 3, 97, 1, 0xfc, 0x01];
    expect(statusOf(frame(200, header(repeated.length, 2), repeated))).toBe(CORRUPT);
  });

  test("a Huffman stream that does not end with its last literal", () => {
    // A tree of two symbols, 0 and 1, with a code of one bit each, and three literals.
    const block = (stream: number) => [0x32, 0xc0, 0x00, 128, 0x10, stream, 0];
    const withStream = (stream: number) => Uint8Array.from([...MAGIC, 0x00, 0x00, ...header(7, 2), ...block(stream)]);
    expectContent(withStream(0b1101), Buffer.from([1, 0, 1]));
    for (const stream of [0b110, 0b11010, 0b1, 0, 0b11010000]) expect(decompress(withStream(stream), 100).status).toBe(CORRUPT);
  });

  test("a literal length that runs far past the literals and the input", () => {
    const block = [3 << 3, 97, 98, 99, 1, 0x54, 35, 0, 0, 0, 0, 1];
    const skippable = [0x50, 0x2a, 0x4d, 0x18, 100, 0, 0, 0, ...new Array(100).fill(0)];
    const input = Uint8Array.from([...MAGIC, 0x00, 0x40, ...header(block.length, 2), ...block, ...skippable]);
    expect(runGuarded(core, "zstdDecompress", input, 200_000, 0).status).toBe(CORRUPT);
  });

  test("more literals than there are, and more sequences than fit", () => {
    const letters = [97, 98, 99];
    const tooManyLiterals = [3 << 3, ...letters, 1, 0x54, 16, 0, 0, 0x02];
    expect(statusOf(frame(200, header(tooManyLiterals.length, 2), tooManyLiterals))).toBe(CORRUPT);
    // 98,047 sequences that take no bits: 1 literal, repeat offset, match of 3.
    const endless = [3 << 3, ...letters, 255, 255, 255, 0x54, 0, 0, 0, 0x01];
    expect(statusOf(frame(200, header(endless.length, 2), endless))).toBe(CORRUPT);
  });
});

describe("damaged frames", () => {
  const small = ["a sentence", "a thousand zeros", "JSON of 1023", "period 17", "one byte"];

  test.each(small)("%s: cut off anywhere is corrupt", (name) => {
    for (const options of [{ checksum: true }, { level: 19 }, { contentSize: false }]) {
      const frame = referenceFrame(shapes[name]!, options);
      for (let length = 0; length < frame.length; length++) {
        expect(runGuarded(core, "zstdDecompress", frame.subarray(0, length), 2000, 0).status, `${length} bytes`).toBe(CORRUPT);
      }
    }
  });

  test.each(small)("%s: with any bit flipped is refused or has the content", (name) => {
    const content = shapes[name]!;
    const frame = referenceFrame(content, { checksum: true });
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = Buffer.from(frame);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const { status, output } = runGuarded(core, "zstdDecompress", damaged, 2000, 0);
      if (status >= 0) expect(output.equals(content) || status === 0, `bit ${bit}`).toBe(true);
    }
  });

  test("a wrong checksum is told apart", () => {
    const frame = referenceFrame(shapes["records of JSON"]!, { checksum: true });
    frame[frame.length - 1]! ^= 1;
    expect(decompress(frame, 100_000).status).toBe(CHECKSUM_MISMATCH);
  });

  test("a capacity one byte too small is an output limit, whether the size is declared or not", () => {
    for (const name of ["one byte", "a sentence", "a million zeros", "random bytes", "records of JSON", "period 5"]) {
      const content = shapes[name]!;
      for (const contentSize of [true, false]) {
        const frame = referenceFrame(content, { contentSize });
        expect(runGuarded(core, "zstdDecompress", frame, content.length - 1, 0x5a).status).toBe(OUTPUT_LIMIT);
        expect(runGuarded(core, "zstdDecompress", frame, 0, 0x5a).status).toBe(OUTPUT_LIMIT);
      }
    }
  });

  test("a bomb stops at the capacity", () => {
    const bomb = referenceFrame(Buffer.alloc(50_000_000), { contentSize: false });
    expect(bomb.length).toBeLessThan(10_000);
    expect(runGuarded(core, "zstdDecompress", bomb, 1_000_000, 0x11).status).toBe(OUTPUT_LIMIT);
  });
});

describe("fuzz", () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000_000);
  const durationMs = Number(process.env.FUZZ_MS ?? 2000);

  function mutate(frame: Buffer, random: () => number): Buffer {
    let bytes = Buffer.from(frame);
    const edits = 1 + (random() % 4);
    for (let i = 0; i < edits; i++) {
      // Most edits hit the first bytes, where headers and tables are.
      const span = random() % 2 === 0 ? Math.min(bytes.length, 60) : bytes.length;
      const at = random() % Math.max(span, 1);
      const kind = random() % 5;
      if (kind <= 1) bytes[at]! ^= 1 << (random() % 8);
      else if (kind === 2) bytes[at] = random();
      else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + (random() % 3))]);
      else bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([random()]), bytes.subarray(at)]);
    }
    return bytes;
  }

  function reference(input: Buffer): Buffer | undefined {
    try {
      return zstdDecompressSync(input, { maxOutputLength: 1 << 20 });
    } catch {
      return undefined;
    }
  }

  test(`damaged and random input never breaks the bounds, and never depends on what surrounds it (FUZZ_SEED=${seed})`, () => {
    const random = seededIntegers(seed);
    const capacity = 20_000;
    const contents = [...Object.values(shapes).filter((content) => content.length <= 2000), shapes["a table"]!.subarray(0, 6000)];
    const frames = contents.flatMap((content) => [1, 3, 19].map((level) => referenceFrame(content, { level, contentSize: level !== 3 })));
    const until = performance.now() + durationMs;
    const seen = new Set<number>();
    for (let round = 0; performance.now() < until; round++) {
      const frame = frames[random() % frames.length]!;
      const input =
        random() % 10 === 0 ? Buffer.concat([Buffer.from(MAGIC), randomBytes(random() % 200, random())]) : mutate(frame, random);
      const first = runGuarded(core, "zstdDecompress", input, capacity, 0x00);
      const second = runGuarded(core, "zstdDecompress", input, capacity, 0xff);
      expect(second.status, `round ${round}`).toBe(first.status);
      expect(second.output.equals(first.output), `round ${round}`).toBe(true);
      seen.add(Math.min(first.status, 0));
      if (round % 8 !== 0 || first.status < 0) continue;
      const expected = reference(input);
      if (expected !== undefined) expect(expected.equals(first.output), `round ${round}`).toBe(true);
    }
    expect(seen).toContain(CORRUPT);
    expect(seen).toContain(0);
  });
});

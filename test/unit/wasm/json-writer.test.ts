// JSON as the writer and the core make it, against JSON.stringify and the platform's own UTF-8 decoder.

import { describe, expect, test } from "vitest";
import type { DecodedRecord } from "../../../src/record/codec.ts";
import { autoJson } from "../../../src/record/json-text.ts";
import { JsonWriter } from "../../../src/wasm/json-writer.ts";
import { writeAuto, writeRecord } from "../../../src/wasm/record-json.ts";
import { loadCore } from "../../support/core.ts";
import { seededRandom } from "../../support/random.ts";

const json = new JsonWriter(loadCore());
const encode = (text: string) => new TextEncoder().encode(text);

function written(write: () => void): string {
  json.begin();
  write();
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json.take());
}

const auto = (bytes: Uint8Array) => written(() => json.auto(bytes));

/** Text of all kinds of characters, much of it plain. */
function randomText(random: () => number, length: number): string {
  const kinds: (() => number)[] = [
    () => 0x61 + Math.floor(random() * 26),
    () => Math.floor(random() * 0x80),
    () => 0x80 + Math.floor(random() * 0x780),
    () => 0x800 + Math.floor(random() * 0xd000),
    () => 0x10000 + Math.floor(random() * 0x100000),
    () => [0x22, 0x5c, 0x0a, 0x7f, 0xfeff, 0x2028][Math.floor(random() * 6)]!,
  ];
  let text = "";
  while (text.length < length) {
    const kind = random() < 0.8 ? kinds[0]! : kinds[Math.floor(random() * kinds.length)]!;
    for (let run = Math.floor(random() * 30); run >= 0; run--) text += String.fromCodePoint(kind());
  }
  return text.slice(0, length).toWellFormed();
}

test("every character of the first plane but the surrogates is written as JSON.stringify writes it", () => {
  for (let code = 0; code < 0x10000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const text = String.fromCharCode(code);
    if (auto(encode(text)) !== JSON.stringify(text)) expect(auto(encode(text))).toBe(JSON.stringify(text));
  }
});

test.each([1, 2, 3])("random text of every length up to 200 bytes and beyond is written as JSON.stringify writes it (seed %i)", (seed) => {
  const random = seededRandom(seed);
  for (let length = 0; length < 200; length++) {
    const text = randomText(random, length);
    expect(auto(encode(text))).toBe(JSON.stringify(text));
  }
});

test.each([65_535, 65_536, 65_537, 70_000, 300_000])(
  "a text of %i bytes, longer than the core takes at once, is written whole",
  (length) => {
    for (const shift of [0, 1, 2, 3]) {
      const text = `${"a".repeat(shift)}${randomText(seededRandom(length + shift), length)}`;
      expect(auto(encode(text)) === JSON.stringify(text)).toBe(true);
    }
    const wide = encode("😀".repeat(length / 4));
    expect(auto(wide) === JSON.stringify("😀".repeat(length / 4))).toBe(true);
  },
);

test.each([4, 5, 6])("bytes are a string exactly where the platform takes them for UTF-8 (seed %i)", (seed) => {
  const random = seededRandom(seed);
  for (let round = 0; round < 3_000; round++) {
    const bytes = encode(randomText(random, Math.floor(random() * 60)));
    for (let flips = Math.floor(random() * 3); flips > 0 && bytes.length > 0; flips--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const cut = bytes.subarray(0, Math.ceil(random() * bytes.length));
    expect(auto(cut)).toBe(autoJson(cut));
  }
});

test("every second byte after every lead byte is judged as the platform judges it", () => {
  for (let lead = 0x80; lead < 0x100; lead++) {
    for (let second = 0; second < 0x100; second++) {
      for (const tail of [[], [0x80], [0xbf, 0xbf], [0x80, 0x41]]) {
        const bytes = Uint8Array.of(lead, second, ...tail);
        if (auto(bytes) !== autoJson(bytes)) expect(auto(bytes)).toBe(autoJson(bytes));
      }
    }
  }
});

test("what is not UTF-8 at the end of a long text leaves nothing behind", () => {
  const bytes = new Uint8Array(200_000).fill(0x61);
  bytes[199_999] = 0xff;
  expect(written(() => expect(json.utf8(bytes)).toBe(false))).toBe("");
  expect(auto(bytes)).toBe(autoJson(bytes));
});

describe("integers", () => {
  const random = seededRandom(8);
  const powers = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
  const edges = [0, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, ...powers, ...powers.map((power) => power - 1)];
  const others = Array.from({ length: 2_000 }, () => Math.floor(random() * 2 ** Math.floor(random() * 54)));
  test.each([
    ["at the edges", edges],
    ["at random", others],
  ])("%s have the digits that String gives", (_, values) => {
    for (const value of values) {
      expect(written(() => json.integer(value))).toBe(String(value));
      if (value !== 0) expect(written(() => json.integer(-value))).toBe(String(-value));
    }
  });
});

test("records are what JSON.stringify makes of their plain form", () => {
  const random = seededRandom(9);
  const some = (): Uint8Array | null => {
    if (random() < 0.1) return null;
    const bytes = encode(randomText(random, Math.floor(random() * 40)));
    return random() < 0.1 ? Uint8Array.of(...bytes, 0xff) : bytes;
  };
  const plain = (bytes: Uint8Array | null): unknown => (bytes === null ? null : JSON.parse(autoJson(bytes)));
  for (let round = 0; round < 500; round++) {
    const headers = Array.from({ length: Math.floor(random() * 4) }, () => ({ key: randomText(random, 5), value: some() }));
    const record: DecodedRecord = { offset: round * 7e12, timestamp: round === 0 ? -1 : round * 3e9, key: some(), value: some(), headers };
    const expected = {
      ...record,
      key: plain(record.key),
      value: plain(record.value),
      headers: headers.map(({ key, value }) => ({ key, value: plain(value) })),
    };
    const text = written(() => {
      json.rawText("{");
      writeRecord(json, record, writeAuto);
      json.rawText("}");
    });
    expect(text).toBe(JSON.stringify(expected));
  }
});

import { expect, test } from "vitest";
import { halfSipHash } from "../../../../src/log/compaction/key-hash.ts";
import { KeyMap } from "../../../../src/log/compaction/key-map.ts";
import { seededRandom } from "../../../support/random.ts";

const SEED = [1, 2, 3, 4] as const;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("the hash is HalfSipHash-2-4 of 64 bits, as its reference code's vectors have it", () => {
  // vectors_hsip64 of github.com/veorq/SipHash: key 00 01 … 07, input 00 01 … of lengths 0, 1, 2, …
  const expected = [
    "218d1f59b9b83cc8",
    "be552412f8387315",
    "064f39ef7c50eb57",
    "ce0f1a45f7060679",
    "d5e78a175be52ea1",
    "cb9d7c3f2f3db580",
    "ce3e91358aa2bc25",
    "ff202728b07bc684",
    "edfee820bce4858c",
    "5b51cccc13888307",
  ];
  const hashes = expected.map((_, length) => {
    const words = new Uint32Array(2);
    halfSipHash(
      Uint8Array.from({ length }, (_, index) => index),
      0x03020100,
      0x07060504,
      words,
      0,
    );
    return Array.from(new Uint8Array(words.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
  });
  expect(hashes).toEqual(expected);
});

test("gives the newest offset of each key, as a plain map does", () => {
  const random = seededRandom(5);
  const map = new KeyMap(1000, 1 << 20, SEED);
  const model = new Map<string, number>();
  for (let offset = 0; offset < 20_000; offset++) {
    const key = `k${Math.floor(random() * 1000)}`;
    map.put(bytes(key), offset);
    model.set(key, offset);
  }
  for (const [key, offset] of model) expect(map.offsetOf(bytes(key))).toBe(offset);
  expect(map.size).toBe(model.size);
  expect(map.offsetOf(bytes("k1000"))).toBe(-1);
  expect(map.offsetOf(bytes(""))).toBe(-1);
});

test("holds as many keys as it was made for, or as its bytes allow", () => {
  for (const count of [1, 2, 9, 10, 11, 99, 1000]) expect(new KeyMap(count, 1 << 20, SEED).hasRoomFor(count)).toBe(true);
  const small = new KeyMap(1_000_000, 24 * 100, SEED);
  expect([small.hasRoomFor(90), small.hasRoomFor(91)]).toEqual([true, false]);
  for (let key = 0; key < 90; key++) small.put(bytes(`${key}`), key);
  small.put(bytes("89"), 1000);
  expect(small.offsetOf(bytes("89"))).toBe(1000);
  expect(() => small.put(bytes("90"), 1001)).toThrow(/full/);
});

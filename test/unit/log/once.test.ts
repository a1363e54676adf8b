// What is written once: against a naive model, over restarts, and at the limits.

import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { type Failure, failure, isFailure } from "../../../src/common/errors.ts";
import { MAX_ONCE_IDS, ONCE_BLOCK_IDS } from "../../../src/common/limits/partition-log.ts";
import type { AppendItem } from "../../../src/log/append-plan.ts";
import { type OnceAppended, OnceIds, type OnceRun } from "../../../src/log/once.ts";
import { MemoryOnceStore } from "../../../src/storage/memory-once-store.ts";

let store: MemoryOnceStore;
let nowMs: number;
let ids: OnceIds;
let endOffset: number;

const restart = () => {
  ids = new OnceIds(store, () => nowMs);
};

beforeEach(() => {
  store = new MemoryOnceStore();
  nowMs = 1_000_000;
  endOffset = 0;
  restart();
});

const digestOf = (id: number) => id.toString(16).padStart(32, "0");
const run = (id: number, windowMs = 1_000): OnceRun => ({ bytes: new ArrayBuffer(1), once: { digest: digestOf(id), windowMs } });

/** A log that gives each item one offset. */
const append = (fresh: readonly AppendItem[]) => fresh.map(() => ({ baseOffset: endOffset++, logAppendTimeMs: -1 }));
const write = (...items: readonly (AppendItem | OnceRun)[]) =>
  ids
    .write(items, append)
    .map((result) => (isFailure(result) ? result.error : [result.baseOffset, (result as OnceAppended).isRepeat ?? false]));

test("a repeat is answered with the first one's offset, in the same group and in a later one", () => {
  expect(write(run(1), new ArrayBuffer(1), run(2), run(1))).toEqual([
    [0, false],
    [1, false],
    [2, false],
    [0, true],
  ]);
  expect(write(run(2), run(3), run(3))).toEqual([
    [2, true],
    [3, false],
    [3, true],
  ]);
  restart();
  expect(write(run(3), run(4))).toEqual([
    [3, true],
    [4, false],
  ]);
});

test("after its window an id is new", () => {
  write(run(1));
  nowMs += 999;
  expect(write(run(1))).toEqual([[0, true]]);
  nowMs += 1;
  expect(write(run(1))).toEqual([[1, false]]);
  nowMs += 999;
  expect(write(run(1))).toEqual([[1, true]]);
});

test("what was refused is not remembered, and its repeat in the same group is refused as it was", () => {
  const refuse = (): Failure[] => [failure("MESSAGE_TOO_LARGE", "too large")];
  expect(ids.write([run(1), run(1)], refuse)).toEqual([refuse()[0], refuse()[0]]);
  expect(store.rowsWritten).toBe(0);
  expect(write(run(1))).toEqual([[0, false]]);
});

test("a write that fails leaves nothing behind", () => {
  const broken = () => {
    throw new Error("the disk is full");
  };
  expect(() => ids.write([run(1)], broken)).toThrow("the disk is full");
  restart();
  expect(write(run(1))).toEqual([[0, false]]);
});

test("a flush of new ids writes one row, a flush of repeats none", () => {
  write(run(1));
  expect(store.rowsWritten).toBe(1);
  write(run(2), run(3), run(1));
  expect(store.rowsWritten).toBe(2);
  write(run(1), run(2), new ArrayBuffer(1));
  expect(store.rowsWritten).toBe(2);
});

test("blocks that have expired go, and with too many ids the oldest", () => {
  for (let id = 0; id < 3 * ONCE_BLOCK_IDS; id++) write(run(id));
  expect(store.blocks()).toHaveLength(3);
  nowMs += 1_000;
  write(run(99_999));
  expect(store.blocks()).toHaveLength(1);

  const many = Array.from({ length: MAX_ONCE_IDS + 2 * ONCE_BLOCK_IDS }, (_, index) => run(100_000 + index));
  write(...many);
  expect(store.blocks().reduce((sum, { entries }) => sum + entries.byteLength / 32, 0)).toBeLessThanOrEqual(MAX_ONCE_IDS);
  expect(write(many.at(-1)!)).toEqual([[endOffset - 1, true]]);
  expect(write(many[0]!)).toEqual([[endOffset - 1, false]]);
  restart();
  expect(write(many.at(-1)!)).toEqual([[endOffset - 2, true]]);
});

test("does what a map of ids does, whatever comes and whenever it restarts", () => {
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ ids: fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }), windowMs: fc.constantFrom(1, 50, 400) }),
    },
    { weight: 2, arbitrary: fc.record({ waitMs: fc.nat(120) }) },
    { weight: 1, arbitrary: fc.constant("restart" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      store = new MemoryOnceStore();
      endOffset = 0;
      restart();
      const known = new Map<number, { offset: number; expiresAtMs: number }>();
      let offset = 0;
      for (const one of steps) {
        if (one === "restart") restart();
        else if ("waitMs" in one) nowMs += one.waitMs;
        else {
          const expected = one.ids.map((id) => {
            const before = known.get(id);
            if (before !== undefined && before.expiresAtMs > nowMs) return [before.offset, true];
            known.set(id, { offset, expiresAtMs: nowMs + one.windowMs });
            return [offset++, false];
          });
          expect(write(...one.ids.map((id) => run(id, one.windowMs)))).toEqual(expected);
        }
      }
    }),
  );
});

import { expect, test } from "vitest";
import { loadCore } from "../support/core.ts";

const MEMORY_LIMIT = -5;

test("reserve grows the memory up to the stated limit, then answers a status", () => {
  const core = loadCore();
  expect(core.exports.reserve(32 << 20)).toBe(0);
  expect(core.exports.memory.buffer.byteLength).toBeGreaterThanOrEqual(core.scratch + (32 << 20));
  expect(core.exports.reserve(128 << 20)).toBe(MEMORY_LIMIT);
  expect(core.exports.reserve(-1)).toBe(MEMORY_LIMIT);
});

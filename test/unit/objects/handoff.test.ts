// The slots by which bytes pass between a caller and an object of one isolate.

import { expect, test } from "vitest";
import { handOver, withHandoff } from "../../../src/objects/handoff.ts";

const answerOf = (byte: number) => ({ nextOffset: byte, batches: Uint8Array.of(byte, byte).buffer });

test("bytes are handed over uncopied, and the answer travels without them", async () => {
  const answer = answerOf(7);
  let sent: ReturnType<typeof answerOf> | undefined;
  const got = await withHandoff(async (slotName) => {
    sent = handOver(answer, slotName);
    return structuredClone(sent);
  });
  expect(sent!.batches.byteLength).toBe(0);
  expect(got).toEqual(answer);
  expect(got.batches).toBe(answer.batches);
});

test("an object in another isolate, which knows no such slot, sends the bytes", async () => {
  const answer = answerOf(7);
  expect(handOver(answer, "elsewhere 0")).toBe(answer);
  const got = await withHandoff(async () => structuredClone(answer));
  expect(got).toEqual(answer);
});

test("callers at the same time get each their own", async () => {
  const calls = [1, 2, 3].map((byte) =>
    withHandoff(async (slotName) => {
      await new Promise((resolve) => setTimeout(resolve, 3 - byte));
      return handOver(answerOf(byte), slotName);
    }),
  );
  expect(await Promise.all(calls)).toEqual([1, 2, 3].map(answerOf));
});

test("an answer without bytes is as it is", async () => {
  const refused = { error: "OFFSET_OUT_OF_RANGE" };
  expect(await withHandoff(async (slotName) => handOver(refused, slotName))).toBe(refused);
});

test("nothing is handed to a caller that has its answer, or whose call broke", async () => {
  const names: string[] = [];
  await withHandoff(async (slotName) => {
    names.push(slotName);
    return {};
  });
  const broken = withHandoff(async (slotName) => {
    names.push(slotName);
    throw new Error("reset");
  });
  await expect(broken).rejects.toThrow("reset");
  for (const name of names) expect(handOver(answerOf(1), name).batches.byteLength).toBe(2);
});

// The slots by which bytes pass between a caller and an object of one isolate.

import { expect, test } from "vitest";
import { handOver, takeLoan, withHandoff, withLoan } from "../../../src/objects/handoff.ts";

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

/** An object that writes what it is given, and what it was sent. */
function aWriter() {
  const written: ArrayBuffer[] = [];
  const sent: (ArrayBuffer | null)[] = [];
  return {
    written,
    sent,
    isNear: true,
    async write(loan: ArrayBuffer | null, slotName: string) {
      sent.push(loan);
      const taken = takeLoan(structuredClone(loan), this.isNear ? slotName : `elsewhere ${slotName}`);
      if (taken !== null) written.push(taken);
      return taken && { baseOffset: written.length - 1 };
    },
  };
}

test("what is to be written is sent at first, and then lent to an object that is found to be near", async () => {
  const writer = aWriter();
  const runs = [1, 2, 3].map((byte) => Uint8Array.of(byte).buffer);
  for (const [baseOffset, run] of runs.entries()) {
    expect(await withLoan("near", run, (loan, slotName) => writer.write(loan, slotName))).toEqual({ baseOffset });
  }
  expect(writer.sent).toEqual([runs[0], null, null]);
  expect(writer.written).toEqual(runs);
  expect(writer.written[2]).toBe(runs[2]);
});

test("what is to be written is always sent to an object in another isolate", async () => {
  const writer = aWriter();
  writer.isNear = false;
  const runs = [1, 2].map((byte) => Uint8Array.of(byte).buffer);
  for (const run of runs) await withLoan("far", run, (loan, slotName) => writer.write(loan, slotName));
  expect(writer.sent).toEqual(runs);
});

test("an object that moved away is sent what it does not find, and writes it once", async () => {
  const writer = aWriter();
  const run = Uint8Array.of(1).buffer;
  const write = () => withLoan("moved", run, (loan, slotName) => writer.write(loan, slotName));
  await write();
  writer.isNear = false;
  expect(await write()).toEqual({ baseOffset: 1 });
  expect(await write()).toEqual({ baseOffset: 2 });
  expect(writer.sent, "it was not there once, and was not taken to be there again").toEqual([run, null, run, run]);
  expect(writer.written).toHaveLength(3);
});

test("a loan whose call fails is not sent again: it may be written", async () => {
  const writer = aWriter();
  const run = Uint8Array.of(1).buffer;
  await withLoan("broken", run, (loan, slotName) => writer.write(loan, slotName));
  let calls = 0;
  const refused = await withLoan("broken", run, async () => {
    calls += 1;
    return { error: "LEADER_NOT_AVAILABLE" };
  });
  expect([refused, calls]).toEqual([{ error: "LEADER_NOT_AVAILABLE" }, 1]);
});

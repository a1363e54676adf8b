import { expect, test, vi } from "vitest";
import type { AppendRequest, AppendResult } from "../../../src/broker/ports.ts";
import { failure } from "../../../src/common/errors.ts";
import { appendCoalesced, type CarryAppends } from "../../../src/objects/append-coalescer.ts";

let lanes = 0;

/** A partition that answers a call when it is told to; each run is answered with its own first byte as offset. */
function aPartition() {
  const name = `partition ${lanes++}`;
  const calls: { readonly runs: readonly number[]; readonly topicVersion: number; answer(): void; refuse(): void }[] = [];
  const carry: CarryAppends = (address, runs) => {
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<CarryAppends>>>();
    const firstBytes = runs.map((run) => new Uint8Array("bytes" in run ? run.bytes : run)[0]!);
    const answer = () => resolve(firstBytes.map((baseOffset): AppendResult => ({ ...RESULT, baseOffset })));
    const refuse = () => resolve(failure("LEADER_NOT_AVAILABLE", "gone"));
    calls.push({ runs: firstBytes, topicVersion: address.topicVersion, answer, refuse });
    return promise;
  };
  const append = (byte: number, topicVersion = 1, waitUntil: (work: Promise<unknown>) => void = () => undefined) => {
    const batches = new Uint8Array([byte]).buffer;
    const request: AppendRequest = { topicId: "t", partition: 0, topicVersion, batches };
    return appendCoalesced(name, request, carry, waitUntil);
  };
  const nextCall = async (count: number) => {
    await expect.poll(() => calls.length).toBe(count);
    return calls[count - 1]!;
  };
  return { append, calls, nextCall };
}

const RESULT = { logAppendTimeMs: -1, logStartOffset: 0, leaderEpoch: 0 };

test("a lone append is carried at once", async () => {
  const { append, calls } = aPartition();
  const answer = append(7);
  expect(calls.map((call) => call.runs)).toEqual([[7]]);
  calls[0]!.answer();
  expect(await answer).toMatchObject({ baseOffset: 7 });
});

test("appends that come during a call go together in the next, in order, each with its own answer and the newest topic version", async () => {
  const { append, calls, nextCall } = aPartition();
  const answers = [append(1), append(2), append(3, 5), append(4, 2)];
  expect(calls).toHaveLength(1);
  calls[0]!.answer();
  const second = await nextCall(2);
  expect(second).toMatchObject({ runs: [2, 3, 4], topicVersion: 5 });
  second.answer();
  expect((await Promise.all(answers)).map((answer) => (answer as AppendResult).baseOffset)).toEqual([1, 2, 3, 4]);
});

test("a busy lane waits for the requests that follow the answers of its last call", async () => {
  const { append, calls, nextCall } = aPartition();
  const first = [append(1), append(2), append(3)];
  calls[0]!.answer();
  (await nextCall(2)).answer();
  await Promise.all(first);
  const next = [append(4)];
  await Promise.resolve();
  next.push(append(5), append(6));
  const third = await nextCall(3);
  expect(third.runs).toEqual([4, 5, 6]);
  third.answer();
  expect((await Promise.all(next)).map((answer) => (answer as AppendResult).baseOffset)).toEqual([4, 5, 6]);
});

test("a call that fails is every append's failure, and the next goes on", async () => {
  const { append, calls, nextCall } = aPartition();
  const answers = [append(1), append(2), append(3)];
  calls[0]!.refuse();
  (await nextCall(2)).refuse();
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ error: "LEADER_NOT_AVAILABLE" });
  const next = append(4);
  (await nextCall(3)).answer();
  expect(await next).toMatchObject({ baseOffset: 4 });
});

test("an append that waits may lead the next call though its client goes away: its request is kept from the start", async () => {
  const { append, calls, nextCall } = aPartition();
  const kept: Promise<unknown>[] = [];
  const answers = [append(1), append(2, 1, (work) => kept.push(work))];
  expect(kept).toHaveLength(1);
  const isOver = vi.fn();
  void kept[0]!.then(isOver);
  calls[0]!.answer();
  const second = await nextCall(2);
  expect(isOver).not.toHaveBeenCalled();
  second.answer();
  await Promise.all(answers);
  await kept[0];
});

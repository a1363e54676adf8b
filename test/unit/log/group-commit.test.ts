import { expect, test, vi } from "vitest";
import { GroupCommit } from "../../../src/log/group-commit.ts";

/** Numbers that are written, each answered with its tenfold; a write is durable when the test says so. */
function aLog() {
  const written: (readonly number[])[] = [];
  const syncs: (() => void)[] = [];
  const fail = vi.fn<(items: readonly number[]) => boolean>(() => false);
  const commits = new GroupCommit<number, number>({
    write: (items) => {
      if (fail(items)) throw new Error("the disk is full");
      written.push(items);
      return items.map((item) => item * 10);
    },
    synced: () => new Promise((resolve) => syncs.push(resolve)),
  });
  return { commits, written, syncs, fail };
}

test("writes what comes after a pause at once, all that one call brings together", async () => {
  const { commits, written } = aLog();
  const answer = commits.submit([1, 2, 3]);
  expect(written).toEqual([[1, 2, 3]]);
  expect(await answer).toEqual([10, 20, 30]);
});

test("writes together what comes while a write is on its way to the disk, in order", async () => {
  const { commits, written, syncs } = aLog();
  const answers = [commits.submit([1]), commits.submit([2, 3]), commits.submit([4])];
  await answers[0];
  expect(written).toEqual([[1]]);
  syncs[0]!();
  expect(await Promise.all(answers)).toEqual([[10], [20, 30], [40]]);
  expect(written).toEqual([[1], [2, 3, 4]]);
});

test("a write that fails is the failure of all that it had, and the next goes on", async () => {
  const { commits, written, fail } = aLog();
  fail.mockReturnValueOnce(true);
  await expect(commits.submit([1, 2])).rejects.toThrow("the disk is full");
  expect(await commits.submit([3])).toEqual([30]);
  expect(written).toEqual([[3]]);
});

import { expect, test } from "vitest";
import type { LogRow } from "../../../../src/log/log-store.ts";
import type { SegmentName } from "../../../../src/log/segment.ts";
import { MemoryLogStore } from "../../../../src/storage/memory-log-store.ts";
import { CompactedLog, CutError } from "../../../support/compacted-log.ts";
import { loadCore } from "../../../support/core.ts";

/** Notes which segments are read. */
class WatchedStore extends MemoryLogStore {
  readonly read: number[] = [];

  override rowsFrom(segment: SegmentName, offset: number): Iterable<LogRow> {
    this.read.push(segment.baseOffset);
    return super.rowsFrom(segment, offset);
  }
}

test("a round that is cut off goes on behind the groups that are done", async () => {
  const store = new WatchedStore();
  const configs = { "segment.bytes": "500", "min.cleanable.dirty.ratio": "0", "segment.index.bytes": "1000" };
  const log = new CompactedLog({ core: loadCore(), store, archive: null, configs });
  const fill = (from: number): void => {
    for (let round = from; round < from + 4; round++) log.append([[`k${round}`, "x".repeat(400)]]);
    log.log.roll();
  };
  fill(0);
  await log.maintain();
  expect(log.log.state.cleaner).toEqual({ firstDirtyOffset: 4, round: null });
  fill(4);
  log.append([["k4", "newer"]]);
  log.log.roll();

  log.onTurn = async () => {
    if ((log.log.state.cleaner.round?.nextOffset ?? 0) >= 2) throw new CutError();
  };
  await expect(log.maintain()).rejects.toThrow(CutError);
  log.onTurn = async () => undefined;
  log.open();
  expect(log.log.state.cleaner).toEqual({ firstDirtyOffset: 4, round: { endOffset: 9, nextOffset: 2 } });
  store.read.length = 0;
  await log.maintain();
  expect(store.read).toEqual(expect.arrayContaining([2, 3, 4, 8]));
  expect(store.read).not.toContain(0);
  expect(store.read).not.toContain(1);
  expect(log.log.state.cleaner).toEqual({ firstDirtyOffset: 9, round: null });
  expect((await log.read(0)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 5, 6, 7, 8]);
});

// What a member of Kafka's protocol may do with what it holds of a share partition: acknowledge ranges, all of them or none, and go.

import { describe, expect, test } from "vitest";
import { DEFAULT_SHARE_SETTINGS, type ShareSettings } from "../../../src/common/share-settings.ts";
import { checkAcknowledgements } from "../../../src/coordinator/share-acknowledgements.ts";
import type { AcknowledgementBatch, AcknowledgeType } from "../../../src/coordinator/share-messages.ts";
import { SharePartition } from "../../../src/coordinator/share-partition.ts";

const MEMBER = 7;
const OTHER = 8;

/** A share partition with records 0 to `count` - 1, none acquired. */
function startWith(count: number, settings: Partial<ShareSettings> = {}): SharePartition {
  const partition = new SharePartition(
    {
      ...{ groupId: "g", groupUuid: "u", topicId: "t", topic: "topic", partition: 0, endOffset: 0 },
      settings: { ...DEFAULT_SHARE_SETTINGS, maxDeliveries: 2, leaseMs: 100, ...settings },
      settingsVersion: 1,
      counters: { acknowledged: 0, archived: 0, deadLettered: 0 },
      deadLetters: null,
    },
    [],
    0,
  );
  const offsets = Array.from({ length: count }, (_, offset) => offset);
  const ends = { nextOffset: count, readableEndOffset: count, logStartOffset: 0, settingsVersion: 1 };
  partition.load({ fromOffset: 0, offsets, keyHashes: offsets.map(() => null), sizes: offsets.map(() => 10), ...ends }, 0);
  return partition;
}

function acquire(partition: SharePartition, token: number, nowMs: number, maxRecords = 1_000) {
  const records = partition.acquire({ maxRecords, maxBytes: Number.POSITIVE_INFINITY, leaseMs: 100, token }, nowMs);
  return records.map(({ offset, deliveryCount }) => [offset, deliveryCount]);
}

function batch(firstOffset: number, lastOffset: number, ...types: AcknowledgeType[]): AcknowledgementBatch {
  return { firstOffset, lastOffset, types };
}

describe("acknowledgements", () => {
  test("have a type for all of a range, or one for each of its offsets", () => {
    const partition = startWith(6);
    acquire(partition, MEMBER, 0);
    const batches = [batch(0, 2, "accept"), batch(3, 5, "release", "gap", "reject")];
    expect(partition.acknowledge(MEMBER, batches, 10)).toBeNull();
    expect(partition.stored.counters).toEqual({ acknowledged: 3, archived: 2, deadLettered: 0 });
    expect(acquire(partition, OTHER, 10)).toEqual([[3, 2]]);
  });

  test("change nothing where one of the records is another member's, is decided, or came back", () => {
    const partition = startWith(4);
    acquire(partition, MEMBER, 0, 3);
    acquire(partition, OTHER, 0);
    expect(partition.acknowledge(MEMBER, [batch(0, 3, "accept")], 10)).toMatchObject({ error: "INVALID_RECORD_STATE" });
    expect(partition.startOffset).toBe(0);
    expect(partition.acknowledge(MEMBER, [batch(0, 0, "accept")], 10)).toBeNull();
    expect(partition.acknowledge(MEMBER, [batch(0, 1, "accept")], 10)).toMatchObject({ error: "INVALID_RECORD_STATE" });
    expect(partition.acknowledge(MEMBER, [batch(1, 1, "accept")], 100)).toMatchObject({ error: "INVALID_RECORD_STATE" });
    expect(partition.stored.counters.acknowledged).toBe(1);
  });

  test("of one acquisition may name records of several", () => {
    const partition = startWith(4);
    acquire(partition, MEMBER, 0, 2);
    acquire(partition, MEMBER, 50, 2);
    expect(partition.acknowledge(MEMBER, [batch(0, 3, "accept")], 60)).toBeNull();
    expect(partition.startOffset).toBe(4);
  });

  test("that renew give the group's lease anew", () => {
    const partition = startWith(2);
    acquire(partition, MEMBER, 0);
    expect(partition.acknowledge(MEMBER, [batch(0, 1, "renew", "accept")], 90)).toBeNull();
    expect(partition.nextAtMs()).toBe(190);
    expect(acquire(partition, OTHER, 150)).toEqual([]);
    expect(acquire(partition, OTHER, 190)).toEqual([[0, 2]]);
  });

  test("of an ordered partition keep what was processed behind a released record", () => {
    const partition = startWith(4, { order: "partition" });
    acquire(partition, MEMBER, 0);
    expect(partition.acknowledge(MEMBER, [batch(0, 1, "release", "accept")], 10)).toBeNull();
    expect(acquire(partition, OTHER, 20)).toEqual([
      [0, 2],
      [2, 1],
      [3, 1],
    ]);
  });

  test("of an ordered partition may release several in a row, of which only the first counts as delivered", () => {
    const partition = startWith(3, { order: "partition" });
    acquire(partition, MEMBER, 0);
    expect(partition.acknowledge(MEMBER, [batch(0, 2, "release")], 10)).toBeNull();
    expect(acquire(partition, OTHER, 20)).toEqual([
      [0, 2],
      [1, 1],
      [2, 1],
    ]);
  });
});

describe("a member that goes", () => {
  test("leaves its records to others, those of others alone, and its last deliveries given up", () => {
    const partition = startWith(3);
    acquire(partition, MEMBER, 0, 1);
    partition.releaseAll(MEMBER, 10);
    expect(acquire(partition, MEMBER, 20, 2)).toEqual([
      [0, 2],
      [1, 1],
    ]);
    acquire(partition, OTHER, 20);
    partition.releaseAll(MEMBER, 30);
    expect(partition.stored.counters.archived).toBe(1);
    expect(acquire(partition, OTHER, 40)).toEqual([[1, 2]]);
    expect(partition.acknowledge(OTHER, [batch(1, 2, "accept")], 50)).toBeNull();
    expect(partition.startOffset).toBe(3);
  });
});

test.each([
  ["ends before it begins", [batch(3, 2, "accept")]],
  ["names an offset twice", [batch(0, 3, "accept"), batch(3, 4, "accept")]],
  ["goes back", [batch(5, 5, "accept"), batch(1, 2, "accept")]],
  ["has no type", [batch(0, 3)]],
  ["has too few types", [batch(0, 3, "accept", "accept")]],
  ["has more offsets than anybody can hold", [batch(0, Number.MAX_SAFE_INTEGER - 1, "accept")]],
])("refuses an acknowledgement that %s", (_, batches) => {
  expect(checkAcknowledgements(batches)).toMatchObject({ error: "INVALID_REQUEST" });
});

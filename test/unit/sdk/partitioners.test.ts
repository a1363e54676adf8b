import { expect, test } from "vitest";
import {
  murmur2Partitioner,
  type PartitionRequest,
  randomPartitioner,
  roundRobinPartitioner,
  StickyPartitions,
} from "../../../src/sdk/producer/partitioners.ts";
import { seededRandom } from "../../support/random.ts";

const request = (key: string | null, partitionCount = 10): PartitionRequest => {
  return { topic: "t", partitionCount, key: key === null ? null : new TextEncoder().encode(key), value: null };
};

test("a key goes where the Java client puts it, and a record without one is left to the sticky choice", () => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2 has these hashes.
  const hashes = { "21": -973932308, foobar: -790332482, "a-little-bit-long-string": -985981536 };
  for (const [key, hash] of Object.entries(hashes)) expect(murmur2Partitioner(request(key))).toBe((hash & 0x7fffffff) % 10);
  expect(murmur2Partitioner(request(null))).toBeNull();
});

test("round robin takes each partition in turn, each topic for itself", () => {
  const choose = roundRobinPartitioner();
  expect([0, 1, 2, 3].map(() => choose(request("k", 3)))).toEqual([0, 1, 2, 0]);
  expect(choose({ ...request("k", 3), topic: "other" })).toBe(0);
});

test("random stays within the partitions, and finds all of them", () => {
  const chosen = new Set(Array.from({ length: 500 }, () => randomPartitioner(request("k", 4))));
  expect([...chosen].sort()).toEqual([0, 1, 2, 3]);
});

test("the sticky choice stays until a batch of bytes is produced, and is even over time", () => {
  const sticky = new StickyPartitions(100, seededRandom(3));
  const counts = [0, 0, 0, 0];
  for (let run = 0; run < 4_000; run++) {
    const first = sticky.choose("t", 4, () => 0);
    for (let i = 0; i < 4; i++) {
      expect(sticky.choose("t", 4, () => 0)).toBe(first);
      sticky.produced("t", 25);
    }
    counts[first]!++;
  }
  for (const count of counts) expect(count / 1000).toBeCloseTo(1, 0);
});

test("partitions whose queues are long get less", () => {
  const sticky = new StickyPartitions(1, seededRandom(4));
  const counts = [0, 0];
  for (let i = 0; i < 4_000; i++) {
    counts[sticky.choose("t", 2, (partition) => (partition === 0 ? 9 : 0))]!++;
    sticky.produced("t", 1);
  }
  expect(counts[1]! / counts[0]!).toBeGreaterThan(6);
});

test("a topic that lost partitions is not sent to those that it had", () => {
  const sticky = new StickyPartitions(1_000, () => 0.99);
  expect(sticky.choose("t", 8, () => 0)).toBe(7);
  expect(sticky.choose("t", 2, () => 0)).toBe(1);
});

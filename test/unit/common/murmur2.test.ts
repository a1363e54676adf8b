import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { murmur2, partitionForKey } from "../../../src/common/murmur2.ts";
import { randomBytes, seededRandom } from "../../support/random.ts";

const { Partitioners } = createRequire(import.meta.url)("kafkajs");

test("hashes as org.apache.kafka.common.utils.Utils.murmur2 does", () => {
  // UtilsTest.testMurmur2 of Apache Kafka
  const known: [string, number][] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ];
  for (const [text, hash] of known) expect(murmur2(new TextEncoder().encode(text))).toBe(hash);
});

test("puts 10,000 random keys where kafkajs's Java-compatible partitioner puts them", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  console.log(`keys to partitions: seed ${seed}`);
  const random = seededRandom(seed);
  const partitionCount = 17;
  const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({ partitionId, leader: 0 }));
  const choose = Partitioners.JavaCompatiblePartitioner();
  for (let round = 0; round < 10_000; round++) {
    const key = randomBytes(Math.floor(random() * 40), random);
    const theirs = choose({ topic: "t", partitionMetadata, message: { key: Buffer.from(key), value: null } });
    expect(partitionForKey(key, partitionCount)).toBe(theirs);
  }
});

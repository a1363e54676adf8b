// The hash that Kafka's default partitioner takes of a key (org.apache.kafka.common.utils.Utils.murmur2: 32-bit MurmurHash2, seed
// 0x9747b28c, little endian), so that a key lands in the partition that the Java client picks.

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** @returns a signed 32-bit hash */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = SEED ^ length;
  const wholeWords = length & ~3;
  for (let index = 0; index < wholeWords; index += 4) {
    let word = bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24);
    word = Math.imul(word, M);
    word ^= word >>> R;
    hash = Math.imul(hash, M) ^ Math.imul(word, M);
  }
  const tail = length - wholeWords;
  if (tail > 2) hash ^= bytes[wholeWords + 2]! << 16;
  if (tail > 1) hash ^= bytes[wholeWords + 1]! << 8;
  if (tail > 0) hash = Math.imul(hash ^ bytes[wholeWords]!, M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}

/** The partition of a key, as Kafka's BuiltInPartitioner.partitionForKey. */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

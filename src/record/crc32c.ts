// CRC-32C in plain TypeScript, eight bytes at a time ("slicing by 8"): the SDK's, and what the core's is compared with. Not bundled in the broker.

const REVERSED_POLYNOMIAL = 0x82f63b78;

/** TABLES[256 * k + b]: the register left by byte b followed by k zero bytes. */
const TABLES = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REVERSED_POLYNOMIAL : crc >>> 1;
  TABLES[byte] = crc;
}
for (let entry = 256; entry < TABLES.length; entry++) {
  const crc = TABLES[entry - 256]!;
  TABLES[entry] = (crc >>> 8) ^ TABLES[crc & 0xff]!;
}

/** The CRC-32C of `bytes`, unsigned; `seed` is the CRC of the bytes before these. */
export function plainCrc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      TABLES[1792 + (low & 0xff)]! ^
      TABLES[1536 + ((low >>> 8) & 0xff)]! ^
      TABLES[1280 + ((low >>> 16) & 0xff)]! ^
      TABLES[1024 + (low >>> 24)]! ^
      TABLES[768 + bytes[at + 4]!]! ^
      TABLES[512 + bytes[at + 5]!]! ^
      TABLES[256 + bytes[at + 6]!]! ^
      TABLES[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ TABLES[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

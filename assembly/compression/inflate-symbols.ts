// The two loops that decode the symbols of one Huffman block: a fast one, which needs margins on both sides, and a careful one for the
// rest. Both start and end between two symbols, so they take turns.
//
// The fast loop tops up its 64-bit buffer with one unaligned load: `position` advances by the whole bytes that fitted, and the bits of the
// byte that fitted in part are read again next time, into the same place.

import { CORRUPT, OUTPUT_LIMIT } from "../status";
import { distanceTable, litlenTable } from "./gzip-workspace";
import { COPY_OVERSHOOT, copyMatchExact, copyMatchWide } from "./inflate-copy";
import { reader, refill } from "./inflate-reader";
import { DISTANCE_PRIMARY_BITS, END, LITLEN_PRIMARY_BITS, SUBTABLE } from "./inflate-tables";
import { MAXIMUM_MATCH } from "./deflate-symbols";

/** The flat output, which is also the window. */
@unmanaged
export class InflateOutput {
  /** Matches reach back no further than this. */
  start: usize;
  position: usize;
  end: usize;
}

export const output = changetype<InflateOutput>(memory.data(16, 16));

/** Bytes that one turn of the fast loop may load: two refills of 8, of which the first advances by at most 7. */
const INPUT_MARGIN: usize = 16;
/** Bytes that one turn of the fast loop may write: two entries of literals and one match. */
const OUTPUT_MARGIN: usize = 2 * 4 + MAXIMUM_MATCH + COPY_OVERSHOOT;

/** Result of either loop: more symbols follow (never a status). */
export const MORE: i32 = 1;
/** Result of either loop: the block has ended. */
export const DONE: i32 = 0;

const LITLEN_MASK: u64 = (1 << LITLEN_PRIMARY_BITS) - 1;
const DISTANCE_MASK: u64 = (1 << DISTANCE_PRIMARY_BITS) - 1;
/** Bits of the longest distance: a code of 15 and 13 extra bits. */
const LONGEST_DISTANCE_BITS: u64 = 28;

/** The entry that `index` leads to in a subtable. */
// @ts-ignore: decorator
@inline
function subtableEntry(table: usize, pointer: u32, bits: u64): u32 {
  const index = <u32>bits & ((1 << ((pointer >> 8) & 15)) - 1);
  return load<u32>(table + ((((pointer >> 16) & 0x7fff) + index) << 2));
}

/** Base value plus extra bits of a length or distance entry; `bits` starts with the code. */
// @ts-ignore: decorator
@inline
function valueOf(entry: u32, bits: u64): u32 {
  return (entry >> 16) + ((<u32>bits & ((1 << entry) - 1)) >> ((entry >> 8) & 15));
}

// @ts-ignore: decorator
@inline
function literalCount(entry: u32): u32 {
  return (entry >> 6) & 3;
}

/**
 * Decodes while both margins are there. A refill leaves at least 56 bits: enough for two entries of literals and the longest length that
 * starts in a subtable (10 + 10 + 20), but not for a distance as well.
 * @returns MORE, DONE or CORRUPT
 */
export function decodeFast(): i32 {
  const litlens = litlenTable();
  const distances = distanceTable();
  const outputStart = output.start;
  // The caller has checked that both margins are there, so neither subtraction wraps.
  const lastPosition = reader.end - INPUT_MARGIN;
  const lastOut = output.end - OUTPUT_MARGIN;
  let bits = reader.bits;
  let count = <u64>reader.count;
  let position = reader.position;
  let out = output.position;
  let result = MORE;

  while (position <= lastPosition && out <= lastOut) {
    bits |= load<u64>(position) << count;
    position += <usize>((63 - count) >> 3);
    count |= 56;

    let entry = load<u32>(litlens + (<usize>(bits & LITLEN_MASK) << 2));
    if (literalCount(entry)) {
      store<u32>(out, entry >> 8);
      out += literalCount(entry);
      bits >>= <u64>entry;
      count -= entry & 63;
      entry = load<u32>(litlens + (<usize>(bits & LITLEN_MASK) << 2));
      if (literalCount(entry)) {
        store<u32>(out, entry >> 8);
        out += literalCount(entry);
        bits >>= <u64>entry;
        count -= entry & 63;
        continue;
      }
    }
    if (<i32>entry < 0) {
      if (entry & SUBTABLE) {
        bits >>= LITLEN_PRIMARY_BITS;
        count -= LITLEN_PRIMARY_BITS;
        entry = subtableEntry(litlens, entry, bits);
        if (literalCount(entry)) {
          store<u8>(out++, entry >> 8);
          bits >>= <u64>entry;
          count -= entry & 63;
          continue;
        }
      }
      if (<i32>entry < 0) {
        if (entry & END) {
          bits >>= <u64>entry;
          count -= entry & 63;
          result = DONE;
        } else result = CORRUPT;
        break;
      }
    }
    const length = valueOf(entry, bits);
    bits >>= <u64>entry;
    count -= entry & 63;

    if (count < LONGEST_DISTANCE_BITS) {
      bits |= load<u64>(position) << count;
      position += <usize>((63 - count) >> 3);
      count |= 56;
    }
    entry = load<u32>(distances + (<usize>(bits & DISTANCE_MASK) << 2));
    if (<i32>entry < 0) {
      if (entry & SUBTABLE) {
        bits >>= DISTANCE_PRIMARY_BITS;
        count -= DISTANCE_PRIMARY_BITS;
        entry = subtableEntry(distances, entry, bits);
      }
      if (<i32>entry < 0) {
        result = CORRUPT;
        break;
      }
    }
    const distance = <usize>valueOf(entry, bits);
    bits >>= <u64>entry;
    count -= entry & 63;
    if (distance > out - outputStart) {
      result = CORRUPT;
      break;
    }
    copyMatchWide(out, distance, length);
    out += length;
  }

  reader.bits = bits & (((<u64>1) << count) - 1);
  reader.count = <u32>count;
  reader.position = position;
  output.position = out;
  return result;
}

/** Are both margins of decodeFast there? */
export function hasMargins(): bool {
  return reader.end - reader.position >= INPUT_MARGIN && output.end - output.position >= OUTPUT_MARGIN;
}

/** Drops the bits of `entry`, if they are all there. */
// @ts-ignore: decorator
@inline
function drop(drops: u32): bool {
  if (drops > reader.count) return false;
  reader.bits >>= drops;
  reader.count -= drops;
  return true;
}

/** The next entry, with the bits that led to its subtable dropped; what is missing at the end of the input reads as zeros. */
function nextEntry(table: usize, primaryBits: u32): u32 {
  refill();
  const entry = load<u32>(table + (<usize>(reader.bits & ((1 << primaryBits) - 1)) << 2));
  if (<i32>entry >= 0 || literalCount(entry) != 0 || !(entry & SUBTABLE)) return entry;
  if (!drop(primaryBits)) return 0x80000000;
  return subtableEntry(table, entry, reader.bits);
}

/** Writes the literals of `entry` one by one. */
function writeLiterals(entry: u32): i32 {
  for (let left = literalCount(entry); left > 0; left--) {
    if (output.position == output.end) return OUTPUT_LIMIT;
    store<u8>(output.position++, entry >> 8);
    entry = ((entry >> 16) << 8);
  }
  return MORE;
}

/** Decodes one entry's worth with every check. @returns MORE, DONE, CORRUPT or OUTPUT_LIMIT */
export function decodeCarefully(): i32 {
  let entry = nextEntry(litlenTable(), LITLEN_PRIMARY_BITS);
  const lengthBits = reader.bits;
  if (!drop(entry & 63)) return CORRUPT;
  if (literalCount(entry)) return writeLiterals(entry);
  if (<i32>entry < 0) return entry & END ? DONE : CORRUPT;
  const length = <usize>valueOf(entry, lengthBits);

  entry = nextEntry(distanceTable(), DISTANCE_PRIMARY_BITS);
  const distanceBits = reader.bits;
  if (<i32>entry < 0 || !drop(entry & 63)) return CORRUPT;
  const distance = <usize>valueOf(entry, distanceBits);
  const out = output.position;
  if (distance > out - output.start) return CORRUPT;
  if (length > output.end - out) return OUTPUT_LIMIT;
  copyMatchExact(out, distance, length);
  output.position = out + length;
  return MORE;
}

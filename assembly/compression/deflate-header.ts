// The header of a dynamic block (RFC 1951 section 3.2.7): the code lengths of both alphabets as one list, run-length coded, and the code of
// that.
//
//   HLIT 5: litlen lengths - 257 | HDIST 5: distance lengths - 1 | HCLEN 4: code length code lengths - 4 | these, 3 each | items
//   item in the workspace, u16: code length symbol in bits 0..4, value of its extra bits above

import { assignCodes, buildLengths } from "./deflate-codes";
import { DISTANCE_SYMBOLS, LITLEN_SYMBOLS, MAXIMUM_PRECODE_BITS, precodeOrder, PRECODE_SYMBOLS, repeatExtraBits } from "./deflate-symbols";
import { putBits } from "./deflate-writer";
import { distanceLengths, headerItems, joinedLengths, litlenLengths, precodeCodes } from "./gzip-workspace";

const REPEAT_PREVIOUS: u32 = 16;
const REPEAT_ZERO: u32 = 17;
const REPEAT_ZERO_LONG: u32 = 18;

/** What buildHeader found, for writeHeader. */
@unmanaged
class Header {
  litlenCount: u32;
  distanceCount: u32;
  precodeCount: u32;
  itemCount: u32;
  bits: u32;
}

const header = changetype<Header>(memory.data(32, 16));
/** u32 and u8 for each of the 19 symbols of the code length code. */
const precodeFrequencies = memory.data(96, 16);
const precodeLengths = memory.data(32, 16);

/** How many of the first `count` lengths are left when the zeros at the end are cut off, but at least `minimum`. */
function trim(lengths: usize, count: u32, minimum: u32): u32 {
  while (count > minimum && load<u8>(lengths + count - 1) == 0) count--;
  return count;
}

function addItem(symbol: u32, extra: u32): void {
  store<u16>(headerItems() + (header.itemCount++ << 1), symbol | (extra << 5));
  const frequency = precodeFrequencies + (symbol << 2);
  store<u32>(frequency, load<u32>(frequency) + 1);
  if (symbol >= REPEAT_PREVIOUS) header.bits += load<u8>(repeatExtraBits + symbol - REPEAT_PREVIOUS);
}

function addZeros(run: u32): void {
  while (run >= 11) {
    const times = min<u32>(run, 138);
    addItem(REPEAT_ZERO_LONG, times - 11);
    run -= times;
  }
  if (run >= 3) {
    addItem(REPEAT_ZERO, run - 3);
    return;
  }
  for (; run > 0; run--) addItem(0, 0);
}

function addRun(length: u32, run: u32): void {
  if (length == 0) {
    addZeros(run);
    return;
  }
  addItem(length, 0);
  run--;
  while (run >= 3) {
    const times = min<u32>(run, 6);
    addItem(REPEAT_PREVIOUS, times - 3);
    run -= times;
  }
  for (; run > 0; run--) addItem(length, 0);
}

/** Codes the code lengths that are in the workspace. */
export function buildHeader(): void {
  const joined = joinedLengths();
  header.litlenCount = trim(litlenLengths(), LITLEN_SYMBOLS, 257);
  header.distanceCount = trim(distanceLengths(), DISTANCE_SYMBOLS, 1);
  memory.copy(joined, litlenLengths(), header.litlenCount);
  memory.copy(joined + header.litlenCount, distanceLengths(), header.distanceCount);
  const total = header.litlenCount + header.distanceCount;

  header.itemCount = 0;
  header.bits = 0;
  memory.fill(precodeFrequencies, 0, 96);
  for (let index: u32 = 0; index < total; ) {
    const length = <u32>load<u8>(joined + index);
    let run: u32 = 1;
    while (index + run < total && load<u8>(joined + index + run) == length) run++;
    addRun(length, run);
    index += run;
  }
  buildLengths(precodeFrequencies, PRECODE_SYMBOLS, MAXIMUM_PRECODE_BITS, precodeLengths);
  let precodeCount = PRECODE_SYMBOLS;
  while (precodeCount > 4 && load<u8>(precodeLengths + load<u8>(precodeOrder + precodeCount - 1)) == 0) precodeCount--;
  header.precodeCount = precodeCount;
  header.bits += 14 + 3 * precodeCount;
  for (let symbol: u32 = 0; symbol < PRECODE_SYMBOLS; symbol++) {
    header.bits += load<u32>(precodeFrequencies + (symbol << 2)) * load<u8>(precodeLengths + symbol);
  }
}

/** Bits of the header, without the block's first three. */
export function headerBits(): u32 {
  return header.bits;
}

/** Writes the header that buildHeader made. */
export function writeHeader(): void {
  const codes = precodeCodes();
  assignCodes(precodeLengths, PRECODE_SYMBOLS, codes);
  putBits(header.litlenCount - 257, 5);
  putBits(header.distanceCount - 1, 5);
  putBits(header.precodeCount - 4, 4);
  for (let index: u32 = 0; index < header.precodeCount; index++) putBits(load<u8>(precodeLengths + load<u8>(precodeOrder + index)), 3);
  for (let index: u32 = 0; index < header.itemCount; index++) {
    const item = <u32>load<u16>(headerItems() + (index << 1));
    const symbol = item & 31;
    const code = load<u32>(codes + (symbol << 2));
    putBits(code & 0xffff, code >> 16);
    if (symbol >= REPEAT_PREVIOUS) putBits(item >> 5, load<u8>(repeatExtraBits + symbol - REPEAT_PREVIOUS));
  }
}

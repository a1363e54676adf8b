// DEFLATE decompression (RFC 1951): a series of blocks, packed into bytes from the lowest bit up.
//
//   block    last 1 bit | type 2 bits | body
//   stored   (to the next byte) length u16 | ~length u16 | bytes
//   fixed    symbols of the fixed codes
//   dynamic  HLIT 5 | HDIST 5 | HCLEN 4 | code length code 3 each | code lengths | symbols
//
// What zlib refuses is refused: codes that are incomplete or over-subscribed (inflate-tables.ts), more than 286 or 30 symbols, no end of
// block, a repeat without a previous length or past the end, a distance before the start of the output.

import { CORRUPT, OUTPUT_LIMIT } from "../status";
import {
  DYNAMIC_BLOCK,
  DISTANCE_SYMBOLS,
  END_OF_BLOCK,
  fillFixedDistanceLengths,
  fillFixedLitlenLengths,
  FIXED_BLOCK,
  FIXED_DISTANCE_SYMBOLS,
  FIXED_LITLEN_SYMBOLS,
  LITLEN_SYMBOLS,
  precodeOrder,
  PRECODE_SYMBOLS,
  repeatBases,
  repeatExtraBits,
  STORED_BLOCK,
} from "./deflate-symbols";
import { codeLengths, distanceTable, litlenTable, precodeTable } from "./gzip-workspace";
import { prepareCopies } from "./inflate-copy";
import { alignToByte, reader, refill, takeBits } from "./inflate-reader";
import { decodeCarefully, decodeFast, hasMargins, MORE, output } from "./inflate-symbols";
import {
  buildTable,
  DISTANCE,
  DISTANCE_PRIMARY_BITS,
  LITLEN,
  LITLEN_PRIMARY_BITS,
  packLiterals,
  PRECODE,
  PRECODE_PRIMARY_BITS,
  prepareEntries,
} from "./inflate-tables";

/** Joining literals in the table takes longer than it saves if fewer bytes than this are left. */
const PACKING_MINIMUM: usize = 2048;
/** Bits of HLIT, HDIST and HCLEN. */
const DYNAMIC_HEADER_BITS: u32 = 14;

function inflateStored(): i32 {
  alignToByte();
  const position = reader.position;
  if (reader.end - position < 4) return CORRUPT;
  const length = <usize>load<u16>(position);
  if ((length ^ load<u16>(position, 2)) != 0xffff) return CORRUPT;
  if (length > reader.end - position - 4) return CORRUPT;
  if (length > output.end - output.position) return OUTPUT_LIMIT;
  memory.copy(output.position, position + 4, length);
  reader.position = position + 4 + length;
  output.position += length;
  return 0;
}

function buildTables(litlenSymbols: u32, distanceSymbols: u32): i32 {
  const lengths = codeLengths();
  let status = buildTable(LITLEN, lengths, litlenSymbols, litlenTable(), LITLEN_PRIMARY_BITS);
  if (status < 0) return status;
  if (reader.end - reader.position >= PACKING_MINIMUM) packLiterals(litlenTable(), LITLEN_PRIMARY_BITS);
  return buildTable(DISTANCE, lengths + litlenSymbols, distanceSymbols, distanceTable(), DISTANCE_PRIMARY_BITS);
}

function readFixedCodes(): i32 {
  fillFixedLitlenLengths(codeLengths());
  fillFixedDistanceLengths(codeLengths() + FIXED_LITLEN_SYMBOLS);
  return buildTables(FIXED_LITLEN_SYMBOLS, FIXED_DISTANCE_SYMBOLS);
}

/** Reads the code length code, `count` lengths of 3 bits each, and builds its table. */
function readPrecode(count: u32): i32 {
  const lengths = codeLengths();
  memory.fill(lengths, 0, PRECODE_SYMBOLS);
  for (let index: u32 = 0; index < count; index++) {
    refill();
    if (reader.count < 3) return CORRUPT;
    store<u8>(lengths + load<u8>(precodeOrder + index), takeBits(3));
  }
  return buildTable(PRECODE, lengths, PRECODE_SYMBOLS, precodeTable(), PRECODE_PRIMARY_BITS);
}

/** Reads `total` code lengths of both alphabets, which follow each other as one list. */
function readCodeLengths(total: u32): i32 {
  const lengths = codeLengths();
  let index: u32 = 0;
  while (index < total) {
    refill();
    const entry = load<u32>(precodeTable() + (<usize>(reader.bits & ((1 << PRECODE_PRIMARY_BITS) - 1)) << 2));
    const symbol = entry >> 16;
    const repeated = symbol < 16 ? 0 : symbol - 16;
    const extraBits = symbol < 16 ? 0 : <u32>load<u8>(repeatExtraBits + repeated);
    const codeBits = entry & 63;
    if (codeBits + extraBits > reader.count) return CORRUPT;
    takeBits(codeBits);
    if (symbol < 16) {
      store<u8>(lengths + index++, symbol);
      continue;
    }
    const times = <u32>load<u8>(repeatBases + repeated) + takeBits(extraBits);
    if (times > total - index || (symbol == 16 && index == 0)) return CORRUPT;
    memory.fill(lengths + index, symbol == 16 ? load<u8>(lengths + index - 1) : 0, times);
    index += times;
  }
  return 0;
}

function readDynamicCodes(): i32 {
  refill();
  if (reader.count < DYNAMIC_HEADER_BITS) return CORRUPT;
  const litlenSymbols = takeBits(5) + 257;
  const distanceSymbols = takeBits(5) + 1;
  const precodeCount = takeBits(4) + 4;
  if (litlenSymbols > LITLEN_SYMBOLS || distanceSymbols > DISTANCE_SYMBOLS) return CORRUPT;
  let status = readPrecode(precodeCount);
  if (status < 0) return status;
  status = readCodeLengths(litlenSymbols + distanceSymbols);
  if (status < 0) return status;
  if (load<u8>(codeLengths() + END_OF_BLOCK) == 0) return CORRUPT;
  return buildTables(litlenSymbols, distanceSymbols);
}

function inflateSymbols(): i32 {
  let result = MORE;
  while (result == MORE) result = hasMargins() ? decodeFast() : decodeCarefully();
  return result;
}

function inflateBlock(type: u32): i32 {
  if (type == STORED_BLOCK) return inflateStored();
  let status = CORRUPT;
  if (type == FIXED_BLOCK) status = readFixedCodes();
  else if (type == DYNAMIC_BLOCK) status = readDynamicCodes();
  return status < 0 ? status : inflateSymbols();
}

/**
 * Inflates the stream at the reader's position to the output's position, and leaves both just behind it (the reader at a whole byte).
 * @returns 0, CORRUPT or OUTPUT_LIMIT
 */
export function inflate(): i32 {
  prepareCopies();
  prepareEntries();
  output.start = output.position;
  let last: u32 = 0;
  while (!last) {
    refill();
    if (reader.count < 3) return CORRUPT;
    last = takeBits(1);
    const status = inflateBlock(takeBits(2));
    if (status < 0) return status;
  }
  alignToByte();
  return 0;
}

// The sequences section of a compressed block (RFC 8878, 3.1.1.3.2): each sequence copies some literals, then a match.
//
//   count             1 byte if < 128; 2 bytes, the first 128-254: ((first - 128) << 8) + second; or 255 and u16: that + 0x7f00
//   modes, tables     if count > 0 (zstd-sequence-tables.ts)
//   bitstream         if count > 0 (zstd-sequence-stream.ts)
//
// Literals that the last sequence leaves over end the block. Sequences are decoded into the workspace a chunk at a time, checked as they
// are, and then executed without looking back (zstd-execute.ts): the two loops keep few enough values to hold them in registers, and
// branches that are mispredicted while copying do not wait for bits to be decoded.

import { CORRUPT, OUTPUT_LIMIT } from "../status";
import { executeSequences } from "./zstd-execute";
import { literals, literalsSize } from "./zstd-literals";
import { decodeChunk, literalsUsed, openStream, produced, streamIsUsedUp } from "./zstd-sequence-stream";
import { readTables } from "./zstd-sequence-tables";
import { SEQUENCES_PER_CHUNK } from "./zstd-workspace";

/** The count of sequences that `readCount` has just read. */
let count: u32 = 0;

/**
 * Decodes and executes the sequences section in [source, end) over the literals of this block, writing at `output`.
 * @param frameStart where the frame's output begins: no match reaches before it
 * @param outputEnd the capacity's end
 * @param limit most bytes that the block may decode to
 * @returns bytes written, CORRUPT or OUTPUT_LIMIT
 */
export function decodeSequences(source: usize, end: usize, frameStart: usize, output: usize, outputEnd: usize, limit: u32): i32 {
  const countBytes = readCount(source, end);
  if (countBytes < 0) return countBytes;
  const at = source + countBytes;
  let written: u32 = 0;
  let copied: u32 = 0;
  if (count > 0) {
    const tableBytes = readTables(at, end);
    if (tableBytes < 0) return tableBytes;
    const bits = at + tableBytes;
    if (!openStream(bits, end, <u32>(output - frameStart))) return CORRUPT;
    const status = runSequences(bits, frameStart, output, outputEnd, limit);
    if (status < 0) return status;
    written = produced - <u32>(output - frameStart);
    copied = literalsUsed;
  } else if (at != end) {
    return CORRUPT;
  }

  const rest = literalsSize - copied;
  if (rest > limit - written) return CORRUPT;
  if (rest > <u32>(outputEnd - output) - written) return OUTPUT_LIMIT;
  memory.copy(output + written, literals + copied, rest);
  return <i32>(written + rest);
}

/** Sets `count`. Returns the bytes read, or CORRUPT. */
function readCount(source: usize, end: usize): i32 {
  const available = <u32>(end - source);
  if (available == 0) return CORRUPT;
  const first: u32 = load<u8>(source);
  const bytes: u32 = first < 128 ? 1 : first < 255 ? 2 : 3;
  if (available < bytes) return CORRUPT;
  if (bytes == 1) count = first;
  else if (bytes == 2) count = ((first - 128) << 8) + <u32>load<u8>(source, 1);
  else count = <u32>load<u16>(source, 1) + 0x7f00;
  return <i32>bytes;
}

/** Decodes, checks and executes all sequences of the opened stream. Returns 0, CORRUPT or OUTPUT_LIMIT. */
function runSequences(bits: usize, frameStart: usize, output: usize, outputEnd: usize, limit: u32): i32 {
  let from = literals;
  let to = output;
  const limitAt = <u32>(output - frameStart) + limit;
  for (let left = count; left > 0; ) {
    const chunk = min(left, SEQUENCES_PER_CHUNK);
    left -= chunk;
    if (!decodeChunk(bits, chunk)) return CORRUPT;
    if (literalsUsed > literalsSize || produced > limitAt) return CORRUPT;
    if (left == 0 && !streamIsUsedUp()) return CORRUPT;
    if (produced > <u32>(outputEnd - frameStart)) return OUTPUT_LIMIT;
    executeSequences(chunk, from, to, outputEnd);
    from = literals + literalsUsed;
    to = frameStart + produced;
  }
  return 0;
}

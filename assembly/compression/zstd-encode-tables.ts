// Which table codes the literal lengths, offsets and match lengths of a block: for each kind the cheapest, by the bits that it would
// take, of the predefined one, one with a single symbol (RLE), a new one with its description, and the last one again
// (RFC 8878, 3.1.1.3.2.1).
//
// Only a described table is repeated: naming a predefined one anew costs nothing, an RLE one a byte. But a decoder repeats whatever a
// block used last, so one of those puts an older described table out of reach.

import {
  LITERAL_LENGTH_DEFAULT,
  LITERAL_LENGTH_DEFAULT_ACCURACY,
  LITERAL_LENGTH_MAX_ACCURACY,
  LITERAL_LENGTH_MAX_CODE,
  MATCH_LENGTH_DEFAULT,
  MATCH_LENGTH_DEFAULT_ACCURACY,
  MATCH_LENGTH_MAX_ACCURACY,
  MATCH_LENGTH_MAX_CODE,
  MODE_FSE,
  MODE_PREDEFINED,
  MODE_REPEAT,
  MODE_RLE,
  OFFSET_DEFAULT,
  OFFSET_DEFAULT_ACCURACY,
  OFFSET_DEFAULT_MAX_CODE,
  OFFSET_MAX_ACCURACY,
} from "./zstd-constants";
import { chooseAccuracy, distributionCost, IMPOSSIBLE, shareCells, writeDistribution } from "./zstd-encode-distribution";
import { accuracyOf, buildCoder, distributionOf, lastSymbolOf, setDistribution } from "./zstd-encode-fse";
import { FSE_CODER_BYTES, NEXT, STATE_FSE_CODERS, spareCoder } from "./zstd-encode-memory";

/** What a table is for. The order is that of the tables in a block. */
export const KIND_LITERAL_LENGTH: u32 = 0;
export const KIND_OFFSET: u32 = 1;
export const KIND_MATCH_LENGTH: u32 = 2;

/** Coders of the predefined distributions, by kind, built by the first call of prepareTables. */
const PREDEFINED_CODERS: usize = memory.data(<i32>FSE_CODER_BYTES * 3, 8);
/** All zeros: codes any one symbol in no bits. */
const RLE_CODER: usize = memory.data(<i32>FSE_CODER_BYTES, 8);
/** Coders of the block at hand, a u32 for each kind. */
const CHOSEN_CODERS: usize = memory.data(4 * 3, 4);
/** The description of the last new distribution; its bytes, at most 67, and what writeDistribution writes too far. */
const DESCRIPTION: usize = memory.data(96, 8);

/** What an RLE table takes in 256ths of a bit: the byte of its symbol. */
const RLE_COST: u32 = 8 << 8;

// @ts-ignore: decorator
@inline
function predefinedCoder(kind: u32): usize {
  return PREDEFINED_CODERS + FSE_CODER_BYTES * kind;
}

/** Builds the coders of the predefined distributions, once. */
export function prepareTables(): void {
  if (accuracyOf(PREDEFINED_CODERS) != 0) return;
  buildPredefined(KIND_LITERAL_LENGTH, LITERAL_LENGTH_DEFAULT, LITERAL_LENGTH_MAX_CODE, LITERAL_LENGTH_DEFAULT_ACCURACY);
  buildPredefined(KIND_OFFSET, OFFSET_DEFAULT, OFFSET_DEFAULT_MAX_CODE, OFFSET_DEFAULT_ACCURACY);
  buildPredefined(KIND_MATCH_LENGTH, MATCH_LENGTH_DEFAULT, MATCH_LENGTH_MAX_CODE, MATCH_LENGTH_DEFAULT_ACCURACY);
}

function buildPredefined(kind: u32, distribution: usize, lastSymbol: u32, accuracy: u32): void {
  const coder = predefinedCoder(kind);
  memory.copy(distributionOf(coder), distribution, (lastSymbol + 1) << 1);
  setDistribution(coder, lastSymbol, accuracy);
  buildCoder(coder);
}

/** The coder that chooseTable has chosen for `kind`. */
export function chosenCoder(kind: u32): usize {
  return <usize>load<u32>(CHOSEN_CODERS + (kind << 2));
}

/** Codes `kind` by `coder`. What a later block can repeat is `repeatable`, or nothing if that is 0. */
function choose(kind: u32, coder: usize, repeatable: usize): void {
  store<u32>(CHOSEN_CODERS + (kind << 2), <u32>coder);
  store<u32>(NEXT + (kind << 2), <u32>repeatable, STATE_FSE_CODERS);
}

/** NEXT's coder for `kind`, or 0. */
// @ts-ignore: decorator
@inline
function lastCoder(kind: u32): usize {
  return <usize>load<u32>(NEXT + (kind << 2), STATE_FSE_CODERS);
}

function coderCost(coder: usize, counts: usize, lastSymbol: u32): u32 {
  return distributionCost(counts, lastSymbol, distributionOf(coder), lastSymbolOf(coder), accuracyOf(coder));
}

/** Shares cells among the symbols in a spare coder and describes them in DESCRIPTION. @returns the description's bytes */
function describeNew(coder: usize, kind: u32, counts: usize, lastSymbol: u32, total: u32): u32 {
  const maxAccuracy =
    kind == KIND_OFFSET ? OFFSET_MAX_ACCURACY : kind == KIND_MATCH_LENGTH ? MATCH_LENGTH_MAX_ACCURACY : LITERAL_LENGTH_MAX_ACCURACY;
  const accuracy = chooseAccuracy(total, lastSymbol, maxAccuracy);
  shareCells(counts, lastSymbol, total, accuracy, distributionOf(coder));
  setDistribution(coder, lastSymbol, accuracy);
  return writeDistribution(DESCRIPTION, distributionOf(coder), lastSymbol, accuracy);
}

/**
 * Chooses the table for the `total` codes that `counts` (u32 each) counts, and writes its description. A new table becomes NEXT's.
 * Needs 96 bytes at `to`.
 * @returns the mode in bits 0-1, and the bytes written above it
 */
export function chooseTable(to: usize, kind: u32, counts: usize, lastSymbol: u32, total: u32): u32 {
  const predefinedCost = coderCost(predefinedCoder(kind), counts, lastSymbol);
  if (load<u32>(counts + (<usize>lastSymbol << 2)) == total) {
    if (predefinedCost <= RLE_COST) {
      choose(kind, predefinedCoder(kind), 0);
      return MODE_PREDEFINED;
    }
    choose(kind, RLE_CODER, 0);
    store<u8>(to, <u8>lastSymbol);
    return MODE_RLE | (1 << 2);
  }

  const spare = spareCoder(kind);
  const descriptionSize = describeNew(spare, kind, counts, lastSymbol, total);
  const spareCost = coderCost(spare, counts, lastSymbol) + descriptionSize * (8 << 8);
  const last = lastCoder(kind);
  const lastCost = last == 0 ? IMPOSSIBLE : coderCost(last, counts, lastSymbol);
  if (predefinedCost <= min(spareCost, lastCost)) {
    choose(kind, predefinedCoder(kind), 0);
    return MODE_PREDEFINED;
  }
  if (lastCost <= spareCost) {
    choose(kind, last, last);
    return MODE_REPEAT;
  }
  buildCoder(spare);
  choose(kind, spare, spare);
  memory.copy(to, DESCRIPTION, descriptionSize);
  return MODE_FSE | (descriptionSize << 2);
}

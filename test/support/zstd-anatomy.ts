// Reads a zstd frame's skeleton (RFC 8878, 3.1.1): its header, and which form each block and section of it takes, so that tests can
// tell that an encoder really takes the paths that they mean to test. Nothing is decoded; the frame is taken to be well formed.

export interface BlockAnatomy {
  type: "raw" | "rle" | "compressed";
  /** Bytes of content in the frame, headers not counted. */
  contentBytes: number;
  literals?: { type: "raw" | "rle" | "compressed" | "treeless"; count: number; streams: number; directWeights: boolean };
  sequenceCount?: number;
  /** Modes of the literal length, offset and match length tables; empty without sequences. */
  tables?: TableMode[];
}

export type TableMode = "predefined" | "rle" | "described" | "repeated";

export interface FrameAnatomy {
  singleSegment: boolean;
  hasChecksum: boolean;
  windowBytes: number;
  contentBytes: number;
  blocks: BlockAnatomy[];
}

const LITERALS_TYPES = ["raw", "rle", "compressed", "treeless"] as const;
const BLOCK_TYPES = ["raw", "rle", "compressed"] as const;
const TABLE_MODES = ["predefined", "rle", "described", "repeated"] as const;

export function frameAnatomy(frame: Uint8Array): FrameAnatomy {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  let position = 5;
  let windowBytes = 0;
  if (!singleSegment) {
    const window = view.getUint8(position++);
    const base = 2 ** (10 + (window >> 3));
    windowBytes = base + (base / 8) * (window & 7);
  }
  const { value: contentBytes, width } = readContentSize(view, position, descriptor);
  position += width;

  const blocks: BlockAnatomy[] = [];
  for (let last = false; !last; ) {
    const header = view.getUint16(position, true) | (view.getUint8(position + 2) << 16);
    position += 3;
    last = (header & 1) === 1;
    const type = BLOCK_TYPES[(header >> 1) & 3]!;
    const size = type === "rle" ? 1 : header >> 3;
    const content = new DataView(view.buffer, view.byteOffset + position, size);
    blocks.push({ type, contentBytes: size, ...(type === "compressed" ? sections(content) : {}) });
    position += size;
  }
  const hasChecksum = (descriptor & 4) !== 0;
  if (position + (hasChecksum ? 4 : 0) !== frame.length) throw new Error("the frame does not end where its last block does");
  return { singleSegment, hasChecksum, windowBytes: singleSegment ? contentBytes : windowBytes, contentBytes, blocks };
}

function readContentSize(view: DataView, position: number, descriptor: number): { value: number; width: number } {
  switch (descriptor >> 6) {
    case 0:
      return { value: view.getUint8(position), width: 1 };
    case 1:
      return { value: view.getUint16(position, true) + 256, width: 2 };
    case 2:
      return { value: view.getUint32(position, true), width: 4 };
    default:
      return { value: Number(view.getBigUint64(position, true)), width: 8 };
  }
}

function sections(content: DataView): Pick<BlockAnatomy, "literals" | "sequenceCount" | "tables"> {
  const { literals, size } = literalsSection(content);
  let position = size;
  const first = content.getUint8(position++);
  let sequenceCount = first;
  if (first === 255) {
    sequenceCount = content.getUint16(position, true) + 0x7f00;
    position += 2;
  } else if (first > 127) sequenceCount = ((first - 128) << 8) | content.getUint8(position++);
  if (sequenceCount === 0) return { literals, sequenceCount, tables: [] };
  const modes = content.getUint8(position);
  return { literals, sequenceCount, tables: [6, 4, 2].map((shift) => TABLE_MODES[(modes >> shift) & 3]!) };
}

function literalsSection(content: DataView): { literals: NonNullable<BlockAnatomy["literals"]>; size: number } {
  const first = content.getUint8(0);
  const type = LITERALS_TYPES[first & 3]!;
  const format = (first >> 2) & 3;
  let header = 0n;
  for (let i = 4; i >= 0; i--) header = (header << 8n) | BigInt(i < content.byteLength ? content.getUint8(i) : 0);
  if (type === "raw" || type === "rle") {
    const bytes = [1, 2, 1, 3][format]!;
    const count = Number((header >> (bytes === 1 ? 3n : 4n)) & ((1n << [5n, 12n, 5n, 20n][format]!) - 1n));
    return { literals: { type, count, streams: 0, directWeights: false }, size: bytes + (type === "raw" ? count : 1) };
  }
  const width = [10n, 10n, 14n, 18n][format]!;
  const count = Number((header >> 4n) & ((1n << width) - 1n));
  const compressedBytes = Number((header >> (4n + width)) & ((1n << width) - 1n));
  const bytes = [3, 3, 4, 5][format]!;
  const directWeights = type === "compressed" && content.getUint8(bytes) > 127;
  return { literals: { type, count, streams: format === 0 ? 1 : 4, directWeights }, size: bytes + compressedBytes };
}

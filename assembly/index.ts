// The exported ABI of the core. Only integers cross it: pointers, lengths, statuses (status.ts).

export { reserve, scratch } from "./memory";
export { lz4Compress, lz4CompressBound, lz4Decompress, lz4DecompressBound } from "./compression/lz4-frame";
export { snappyCompress, snappyCompressBound, snappyDecompress, snappyUncompressedLength } from "./compression/snappy";
export {
  snappyJavaCompress,
  snappyJavaCompressBound,
  snappyJavaDecompress,
  snappyKafkaDecompress,
  snappyKafkaUncompressedLength,
} from "./compression/snappy-java";
export { xxhash32 } from "./compression/xxhash32";

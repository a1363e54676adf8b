// The exported ABI of the core. Only integers cross it: pointers, lengths, statuses (status.ts).

export { reserve, scratch } from "./memory";
export { crc32c } from "./crc32c";
export { jsonEscape } from "./json";
export { outcome } from "./outcome";
export { batchDecode } from "./record-decode";
export { recordsJson } from "./record-json";
export { batchEncode } from "./record-encode";
export { batchSetMaxTimestamp, batchesPatch } from "./record-batch";
export { batchesValidate } from "./record-validate";
export { batchFindOffset, batchFindTimestamp, offsetIndexFind, timeIndexFind } from "./search";
export { unsignedVarintDecode, unsignedVarintEncode, varintDecode, varintEncode, varlongDecode } from "./varint";
export { compress, decompress } from "./compression/codec";
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
export { gzipCompress, gzipCompressBound, gzipDecompress } from "./compression/gzip";
export { zstdContentSize, zstdDecompress, zstdSizeBound } from "./compression/zstd-frame";
export { zstdCompress, zstdCompressBound } from "./compression/zstd-encode";

// The exported ABI of the core. Only integers cross it: pointers, lengths, statuses (status.ts).

export { reserve, scratch } from "./memory";
export { zstdContentSize, zstdDecompress, zstdSizeBound } from "./compression/zstd-frame";

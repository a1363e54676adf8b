// The exported ABI of the core. Only integers cross it: pointers, lengths, statuses (status.ts).

export { reserve, scratch } from "./memory";
export { zstdCompress, zstdCompressBound } from "./compression/zstd-encode";

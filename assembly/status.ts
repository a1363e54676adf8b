// Status codes of the core. Every export that can fail returns an i32: zero or more is the result, less than zero is one of these.
// `src/wasm/status.ts` maps them to errors and must list the same numbers. Never renumber.

/** The input does not follow its format, or ends too early. */
export const CORRUPT: i32 = -1;
/** The output would be larger than the capacity that the caller gave. */
export const OUTPUT_LIMIT: i32 = -2;
/** The input is well formed but uses something that is not supported (a zstd dictionary, for example). */
export const UNSUPPORTED: i32 = -3;
/** A checksum inside the format does not match its data. */
export const CHECKSUM_MISMATCH: i32 = -4;
/** The core's memory would have to grow past its stated limit. */
export const MEMORY_LIMIT: i32 = -5;

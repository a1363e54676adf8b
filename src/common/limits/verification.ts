// Limits of a verification of stored segments (src/broker/verify-segments.ts).

import { MIB } from "./units.ts";

/** Most bytes that one verification of segments reads: 1 GiB takes about 2 s of CPU, of the 30 s that an invocation has. */
export const MAX_VERIFY_BYTES = 1024 * MIB;

/** Bytes that a verification reads where the request does not say: some seconds, from an archive at 50 MB/s. */
export const DEFAULT_VERIFY_BYTES = 256 * MIB;

/** Longest time of one verification, and the default: see MAX_WAIT_MS. */
export const MAX_VERIFY_MS = 60_000;
export const DEFAULT_VERIFY_MS = 20_000;

/** Most reads in one verification: an invocation may make 10,000 calls to other services. */
export const MAX_VERIFY_READS = 2_000;

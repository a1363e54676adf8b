// What the platform bounds, whatever the code does: sizes (bytes) and numbers of calls of Durable Objects, their RPC and their SQLite.

import { MIB } from "./units.ts";

/** An RPC call carries at most 32 MiB, arguments or result (platform: Durable Object RPC). A quarter of it is left for the rest. */
export const MAX_RPC_BYTES = 24 * MIB;

/** A Durable Object holds 10 GB (platform: Durable Objects). A partition refuses to grow before that. */
export const MAX_OBJECT_BYTES = 9_500_000_000;

/** A SQLite row, blob or string holds 2 MB (platform: Durable Objects), not enforced by local runtimes; the rest is for the other columns. */
export const MAX_ROW_BYTES = 1_900_000;

/** Calls to other objects at a time: the platform lets six connections wait for their answer, the seventh queues unseen. */
export const MAX_CONCURRENT_CALLS = 6;

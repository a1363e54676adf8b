// The core's linear memory, from low to high:
//
//   static tables (memory.data in each file) | workspace | scratch ............ end of memory
//
// The workspace holds what one call needs while it runs (hash tables, Huffman tables) and nothing between calls. The scratch region
// is the caller's: it copies the input there, names where the output goes, and copies that out before the next call. Nothing is
// allocated; only the end of memory moves, in `reserve`, up to the maximum given to the compiler (scripts/build.ts).

import { MEMORY_LIMIT } from "./status";

/** Bytes of workspace. Raise it when a codec needs more; a codec asserts its own layout against it at compile time. */
export const WORKSPACE_BYTES: usize = 4 << 20;

/** First byte of the workspace, 64-byte aligned. */
// @ts-ignore: decorator
@inline
export function workspace(): usize {
  return (__heap_base + 63) & ~63;
}

/** First byte of the scratch region, 64-byte aligned. Bytes from here on are the caller's. */
export function scratch(): usize {
  return workspace() + WORKSPACE_BYTES;
}

/**
 * Makes the scratch region at least `bytes` long. Growing detaches the host's views of the memory.
 * @returns 0, or MEMORY_LIMIT and nothing has changed
 */
export function reserve(bytes: u32): i32 {
  const needed: u64 = <u64>scratch() + <u64>bytes;
  const pages = <i64>((needed + 0xffff) >> 16) - <i64>memory.size();
  if (pages <= 0) return 0;
  if (pages > 0xffff) return MEMORY_LIMIT;
  return memory.grow(<i32>pages) < 0 ? MEMORY_LIMIT : 0;
}

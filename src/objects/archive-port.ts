// The edge's way to the archive: ranged reads, kept in the data centre's cache where there is one, since a sealed segment never changes
// and consumers of one partition ask for the same ranges.

import type { ArchivePort } from "../broker/ports.ts";
import { R2ArchiveStore } from "../storage/r2-archive-store.ts";

/** A range is cached for so long (s). Copies are never changed, so this only frees what nobody asks for. */
const CACHE_SECONDS = 86_400;

export function createArchivePort(bucket: R2Bucket, waitUntil: (work: Promise<unknown>) => void): ArchivePort {
  const archive = new R2ArchiveStore(bucket);
  return {
    async read(key, position, length, isUncached = false) {
      if (isUncached) return archive.get(key, position, length);
      const cacheKey = `https://archive.invalid/${key}?position=${position}&length=${length}`;
      const cached = await fromCache(cacheKey);
      if (cached !== null) return cached;
      const bytes = await archive.get(key, position, length);
      if (bytes !== null && bytes.byteLength === length) waitUntil(toCache(cacheKey, bytes));
      return bytes;
    },
  };
}

async function fromCache(key: string): Promise<ArrayBuffer | null> {
  try {
    return (await (await caches.default.match(key))?.arrayBuffer()) ?? null;
  } catch {
    return null; // no cache here (plain workerd): the archive has it
  }
}

async function toCache(key: string, bytes: ArrayBuffer): Promise<void> {
  const headers = { "cache-control": `public, max-age=${CACHE_SECONDS}, immutable` };
  try {
    await caches.default.put(key, new Response(bytes, { headers }));
  } catch {
    // No cache here (plain workerd): the next read asks the archive again.
  }
}

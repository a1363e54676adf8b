// An archive in memory: the twin of r2-archive-store.ts, for tests.

import type { ArchiveListing, ArchiveStore, ArchiveUpload } from "../log/archive-store.ts";

const PAGE_SIZE = 1000;

export class MemoryArchiveStore implements ArchiveStore {
  readonly objects = new Map<string, ArrayBuffer>();
  readonly partBytes: number;

  constructor(partBytes = 8 * 1024 * 1024) {
    this.partBytes = partBytes;
  }

  async putIfAbsent(key: string, bytes: ArrayBuffer): Promise<void> {
    if (!this.objects.has(key)) this.objects.set(key, bytes.slice(0));
  }

  async beginUpload(key: string): Promise<ArchiveUpload> {
    const parts = new Map<number, Uint8Array<ArrayBuffer>>();
    return {
      part: async (number, bytes) => {
        parts.set(number, new Uint8Array(bytes.slice(0)));
      },
      complete: async () => {
        const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
        if (inOrder.slice(0, -1).some((bytes) => bytes.length !== inOrder[0]!.length)) throw new Error("parts differ in size");
        this.objects.set(key, await new Blob(inOrder).arrayBuffer());
      },
      abort: async () => parts.clear(),
    };
  }

  async get(key: string, position: number, length: number): Promise<ArrayBuffer | null> {
    return this.objects.get(key)?.slice(position, position + length) ?? null;
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.objects.delete(key);
  }

  async list(prefix: string, cursor: string | null): Promise<ArchiveListing> {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > (cursor ?? "")).sort();
    const page = keys.slice(0, PAGE_SIZE);
    const objects = page.map((key) => ({ key, sizeBytes: this.objects.get(key)!.byteLength }));
    return { objects, cursor: keys.length > PAGE_SIZE ? page.at(-1)! : null };
  }
}

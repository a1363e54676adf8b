// The archive in an R2 bucket, or in whatever serves R2's protocol behind the binding.

import type { ArchiveListing, ArchiveStore, ArchiveUpload } from "../log/archive-store.ts";

export class R2ArchiveStore implements ArchiveStore {
  /** R2 wants at least 5 MiB, and at most 10,000 parts. */
  readonly partBytes = 8 * 1024 * 1024;
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async putIfAbsent(key: string, bytes: ArrayBuffer): Promise<void> {
    await this.#bucket.put(key, bytes, { onlyIf: { etagDoesNotMatch: "*" } });
  }

  async beginUpload(key: string): Promise<ArchiveUpload> {
    const upload = await this.#bucket.createMultipartUpload(key);
    const parts: R2UploadedPart[] = [];
    return {
      async part(number, bytes) {
        parts.push(await upload.uploadPart(number, bytes));
      },
      async complete() {
        await upload.complete(parts);
      },
      async abort() {
        await upload.abort();
      },
    };
  }

  async get(key: string, position: number, length: number): Promise<ArrayBuffer | null> {
    const object = await this.#bucket.get(key, { range: { offset: position, length } });
    return object === null ? null : object.arrayBuffer();
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#bucket.delete([...keys]);
  }

  async list(prefix: string, cursor: string | null): Promise<ArchiveListing> {
    const page = await this.#bucket.list(cursor === null ? { prefix } : { prefix, cursor });
    const objects = page.objects.map((object) => ({ key: object.key, sizeBytes: object.size }));
    return { objects, cursor: page.truncated ? page.cursor : null };
  }
}

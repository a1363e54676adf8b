// What a partition's log needs from object storage. Implementations: src/storage/r2-archive-store.ts, src/storage/memory-archive-store.ts.
// Every call may fail by throwing, and may have been done all the same.

export interface ArchiveObject {
  readonly key: string;
  readonly sizeBytes: number;
}

export interface ArchiveListing {
  readonly objects: readonly ArchiveObject[];
  /** Pass for the next page; null on the last. */
  readonly cursor: string | null;
}

/** An object that is written in parts, visible once it is completed. All parts are of one size, but the last may be smaller. */
export interface ArchiveUpload {
  /** @param number from 1 */
  part(number: number, bytes: ArrayBuffer): Promise<void>;
  complete(): Promise<void>;
  abort(): Promise<void>;
}

export interface ArchiveStore {
  /** Size of the parts of an upload; what is no larger goes whole. */
  readonly partBytes: number;
  /** Writes a whole object unless there is one with this key, which then stays. */
  putIfAbsent(key: string, bytes: ArrayBuffer): Promise<void>;
  beginUpload(key: string): Promise<ArchiveUpload>;
  /** Bytes of an object from `position` on, fewer at its end; null where there is no such object. */
  get(key: string, position: number, length: number): Promise<ArrayBuffer | null>;
  /** Deleting what is not there changes nothing. At most 1,000 keys. */
  delete(keys: readonly string[]): Promise<void>;
  list(prefix: string, cursor: string | null): Promise<ArchiveListing>;
}

/** The archive lacks what the manifest says it has, or cannot be read. */
export class ArchiveError extends Error {
  readonly key: string;

  constructor(key: string, what: string) {
    super(`${key}: ${what}`);
    this.key = key;
  }
}

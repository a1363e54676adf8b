// A bucket on Durable Objects: an index, and a blob for each stored object.
//
// A write tells the index of its blob, stores the data there, and then has the index make it an object: in one transaction, so that an
// object is whole or absent however the machine dies. What dies in between is erased by the index's alarm. Blobs are never changed once
// they belong to an object, so a reader sees one version of it from the first byte to the last.

import { type Bucket, ConditionFailed, type FoundObject, type ListPage, type ObjectBody } from "../bucket.ts";
import { conditionHolds } from "../conditions.ts";
import { ArchiveError } from "../errors.ts";
import { Hasher, multipartEtag } from "../hashing.ts";
import type {
  AbortUploadRequest,
  CompleteUploadRequest,
  CreateUploadRequest,
  GetRequest,
  ListRequest,
  ObjectHead,
  PutRequest,
  UploadPartRequest,
} from "../protocol.ts";
import { type ByteRange, resolveRange } from "../ranges.ts";
import { unwrap } from "./answer.ts";
import { CHUNK_BYTES } from "./blob-object.ts";
import type { LocalEnv } from "./env.ts";
import type { Piece, StoredObject } from "./index-store.ts";

/** Bytes in one call to a blob, and so in one commit. All that a transfer holds in memory, twice. */
const TRANSFER_BYTES = 32 * CHUNK_BYTES;

const INDEX_NAME = "index";

/** Of a part without a byte. Pieces are numbered from 1. */
const NO_PIECE = 0;

export class LocalBucket implements Bucket {
  readonly #env: LocalEnv;

  constructor(env: LocalEnv) {
    this.#env = env;
  }

  get #index() {
    return this.#env.INDEX.getByName(INDEX_NAME);
  }

  async head(key: string): Promise<ObjectHead> {
    return (await this.#find(key)).head;
  }

  async get({ object, range: requested, onlyIf }: GetRequest): Promise<FoundObject> {
    const stored = await this.#find(object);
    if (!conditionHolds(onlyIf, stored.head)) throw new ConditionFailed(stored.head);
    const range = resolveRange(requested, stored.head.size);
    return { head: stored.head, range, body: this.#read(stored, range) };
  }

  async put({ object, httpFields, customFields, onlyIf, checksum }: PutRequest, body: ObjectBody): Promise<ObjectHead> {
    const blob = crypto.randomUUID();
    const size = body.remaining;
    await this.#index.beginUpload({ blob, key: object, httpFields, customFields });
    try {
      const hasher = new Hasher(checksum);
      const piece = await this.#store(blob, body, hasher);
      const { md5, checksums } = await hasher.finish();
      const head = { name: object, version: crypto.randomUUID(), size, etag: md5, uploaded: 0, httpFields, customFields, checksums };
      return await unwrap(this.#index.commitPut({ blob, pieces: piece === null ? [] : [{ piece, size }], head, onlyIf }));
    } catch (error) {
      await this.#index.abandonUpload(blob, object);
      throw error;
    }
  }

  list(request: ListRequest): Promise<ListPage> {
    return unwrap(this.#index.list(request));
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#index.delete(keys);
  }

  async createUpload({ object, httpFields, customFields }: CreateUploadRequest): Promise<{ uploadId: string }> {
    const blob = crypto.randomUUID();
    await this.#index.beginUpload({ blob, key: object, httpFields, customFields });
    return { uploadId: blob };
  }

  async uploadPart({ object, uploadId, partNumber }: UploadPartRequest, body: ObjectBody): Promise<{ etag: string }> {
    const size = body.remaining;
    const hasher = new Hasher();
    await unwrap(this.#index.requireUpload(uploadId, object));
    const piece = (await this.#store(uploadId, body, hasher)) ?? NO_PIECE;
    const { md5: etag } = await hasher.finish();
    const part = { number: partNumber, piece, size, etag };
    const committed = this.#index.commitPart(uploadId, object, part);
    const superseded = await unwrap(committed).catch(async (error) => {
      await this.#drop(uploadId, piece); // the upload ended meanwhile, and its blob may be erased already
      throw error;
    });
    await this.#drop(uploadId, superseded);
    return { etag };
  }

  async completeUpload({ object, uploadId, parts }: CompleteUploadRequest): Promise<ObjectHead> {
    const inOrder = [...parts].sort((a, b) => a.part - b.part);
    if (!inOrder.every(({ etag }) => /^[0-9a-f]{32}$/.test(etag))) throw new ArchiveError("InvalidPart");
    const etag = await multipartEtag(inOrder.map((part) => part.etag));
    const upload = { blob: uploadId, key: object, parts, etag, version: crypto.randomUUID() };
    const { head, pieces } = await unwrap(this.#index.commitUpload(upload));
    if (head.size > 0) await this.#env.BLOBS.getByName(uploadId).keepOnly(pieces.map(({ piece }) => piece));
    return head;
  }

  async abortUpload({ object, uploadId }: AbortUploadRequest): Promise<void> {
    await this.#index.abandonUpload(uploadId, object);
  }

  async #drop(blob: string, piece: number | null): Promise<void> {
    if (piece !== null && piece !== NO_PIECE) await this.#env.BLOBS.getByName(blob).drop(piece);
  }

  async #find(key: string): Promise<StoredObject> {
    const stored = await this.#index.object(key);
    if (stored === null) throw new ArchiveError("NoSuchKey");
    return stored;
  }

  /** Stores the body as one piece of the blob; null: it is empty. */
  async #store(blob: string, body: ObjectBody, hasher: Hasher): Promise<number | null> {
    const target = this.#env.BLOBS.getByName(blob);
    let piece: number | null = null;
    let position = 0;
    for await (const bytes of body.pieces(TRANSFER_BYTES)) {
      await hasher.update(bytes);
      piece = await target.write(piece, position, bytes.buffer);
      position += bytes.length;
    }
    return piece;
  }

  async *#read({ blob, pieces }: StoredObject, range: ByteRange): AsyncGenerator<Uint8Array> {
    const source = this.#env.BLOBS.getByName(blob);
    for (const { piece, position, length } of pieceRanges(pieces, range)) {
      for (let at = 0; at < length; at += TRANSFER_BYTES) {
        yield new Uint8Array(await source.read(piece, position + at, Math.min(TRANSFER_BYTES, length - at)));
      }
    }
  }
}

/** Where in its pieces a range of an object is. */
function* pieceRanges(pieces: readonly Piece[], { offset, length }: ByteRange) {
  let start = 0;
  for (const { piece, size } of pieces) {
    const from = Math.max(offset, start);
    const end = Math.min(offset + length, start + size);
    if (from < end) yield { piece, position: from - start, length: end - from };
    start += size;
  }
}

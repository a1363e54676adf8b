// What a back end of the archive does. Each method answers as R2 would, or throws an ArchiveError.

import type {
  AbortUploadRequest,
  CompleteUploadRequest,
  CreateUploadRequest,
  GetRequest,
  ListRequest,
  ObjectHead,
  PutRequest,
  UploadPartRequest,
} from "./protocol.ts";
import type { ByteRange } from "./ranges.ts";

/** Data on its way in: of a known length, and never whole in memory unless somebody reads it whole. */
export interface ObjectBody {
  /** Bytes that are still to come. */
  readonly remaining: number;
  /**
   * The next `maxBytes`, fewer only at the end, in a buffer of exactly that size. Rejects if the sender stops before the length that it
   * announced: half an object must not be taken for a whole one.
   */
  read(maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Everything that is still to come, in pieces. */
  pieces(pieceBytes: number): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

export interface Bucket {
  head(key: string): Promise<ObjectHead>;
  get(request: GetRequest): Promise<FoundObject>;
  /** The object is visible only when all of it is stored, and durable when this resolves. */
  put(request: PutRequest, body: ObjectBody): Promise<ObjectHead>;
  list(request: ListRequest): Promise<ListPage>;
  /** Keys that are not there are no error. */
  delete(keys: readonly string[]): Promise<void>;
  createUpload(request: CreateUploadRequest): Promise<{ readonly uploadId: string }>;
  uploadPart(request: UploadPartRequest, body: ObjectBody): Promise<{ readonly etag: string }>;
  completeUpload(request: CompleteUploadRequest): Promise<ObjectHead>;
  /** An upload that is not there, or no more, is no error. */
  abortUpload(request: AbortUploadRequest): Promise<void>;
}

export interface FoundObject {
  readonly head: ObjectHead;
  readonly range: ByteRange;
  /** The range's bytes, in pieces of a few MiB at most, each read when it is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ListPage {
  readonly objects: readonly ObjectHead[];
  readonly truncated: boolean;
  /** Where the next page begins, if there is one. */
  readonly cursor?: string;
  readonly delimitedPrefixes: readonly string[];
}

/** A get or head whose condition failed still tells what is there. */
export class ConditionFailed extends Error {
  readonly head: ObjectHead;

  constructor(head: ObjectHead) {
    super("the condition does not hold");
    this.head = head;
  }
}

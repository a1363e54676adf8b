// Reads request bodies, never more than a limit, and undoes their Content-Encoding.

import { concatBytes } from "../../common/bytes.ts";
import { MAX_BODY_BYTES } from "../../common/limits/http.ts";
import { refuse, refuseHttp } from "./problem.ts";

const EMPTY = new Uint8Array(0);

/** The whole body, decompressed. Throws 413 above the limit, whatever Content-Length says. */
export async function readBody(request: Request, limit: number = MAX_BODY_BYTES): Promise<Uint8Array> {
  if (isIdentity(request)) return readBodyAsSent(request, limit);
  refuseLength(request, limit);
  return request.body === null ? EMPTY : collect(bodyStream(request), limit);
}

/** As `readBody`, with its Content-Encoding left on: what its sender has signed. */
export async function readBodyAsSent(request: Request, limit: number = MAX_BODY_BYTES): Promise<Uint8Array> {
  refuseLength(request, limit);
  if (!request.headers.has("content-length")) return request.body === null ? EMPTY : collect(request.body, limit);
  const body = new Uint8Array(await toItsEnd(request.arrayBuffer()));
  if (body.length > limit) throw tooLarge(limit);
  return body;
}

function refuseLength({ headers }: Request, limit: number): void {
  if (Number(headers.get("content-length") ?? 0) > limit) throw tooLarge(limit);
}

/** The body as it comes, decompressed. */
export function bodyStream(request: Request): ReadableStream<Uint8Array> {
  const body = request.body ?? new Blob([]).stream();
  if (isIdentity(request)) return body;
  const encoding = contentEncoding(request);
  if (encoding !== "gzip" && encoding !== "deflate") {
    throw refuseHttp(415, `Content-Encoding ${encoding} is not supported. Send gzip, deflate or none.`, {
      "accept-encoding": "gzip, deflate",
    });
  }
  return body.pipeThrough(new DecompressionStream(encoding));
}

function contentEncoding(request: Request): string {
  return (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
}

function isIdentity(request: Request): boolean {
  return contentEncoding(request) === "identity";
}

async function collect(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await readChunk(reader);
    if (done) return concatBytes(chunks);
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw tooLarge(limit);
    }
    chunks.push(value);
  }
}

export function readChunk(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
  return toItsEnd(reader.read());
}

/** A body that breaks off, or is not what its Content-Encoding says, is the client's. */
async function toItsEnd<Result>(reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch {
    throw refuse("INVALID_REQUEST", "The body could not be read to its end, or is not compressed as its Content-Encoding says.");
  }
}

function tooLarge(limit: number) {
  return refuse("RECORD_LIST_TOO_LARGE", `The body is larger than ${limit} bytes, the most that this route takes.`, { status: 413 });
}

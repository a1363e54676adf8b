// An object's bytes from S3, read on where a cut connection left off.

import type { ByteRange } from "../ranges.ts";
import { type S3Client, SILENCE_MS } from "./client.ts";

/** Connections that may be cut in a row without a byte between them. */
const FRUITLESS_ATTEMPTS = 3;

export interface S3Source {
  readonly client: S3Client;
  readonly key: string;
  /** Without quotes: what is read on must be the same object. */
  readonly etag: string;
}

/** The bytes of a range, of which `first` is the answer that is already there. Rejects when they cannot be had. */
export async function* readBody(source: S3Source, range: ByteRange, first: Response): AsyncGenerator<Uint8Array> {
  const end = range.offset + range.length;
  let position = range.offset;
  let response: Response | null = first;
  for (let fruitless = 0; position < end; response = null) {
    response ??= await requestRange(source, position, end);
    const before = position;
    try {
      for await (const bytes of chunks(response)) {
        position += bytes.length;
        yield bytes;
      }
      if (position < end) throw new Error("the connection was closed early");
    } catch (error) {
      fruitless = position > before ? 0 : fruitless + 1;
      if (fruitless === FRUITLESS_ATTEMPTS) throw new Error(`S3 stopped at byte ${position} of ${source.key}: ${(error as Error).message}`);
    }
  }
}

async function requestRange({ client, key, etag }: S3Source, from: number, end: number): Promise<Response> {
  const headers = { range: `bytes=${from}-${end - 1}`, "if-match": `"${etag}"` };
  return (await client.call({ method: "GET", key, headers })).response;
}

async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // nothing to cancel after an error or the end
  }
}

async function withinSilence<T>(read: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
  });
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}

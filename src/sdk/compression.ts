// Compression in clients. gzip comes with every platform (CompressionStream). The other codecs are the core's, which `sluice/codecs` loads:
// hand them to a producer or consumer as `codecs`. A consumer without them has the broker decode what it cannot (fetch-batches.ts).

import { concatBytes } from "../common/bytes.ts";
import { MAX_DECOMPRESSED_BYTES } from "../common/limits/records.ts";
import type { Compression } from "../record/compression-type.ts";

/** What `sluice/codecs` gives, or anything else that can do it. */
export interface Codecs {
  /** Whether it can do this codec. */
  supports(compression: Compression): boolean;
  compress(compression: Compression, bytes: Uint8Array<ArrayBuffer>): Uint8Array | Promise<Uint8Array>;
  /** @param maxBytes more than that is refused: what is small may expand to anything */
  decompress(compression: Compression, bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array | Promise<Uint8Array>;
}

/** gzip, by the platform's streams. */
export const PLATFORM_CODECS: Codecs = {
  supports: (compression) => compression === "gzip",
  compress: (_, bytes) => throughStream(bytes, new CompressionStream("gzip"), Number.POSITIVE_INFINITY),
  decompress: (_, bytes, maxBytes) => throughStream(bytes, new DecompressionStream("gzip"), maxBytes),
};

/** Decompresses the records of a batch. @throws RangeError beyond what a batch may expand to */
export async function decompressRecords(codecs: Codecs, compression: Compression, records: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (compression === "none") return records;
  return codecs.decompress(compression, records, MAX_DECOMPRESSED_BYTES);
}

async function throughStream(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const writing = writer.write(bytes).then(() => writer.close());
  writing.catch(() => {}); // the reader gets the same error
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    size += value.length;
    if (size > maxBytes) {
      await reader.cancel();
      throw new RangeError(`a batch expands to more than ${maxBytes} bytes`);
    }
    parts.push(value);
  }
}

// Hashes of data that is never whole in memory.

import { ArchiveError } from "./errors.ts";
import { fromHex, toHex } from "./hex.ts";
import { CHECKSUMS, type ChecksumAlgorithm, type ExpectedChecksum } from "./protocol.ts";

/** MD5, which etags are made of, and the algorithm of a checksum that the writer expects. */
export class Hasher {
  readonly #expected: ExpectedChecksum | null;
  readonly #streams: { algorithm: ChecksumAlgorithm; stream: DigestStream; writer: WritableStreamDefaultWriter }[];

  constructor(expected: ExpectedChecksum | null = null) {
    this.#expected = expected;
    const algorithms = new Set<ChecksumAlgorithm>(["MD5", ...(expected === null ? [] : [expected.algorithm])]);
    this.#streams = [...algorithms].map((algorithm) => {
      const stream = new crypto.DigestStream(algorithm);
      return { algorithm, stream, writer: stream.getWriter() };
    });
  }

  async update(bytes: Uint8Array): Promise<void> {
    for (const { writer } of this.#streams) await writer.write(bytes);
  }

  /** The MD5 in hex, and all checksums in the protocol's form. Throws BadDigest if the data is not what was expected. */
  async finish(): Promise<{ md5: string; checksums: Record<string, string> }> {
    const checksums: Record<string, string> = {};
    for (const { algorithm, stream, writer } of this.#streams) {
      await writer.close();
      const hex = toHex(new Uint8Array(await stream.digest));
      if (this.#expected?.algorithm === algorithm && this.#expected.hex !== hex) throw new ArchiveError("BadDigest");
      checksums[CHECKSUMS.find((checksum) => checksum.algorithm === algorithm)!.key] = hex;
    }
    return { md5: checksums["0"]!, checksums };
  }
}

/** The etag of a multipart object, as S3 and R2 have it: the MD5 of its parts' MD5s (hex), and how many there are. */
export async function multipartEtag(partHashes: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("MD5", fromHex(partHashes.join("")));
  return `${toHex(new Uint8Array(digest))}-${partHashes.length}`;
}

// Splits a stream of bytes at newlines, without decoding: a line may be in any encoding, or in none.

import { MAX_INPUT_LINE_BYTES } from "../../common/limits/clients.ts";
import { CliError } from "../failure.ts";

const NEWLINE = 0x0a;

export class LineTooLongError extends CliError {}

/** The lines without their newlines; the last may lack one. @throws LineTooLongError */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let partBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      yield parts.length === 0 ? rest : Buffer.concat([...parts, rest]);
      parts = [];
      partBytes = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    partBytes += chunk.length - start;
    if (partBytes > MAX_INPUT_LINE_BYTES) throw new LineTooLongError(`a line has more than ${MAX_INPUT_LINE_BYTES} bytes`);
  }
  if (partBytes > 0) yield Buffer.concat(parts);
}

// Cuts a byte stream into lines (LF or CRLF) of bounded length. Blank lines are passed over.

import { concatBytes } from "../../common/bytes.ts";

const LF = 0x0a;
const CR = 0x0d;

export class LineSplitter {
  private parts: Uint8Array[] = [];
  private partBytes = 0;
  private readonly maxLineBytes: number;

  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  /** The lines that the chunk completes. Throws RangeError when a line is longer than allowed. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      const line = this.finish(chunk.subarray(start, end));
      start = end + 1;
      if (line.length > 0) yield line;
    }
    this.hold(chunk.subarray(start));
  }

  /** The last line, where the stream does not end with a line break. */
  *end(): Generator<Uint8Array> {
    const line = this.finish(new Uint8Array(0));
    if (line.length > 0) yield line;
  }

  private hold(part: Uint8Array): void {
    if (part.length === 0) return;
    this.partBytes += part.length;
    if (this.partBytes > this.maxLineBytes) throw new RangeError(`a line is longer than ${this.maxLineBytes} bytes`);
    this.parts.push(part);
  }

  private finish(last: Uint8Array): Uint8Array {
    if (this.parts.length === 0 && last.length <= this.maxLineBytes) return withoutCr(last);
    this.hold(last);
    const line = concatBytes(this.parts);
    this.parts = [];
    this.partBytes = 0;
    return withoutCr(line);
  }
}

function withoutCr(line: Uint8Array): Uint8Array {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}

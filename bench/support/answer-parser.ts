// Finds where an HTTP/1.1 answer ends (RFC 9112: Content-Length or chunked) and counts its body's bytes, keeping none of them. A client
// that also builds objects of each answer costs more than the server it measures.

export class AnswerParser {
  status = 0;
  /** Bytes of the body so far. */
  bodyBytes = 0;
  #head = "";
  #state: "head" | "body" | "chunk-size" | "chunk" | "done" = "head";
  /** Bytes until the body, or the chunk with its line end, is over. */
  #remaining = 0;
  #sizeLine = "";

  reset(): void {
    this.status = 0;
    this.bodyBytes = 0;
    this.#head = "";
    this.#state = "head";
    this.#sizeLine = "";
  }

  /** Takes the next bytes of the connection. True: the answer is complete. One answer at a time: nothing may follow it. */
  push(data: Buffer): boolean {
    let position = this.#state === "head" ? this.#readHead(data) : 0;
    while (position < data.length && this.#state !== "done") {
      position = this.#state === "chunk-size" ? this.#readChunkSize(data, position) : this.#readBody(data, position);
    }
    if (position < data.length) throw new Error("bytes after the end of an answer");
    return this.#state === "done";
  }

  /** Returns where the body begins in `data`; its end while the head is not complete. */
  #readHead(data: Buffer): number {
    const before = this.#head.length;
    this.#head += data.toString("latin1");
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return data.length;
    this.status = Number(this.#head.slice(9, 12));
    const head = this.#head.slice(0, end).toLowerCase();
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length !== undefined) this.#expectBody(Number(length));
    else this.#state = head.includes("\r\ntransfer-encoding: chunked") ? "chunk-size" : "done";
    return end + 4 - before;
  }

  #expectBody(length: number): void {
    this.#remaining = length;
    this.#state = length === 0 ? "done" : "body";
  }

  #readBody(data: Buffer, position: number): number {
    const taken = Math.min(this.#remaining, data.length - position);
    this.#remaining -= taken;
    if (this.#state === "body") this.bodyBytes += taken;
    if (this.#remaining === 0) this.#state = this.#state === "body" || this.#sizeLine === "0" ? "done" : "chunk-size";
    return position + taken;
  }

  #readChunkSize(data: Buffer, position: number): number {
    const lineEnd = data.indexOf(10, position);
    this.#sizeLine += data.toString("latin1", position, lineEnd < 0 ? data.length : lineEnd);
    if (lineEnd < 0) return data.length;
    const size = Number.parseInt(this.#sizeLine, 16);
    this.bodyBytes += size;
    this.#remaining = size + 2;
    this.#sizeLine = size === 0 ? "0" : "";
    this.#state = "chunk";
    return lineEnd + 1;
  }
}

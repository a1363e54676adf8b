// What the newest reads brought is held as views into what they were read with; what an older one brought and still waits is copied out of
// it: a record that waits for hours must not keep the megabyte that it was read with. Most records are delivered before that, and never
// copied.

import { MAX_FRESH_READ_BYTES, MAX_FRESH_READS } from "../common/limits/subscriptions.ts";
import { TableRecord } from "../wasm/record-table.ts";
import type { HeldRecord } from "./lane.ts";
import { RecordCopies } from "./record-copies.ts";

interface FreshRead {
  readonly held: readonly HeldRecord[];
  readonly bytes: number;
  /** All before this one are settled. */
  next: number;
}

/** Of one subscription. */
export class FreshReads {
  readonly #reads: FreshRead[] = [];
  #bytes = 0;

  /** What a read has brought; older ones make room for it. */
  add(held: readonly HeldRecord[]): void {
    if (held.length === 0) return;
    const bytes = tableBytes(held);
    this.#reads.push({ held, bytes, next: 0 });
    this.#bytes += bytes;
    while (this.#bytes > MAX_FRESH_READ_BYTES || this.#reads.length > MAX_FRESH_READS) copyOut(this.#shift());
  }

  /** Lets go of reads all of whose records are settled, from the oldest on: to be called when some were. */
  release(): void {
    while (this.#reads.length > 0) {
      const read = this.#reads[0]!;
      while (read.next < read.held.length && read.held[read.next]!.isSettled) read.next += 1;
      if (read.next < read.held.length) return;
      this.#shift();
    }
  }

  #shift(): FreshRead {
    const read = this.#reads.shift()!;
    this.#bytes -= read.bytes;
    return read;
  }
}

function copyOut({ held, next }: FreshRead): void {
  const copies = new RecordCopies();
  for (let index = next; index < held.length; index++) {
    const one = held[index]!;
    if (!one.isSettled) one.record = copies.record(one.record);
  }
}

/** Of the tables that the records are in, and of what those point into. */
function tableBytes(held: readonly HeldRecord[]): number {
  let bytes = 0;
  let last: unknown = null;
  for (const { record } of held) {
    if (!(record instanceof TableRecord) || record.table === last) continue;
    last = record.table;
    bytes += record.table.source.length + record.table.entries.length;
  }
  return bytes;
}

// Records that were decoded for one pull and will be handed to others a moment later: one look at the log brings more than one pull takes,
// and a stored batch is unpacked once for all of them. Of an isolate, bounded in bytes and in time. What is not here is read again.
//
// A record never changes; one that was deleted or compacted away may be handed out for this moment longer.

import { SHARED_RECORDS_BYTES, SHARED_RECORDS_MS } from "../common/limits/share-groups.ts";
import type { DecodedRecord } from "../record/codec.ts";

/** Records of a partition from one look, by offset. */
interface Look {
  readonly place: string;
  readonly records: ReadonlyMap<number, DecodedRecord>;
  readonly sizeBytes: number;
  readonly expiresAtMs: number;
}

export class SharedRecords {
  readonly #now: () => number;
  /** The oldest first. */
  #looks: Look[] = [];
  #sizeBytes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param place names the partition's log for good */
  put(place: string, records: readonly DecodedRecord[], sizeBytes: number): void {
    this.#drop();
    if (records.length === 0 || sizeBytes > SHARED_RECORDS_BYTES) return;
    const byOffset = new Map(records.map((record) => [record.offset, record]));
    this.#looks.push({ place, records: byOffset, sizeBytes, expiresAtMs: this.#now() + SHARED_RECORDS_MS });
    this.#sizeBytes += sizeBytes;
    while (this.#sizeBytes > SHARED_RECORDS_BYTES) this.#dropFirst();
  }

  get(place: string, offset: number): DecodedRecord | undefined {
    for (let index = this.#looks.length - 1; index >= 0; index--) {
      const look = this.#looks[index]!;
      const record = look.place === place ? look.records.get(offset) : undefined;
      if (record !== undefined) return record;
    }
    return undefined;
  }

  #drop(): void {
    while (this.#looks.length > 0 && this.#looks[0]!.expiresAtMs <= this.#now()) this.#dropFirst();
  }

  #dropFirst(): void {
    this.#sizeBytes -= this.#looks.shift()?.sizeBytes ?? 0;
  }
}

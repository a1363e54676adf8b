// A record of a share partition that is not decided yet, as the coordinator holds it, and the block that it is stored with.
//
//   AVAILABLE ─ acquire ─> ACQUIRED ─ accept ─────────────────> SETTLED
//       ^                     │ └─ reject, last delivery ─> ARCHIVING ─ in the dead-letter topic ─> SETTLED
//       └─ release, lease end ┘                          └─ without such a topic ─> SETTLED
//
// What is SETTLED is not stored: Kafka's ACKNOWLEDGED and ARCHIVED.

import { SHARE_BLOCK_RECORDS } from "../common/limits/share-groups.ts";
import type { GivenUpReason, StoredShareBlock, StoredShareRecord, StoredShareState } from "../storage/share-partition-store.ts";

export const SETTLED = -1;

export interface ShareRecord {
  readonly offset: number;
  readonly keyHash: number | null;
  readonly sizeBytes: number;
  readonly block: ShareBlock;
  state: StoredShareState | typeof SETTLED;
  deliveryCount: number;
  reason: GivenUpReason;
  atMs: number;
  token: number;
  /** It stands in the queue of those that may be delivered. */
  isQueued: boolean;
}

/** Offsets within a block are stored in 32 bits. */
const MAX_BLOCK_SPAN = 2 ** 32 - 1;

/** Records that are stored together. Its id is for its life. */
export class ShareBlock {
  readonly blockId: number;
  readonly #records: ShareRecord[] = [];
  #undecided = 0;
  /** Something of it differs from what is stored. */
  isDirty = false;

  constructor(blockId: number) {
    this.blockId = blockId;
  }

  get isEmpty(): boolean {
    return this.#undecided === 0;
  }

  hasRoomFor(offset: number): boolean {
    return this.#records.length < SHARE_BLOCK_RECORDS && offset - this.blockId <= MAX_BLOCK_SPAN;
  }

  add(stored: StoredShareRecord): ShareRecord {
    const record: ShareRecord = { ...stored, block: this, isQueued: false };
    this.#records.push(record);
    this.#undecided += 1;
    return record;
  }

  settle(record: ShareRecord): void {
    record.state = SETTLED;
    this.#undecided -= 1;
  }

  stored(): StoredShareBlock {
    const records = this.#records.flatMap(({ state, offset, keyHash, sizeBytes, deliveryCount, reason, atMs, token }) =>
      state === SETTLED ? [] : [{ offset, keyHash, sizeBytes, state, deliveryCount, reason, atMs, token }],
    );
    return { blockId: this.blockId, records };
  }
}

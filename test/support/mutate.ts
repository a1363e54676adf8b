// Random damage to a record batch, half of it with the length and the CRC made right again, so that it gets past the first checks.

import { BATCH_HEADER_BYTES, LOG_OVERHEAD_BYTES, POSITION } from "../../src/record/record-batch.ts";
import { withChange } from "./record-batches.ts";

const TELLING_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

/** A copy of `batch` with a few bytes overwritten, flipped, removed or repeated. */
export function mutate(batch: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  const below = (limit: number) => Math.floor(random() * limit);
  const bytes = [...batch];
  for (let edits = 1 + below(3); edits > 0; edits--) {
    // The header is a small part of most batches, and where most of the rules are.
    const position = random() < 0.6 ? below(Math.min(bytes.length, BATCH_HEADER_BYTES)) : below(bytes.length);
    const kind = random();
    if (kind < 0.4) bytes[position] = TELLING_BYTES[below(TELLING_BYTES.length)]!;
    else if (kind < 0.8) bytes[position]! ^= 1 << below(8);
    else if (kind < 0.9) bytes.splice(position, 1 + below(8));
    else bytes.splice(position, 0, ...bytes.slice(position, position + 1 + below(40)));
  }
  const mutated = Uint8Array.from(bytes);
  if (random() < 0.5 || mutated.length < BATCH_HEADER_BYTES) return mutated;
  return withChange(mutated, (view) => view.setInt32(POSITION.batchLength, mutated.length - LOG_OVERHEAD_BYTES));
}

// The `notBefore` header of a record: it is not delivered before that time, in milliseconds since the epoch or as an ISO 8601 date. One
// that cannot be understood delays nothing.

import type { DecodedRecord } from "../record/codec.ts";
import { strictUtf8 } from "../record/json-text.ts";

const HEADER = "notBefore";

/** ms since the epoch; 0: at once. The last such header counts. */
export function notBeforeMs({ headers }: Pick<DecodedRecord, "headers">): number {
  const value = headers.findLast(({ key }) => key === HEADER)?.value;
  const text = value === undefined || value === null ? undefined : strictUtf8(value)?.trim();
  if (!text) return 0;
  const ms = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

// What a share group's settings say of each record before it is handed out: whether it is meant at all (`filter`, as a webhook
// subscription's), and when it may be delivered (`delays`: its `notBefore` header). Asked once, when the record is taken from the log: what
// is passed over then is decided, and a later change of the filter does not bring it back.

import { type Failure, isFailure } from "../common/errors.ts";
import { MAX_COMPILED_FILTERS } from "../common/limits/filters.ts";
import type { ShareSettings } from "../common/share-settings.ts";
import type { DecodedRecord } from "../record/codec.ts";
import { compileFilter, type RecordFilter } from "../subscription/filter.ts";
import type { RecordOrigin } from "../subscription/lane.ts";
import { notBeforeMs } from "../subscription/not-before.ts";

/** Filters of the share groups in this isolate, compiled once. */
const compiled = new Map<string, RecordFilter>();

/** The records that the group is to have. A filter that does not compile any more lets nothing be passed over unseen: it is a failure. */
export function selectRecords(
  { filter }: Pick<ShareSettings, "filter">,
  records: readonly DecodedRecord[],
  origin: RecordOrigin,
): readonly DecodedRecord[] | Failure {
  if (filter === null) return records;
  const isMeant = filterFor(filter);
  return isFailure(isMeant) ? isMeant : records.filter((record) => isMeant(record, origin));
}

/** When each record may be delivered (ms since the epoch); undefined: all of them at once. */
export function delaysOf({ delays }: Pick<ShareSettings, "delays">, records: readonly DecodedRecord[]): readonly number[] | undefined {
  if (!delays) return undefined;
  const times = records.map(notBeforeMs);
  return times.some((atMs) => atMs > 0) ? times : undefined;
}

/** Why a filter cannot be used, or null. */
export function checkFilter(filter: string | null | undefined): Failure | null {
  if (filter === null || filter === undefined) return null;
  const checked = filterFor(filter);
  return isFailure(checked) ? checked : null;
}

function filterFor(expression: string): RecordFilter | Failure {
  const known = compiled.get(expression);
  if (known !== undefined) return known;
  const made = compileFilter(expression);
  if (isFailure(made)) return made;
  if (compiled.size >= MAX_COMPILED_FILTERS) compiled.clear();
  compiled.set(expression, made);
  return made;
}

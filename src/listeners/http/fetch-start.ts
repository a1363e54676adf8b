// Where a fetch starts, from the parameters that say it.

import type { FetchStart } from "../../broker/ports.ts";
import { refuse } from "./problem.ts";

/** From the query's `offset` and `timestamp`; `byDefault` where neither is given. */
export function queryStart(
  query: { readonly offset?: string | undefined; readonly timestamp?: number | undefined },
  byDefault: FetchStart,
): FetchStart {
  const { offset } = query;
  if (offset === "earliest" || offset === "latest") return fetchStart(offset, query.timestamp, byDefault);
  // "-0" counts no records back from the end: Number's negative zero would read as the offset 0
  if (offset !== undefined && /^-0+$/.test(offset)) return fetchStart("latest", query.timestamp, byDefault);
  return fetchStart(offset === undefined ? undefined : Number(offset), query.timestamp, byDefault);
}

/** From a number (negative: so many records back from the end) or a word, or a time (ms). */
export function fetchStart(
  offset: number | "earliest" | "latest" | undefined,
  timestamp: number | undefined,
  byDefault: FetchStart,
): FetchStart {
  if (offset !== undefined && timestamp !== undefined) {
    throw refuse("INVALID_REQUEST", "offset and timestamp exclude each other: both say where to start.");
  }
  if (timestamp !== undefined) return { timestamp };
  if (typeof offset === "number" && offset < 0) return { last: -offset };
  return offset ?? byDefault;
}

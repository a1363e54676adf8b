// R2's conditional operations, which are HTTP's (RFC 9110, section 13): etagMatches is If-Match, etagDoesNotMatch If-None-Match,
// uploadedBefore If-Unmodified-Since, uploadedAfter If-Modified-Since. As there, an etag outranks the time that goes with it.

import type { Conditional, EtagPattern } from "./protocol.ts";

interface Version {
  readonly etag: string;
  readonly uploaded: number;
}

/** Whether the condition holds for what is there; null: nothing is. */
export function conditionHolds(onlyIf: Conditional | null, current: Version | null): boolean {
  if (onlyIf === null) return true;
  const { etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter } = onlyIf;
  if (current === null) return etagMatches === undefined && uploadedAfter === undefined;
  const uploaded = onlyIf.secondsGranularity ? Math.floor(current.uploaded / 1000) * 1000 : current.uploaded;
  if (etagMatches !== undefined ? !matches(etagMatches, current.etag, false) : uploadedBefore !== undefined && uploaded >= uploadedBefore) {
    return false;
  }
  return etagDoesNotMatch !== undefined ? !matches(etagDoesNotMatch, current.etag, true) : !(uploaded <= (uploadedAfter ?? -1));
}

/** Our etags are strong ones, so a weak pattern equals one only in a weak comparison. */
function matches(patterns: readonly EtagPattern[], etag: string, weakly: boolean): boolean {
  return patterns.some(({ type, value }) => type === "wildcard" || (value === etag && (type === "strong" || weakly)));
}

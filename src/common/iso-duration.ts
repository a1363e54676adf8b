// Lengths of time in ISO 8601's form with days and below, `PnDTnHnMn.nS`, as java.time.Duration.parse reads them, but for signs: nothing
// here lasts less than nothing.

const DURATION = /^P(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,](\d{0,9}))?S)?)?$/i;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Milliseconds, whole ones; null where the text is no duration. */
export function parseIsoDuration(text: string): number | null {
  const [isDuration, days, hours, minutes, seconds, fraction = ""] = DURATION.exec(text) ?? [];
  if (isDuration === undefined || [days, hours, minutes, seconds].every((part) => part === undefined)) return null;
  const count = (part: string | undefined, unitMs: number): number => Number(part ?? 0) * unitMs;
  const fractionMs = Number(fraction.padEnd(3, "0").slice(0, 3));
  return count(days, DAY_MS) + count(hours, HOUR_MS) + count(minutes, MINUTE_MS) + count(seconds, SECOND_MS) + fractionMs;
}

// Where a share group begins in a partition that it has not seen, and how Kafka's config share.auto.offset.reset says it: `earliest`,
// `latest`, or `by_duration:PT24H`, what is not older than that when the group first sees the partition (KIP-932, KIP-1106). A time for
// good, which Kafka has no word for, is `by_timestamp:` and its milliseconds.

import { type ConfigType, long } from "./config-types.ts";
import { parseIsoDuration } from "./iso-duration.ts";

export const SHARE_STARTS = ["earliest", "latest"] as const;

/** Stored. `timestamp`: ms since the epoch; `duration`: ISO 8601 (iso-duration.ts). */
export type ShareStart = (typeof SHARE_STARTS)[number] | { readonly timestamp: number } | { readonly duration: string };

const BY_DURATION = "by_duration:";
const BY_TIMESTAMP = "by_timestamp:";

const EXPECTED = `earliest, latest, ${BY_DURATION}PnDTnHnMn.nS or ${BY_TIMESTAMP}MILLISECONDS`;
const TIMESTAMP = long({ min: 0 });

/** The config's value. */
export const shareStartConfig: ConfigType<ShareStart> = {
  type: "string",
  parse(text) {
    const value = parseShareStart(text.trim());
    return value === null ? { expected: EXPECTED } : { value };
  },
};

function parseShareStart(text: string): ShareStart | null {
  const word = SHARE_STARTS.find((start) => start === text);
  if (word !== undefined) return word;
  if (text.startsWith(BY_DURATION)) {
    const duration = text.slice(BY_DURATION.length);
    return parseIsoDuration(duration) === null ? null : { duration };
  }
  if (!text.startsWith(BY_TIMESTAMP)) return null;
  const timestamp = TIMESTAMP.parse(text.slice(BY_TIMESTAMP.length));
  return "value" in timestamp ? { timestamp: timestamp.value } : null;
}

/** As the config has it. */
export function formatShareStart(start: ShareStart): string {
  if (typeof start === "string") return start;
  return "timestamp" in start ? `${BY_TIMESTAMP}${start.timestamp}` : `${BY_DURATION}${start.duration}`;
}

/** The offset to ask a partition for, at this moment. */
export function startQuery(start: ShareStart, nowMs: number): "earliest" | "latest" | { readonly timestamp: number } {
  if (typeof start === "string" || "timestamp" in start) return start;
  return { timestamp: Math.max(0, nowMs - (parseIsoDuration(start.duration) ?? 0)) };
}

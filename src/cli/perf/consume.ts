// `perf consume`: reads as fast as records come, from the earliest (Kafka's ConsumerPerformance).

import { resolveRanges } from "../consume/ranges.ts";
import { readRanges } from "../consume/read-ranges.ts";
import { openProgress } from "../progress.ts";
import { recordBytes } from "../records/record.ts";
import type { Session } from "../session.ts";
import { formatThroughput, throughput } from "./figures.ts";

export interface PerfConsumeFlags {
  /** All that is there where absent. */
  readonly records?: number;
}

export async function perfConsume(session: Session, topic: string, { records: wanted }: PerfConsumeFlags): Promise<void> {
  const { output, signal } = session;
  const to = wanted === undefined ? ({ kind: "latest" } as const) : null;
  const ranges = await resolveRanges(session, [topic], { from: { kind: "earliest" }, to });
  const total = wanted ?? ranges.reduce((sum, { start, end }) => sum + (end ?? start) - start, 0);
  const progress = openProgress(output, { what: "read", unit: "records", total });
  const startedAt = performance.now();
  let [records, bytes, firstMs] = [0, 0, 0];
  try {
    for await (const page of readRanges(session, ranges, { signal })) {
      if (records === 0) firstMs = performance.now() - startedAt;
      records += page.length;
      bytes += page.reduce((sum, record) => sum + recordBytes(record), 0);
      progress.add(page.length);
      if (records >= total) break;
    }
  } finally {
    progress.close();
  }
  const rates = throughput(records, bytes, performance.now() - startedAt);
  await output.document(
    { topic, ...rates, firstRecordMs: firstMs },
    () => `${formatThroughput("read", rates)}, the first after ${firstMs.toFixed(1)} ms`,
  );
}

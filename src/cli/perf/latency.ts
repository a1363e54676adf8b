// `perf latency`: from the send of a record to its arrival at a consumer that waits for it, one record at a time (Kafka's EndToEndLatency).

import { randomBytes } from "node:crypto";
import { Histogram } from "../../sdk/histogram.ts";
import { resolveRanges } from "../consume/ranges.ts";
import { readRanges } from "../consume/read-ranges.ts";
import { CliError } from "../failure.ts";
import { openProducer } from "../produce/open-producer.ts";
import { openProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { formatLatency } from "./figures.ts";

export interface PerfLatencyFlags {
  readonly records: number;
  readonly size: number;
}

/** Not measured: connections are made, and code is compiled. */
const WARM_UP_RECORDS = 20;

export async function perfLatency(session: Session, topic: string, { records, size }: PerfLatencyFlags): Promise<void> {
  const { output, signal } = session;
  const ranges = await resolveRanges(session, [topic], { from: { kind: "latest" }, to: null });
  const producer = openProducer(session, { compression: "none", lingerMs: 0 });
  const arrivals = readRanges(session, ranges, { signal });
  const progress = openProgress(output, { what: "measured", unit: "records", total: records });
  const latency = new Histogram();
  try {
    for (let number = -WARM_UP_RECORDS; number < records && !signal.aborted; number++) {
      const value = randomBytes(size);
      const sentAt = performance.now();
      const [arrived] = await Promise.all([arrivals.next(), producer.send({ topic, value })]);
      if (arrived.done) break;
      if (Buffer.compare(arrived.value.at(-1)?.value ?? Buffer.alloc(0), value) !== 0) {
        throw new CliError(`somebody else writes to ${topic}: the measurement needs a topic of its own`);
      }
      if (number < 0) continue;
      latency.record(performance.now() - sentAt);
      progress.add(1);
    }
  } finally {
    progress.close();
    await arrivals.return(undefined);
    await producer.close();
  }
  const latencies = latency.percentiles();
  await output.document(
    { topic, records: latencies.count, latency: latencies },
    () => `${latencies.count} records, ${formatLatency(latencies)}`,
  );
}

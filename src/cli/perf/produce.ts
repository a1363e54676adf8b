// `perf produce`: as many records as can be, or as a rate says, and how long each waits for its acknowledgement (Kafka's
// ProducerPerformance). Values are made of random letters, so that compression has something to do and not everything.

import { randomBytes } from "node:crypto";
import { Histogram } from "../../sdk/histogram.ts";
import type { CompressionName } from "../compression.ts";
import { openProducer } from "../produce/open-producer.ts";
import { createPace } from "../produce/rate.ts";
import { openProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { formatLatency, formatThroughput, throughput } from "./figures.ts";

export interface PerfProduceFlags {
  readonly records: number;
  readonly size: number;
  readonly rate?: number;
  readonly compression: CompressionName;
  readonly batchSize?: number;
  readonly linger: number;
}

/** Different values that are sent in turn. */
const VALUES = 64;

export async function perfProduce(session: Session, topic: string, flags: PerfProduceFlags): Promise<void> {
  const { output, signal } = session;
  const { records, size, rate, compression, linger, batchSize } = flags;
  const values = Array.from({ length: VALUES }, () => randomLetters(size));
  const producer = openProducer(session, { compression, lingerMs: linger, ...(batchSize === undefined ? {} : { batchSize }) });
  const progress = openProgress(output, { what: "sent", unit: "records", total: records });
  const pace = createPace(rate ?? null);
  const latency = new Histogram();
  const failures: unknown[] = [];
  const startedAt = performance.now();
  let sent = 0;
  try {
    for (; sent < records && !signal.aborted && failures.length === 0; sent++) {
      await producer.ready;
      await pace(signal);
      const sentAt = performance.now();
      producer.send({ topic, value: values[sent % VALUES]! }).then(
        () => latency.record(performance.now() - sentAt),
        (error: unknown) => failures.push(error),
      );
      if (sent % 1000 === 999) progress.add(1000);
    }
    await producer.flush();
  } finally {
    progress.close();
    await producer.close();
  }
  if (failures.length > 0) throw failures[0];
  const rates = throughput(sent, sent * size, performance.now() - startedAt);
  const latencies = latency.percentiles();
  await output.document({ topic, ...rates, latency: latencies }, () => `${formatThroughput("sent", rates)}, ${formatLatency(latencies)}`);
}

function randomLetters(size: number): Uint8Array {
  return randomBytes(size).map((byte) => 0x61 + (byte % 26));
}

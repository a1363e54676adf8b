// The figures of Kafka's perf tools (ProducerPerformance, ConsumerPerformance, EndToEndLatency), in the same units: MB is 2^20 bytes.

import type { Percentiles } from "../../sdk/histogram.ts";

const MIB = 2 ** 20;

export interface Throughput {
  readonly records: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** MiB, which Kafka's tools call MB. */
  readonly mbPerSecond: number;
}

export function throughput(records: number, bytes: number, elapsedMs: number): Throughput {
  const seconds = Math.max(elapsedMs, 0.001) / 1000;
  return { records, bytes, seconds, recordsPerSecond: records / seconds, mbPerSecond: bytes / MIB / seconds };
}

export function formatThroughput(verb: string, { records, seconds, recordsPerSecond, mbPerSecond }: Throughput): string {
  return `${records} records ${verb} in ${seconds.toFixed(2)} s, ${recordsPerSecond.toFixed(1)} records/s (${mbPerSecond.toFixed(2)} MB/s)`;
}

export function formatLatency({ averageMs, p50Ms, p95Ms, p99Ms, p999Ms, maxMs }: Percentiles): string {
  const [average, max, ...rest] = [averageMs, maxMs, p50Ms, p95Ms, p99Ms, p999Ms].map((ms) => ms.toFixed(ms < 10 ? 2 : 0));
  return `${average} ms avg latency, ${max} ms max latency, ${rest[0]} ms 50th, ${rest[1]} ms 95th, ${rest[2]} ms 99th, ${rest[3]} ms 99.9th`;
}

// What a producer has done so far.

import { Histogram, type Percentiles } from "../histogram.ts";

export interface ProducerMetrics {
  /** Written, and answered. */
  readonly records: number;
  /** Of their batches, as sent. */
  readonly bytes: number;
  readonly batches: number;
  /** Requests that were answered with success. */
  readonly requests: number;
  /** Requests that were made again. */
  readonly retries: number;
  readonly failedRecords: number;
  /** From the first record of a batch being sent to its answer. */
  readonly latency: Percentiles;
  readonly bufferTotalBytes: number;
  readonly bufferAvailableBytes: number;
  /** Buffers made so far: it stops growing once they are used again. */
  readonly bufferAllocations: number;
  /** Records that wait for memory, or to learn of their topic. */
  readonly waitingRecords: number;
}

export class SenderMetrics {
  records = 0;
  bytes = 0;
  batches = 0;
  requests = 0;
  retries = 0;
  failedRecords = 0;
  readonly latency = new Histogram();
}

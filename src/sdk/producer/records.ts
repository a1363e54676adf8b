// Records as producers take them, and what becomes of them.

import type { RecordBytes } from "../../record/batch-builder.ts";
import { type Data, type HeadersInput, toBytes, toHeaders } from "../bytes.ts";

export interface ProducerRecord {
  readonly topic: string;
  /** Chosen by the partitioner where absent. */
  readonly partition?: number;
  readonly key?: Data;
  readonly value?: Data;
  readonly headers?: HeadersInput;
  /** ms; now where absent. */
  readonly timestamp?: number;
}

/** A record that is written. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** -1 where the broker only knows that it was written before: its answer was lost too long ago. */
  readonly offset: number;
  /** ms: the record's own, or the broker's where the topic has LogAppendTime. */
  readonly timestamp: number;
}

/** @throws TypeError or RangeError for what cannot be a record */
export function encodeRecord({ key, value, headers, timestamp = Date.now() }: Omit<ProducerRecord, "topic">): RecordBytes {
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new RangeError(`timestamp must be in ms from 0, not ${timestamp}`);
  return { timestamp, key: toBytes(key), value: toBytes(value), headers: toHeaders(headers) };
}

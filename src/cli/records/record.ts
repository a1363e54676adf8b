// Records as the commands pass them on: bytes as they are, never through a string that would change them.

import type { ConsumerRecord } from "../../sdk/consumer/records.ts";

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** A record to write. */
export interface NewRecord {
  readonly key: Uint8Array | null;
  /** null: a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** ms; now where absent. */
  readonly timestamp?: number;
  /** Chosen by the key where absent. */
  readonly partition?: number;
}

/** A record that was read. */
export type StoredRecord = ConsumerRecord;

/** Bytes of what a record says, without framing: what rates are computed from, as Kafka's perf tools do. */
export function recordBytes({ key, value, headers }: Pick<NewRecord, "key" | "value" | "headers">): number {
  const headerBytes = headers.reduce((sum, header) => sum + header.key.length + (header.value?.length ?? 0), 0);
  return (key?.length ?? 0) + (value?.length ?? 0) + headerBytes;
}

// Records of a dead-letter topic: key, value and headers of the record that could not be delivered, and headers that say why and where it
// came from. The same headers lead a redrive back to its origin.

import type { DecodedRecord } from "../record/codec.ts";
import { strictUtf8 } from "../record/json-text.ts";
import type { Delivery } from "./delivery-machine.ts";
import type { RecordOrigin } from "./lane.ts";

/** Stored: never change a name. */
const HEADER = {
  subscription: "sluice.deadletter.subscription",
  topic: "sluice.deadletter.topic",
  partition: "sluice.deadletter.partition",
  offset: "sluice.deadletter.offset",
  timestamp: "sluice.deadletter.timestamp",
  attempts: "sluice.deadletter.attempts",
  error: "sluice.deadletter.error",
} as const;

const HEADER_NAMES: ReadonlySet<string> = new Set(Object.values(HEADER));

/** A record as the broker takes it. */
export interface DeadLetterRecord extends Pick<DecodedRecord, "key" | "value"> {
  readonly headers: readonly { readonly key: string; readonly value: string | Uint8Array | null }[];
}

/** The records to produce for a delivery that was given up. */
export function deadLetterRecords(subscription: string, { records, attempts, error }: Delivery): DeadLetterRecord[] {
  return records.map(({ origin, record }) => {
    const told: Record<string, string> = {
      [HEADER.subscription]: subscription,
      [HEADER.topic]: origin.topic,
      [HEADER.partition]: String(origin.partition),
      [HEADER.offset]: String(record.offset),
      [HEADER.timestamp]: String(record.timestamp),
      [HEADER.attempts]: String(attempts),
      [HEADER.error]: error,
    };
    const headers = [...record.headers, ...Object.entries(told).map(([key, value]) => ({ key, value }))];
    return { key: record.key, value: record.value, headers };
  });
}

export interface DeadLetter {
  readonly origin: RecordOrigin;
  /** As it was at its origin. */
  readonly record: DecodedRecord;
  readonly attempts: number;
  readonly error: string;
}

/** What a record of a dead-letter topic stands for; null where it is not this subscription's. */
export function readDeadLetter(subscription: string, stored: DecodedRecord): DeadLetter | null {
  const told = new Map(stored.headers.flatMap(({ key, value }) => (value === null ? [] : [[key, strictUtf8(value) ?? ""] as const])));
  const text = (name: string): string => told.get(name) ?? "";
  const [partition, offset, timestamp] = [HEADER.partition, HEADER.offset, HEADER.timestamp].map((name) =>
    Number(text(name) || Number.NaN),
  );
  const isOurs = text(HEADER.subscription) === subscription && text(HEADER.topic) !== "";
  if (!isOurs || !Number.isSafeInteger(partition) || !Number.isSafeInteger(offset) || !Number.isSafeInteger(timestamp)) return null;
  const { key, value } = stored;
  const headers = stored.headers.filter(({ key: name }) => !HEADER_NAMES.has(name));
  return {
    origin: { topic: text(HEADER.topic), partition: partition! },
    record: { offset: offset!, timestamp: timestamp!, key, value, headers },
    attempts: Number(text(HEADER.attempts)),
    error: text(HEADER.error),
  };
}

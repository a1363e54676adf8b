// Sends a sequence of records through the SDK's producer, as fast as the broker takes them: memory stays within the producer's buffer. The
// first record that is refused ends it, because what follows may depend on it; what was sent before it is written all the same.

import type { Producer } from "../../sdk/producer/producer.ts";
import { CliError, describeFailure } from "../failure.ts";
import { interruptible } from "../interruptible.ts";
import type { Progress } from "../progress.ts";
import { type NewRecord, recordBytes } from "../records/record.ts";
import type { Pace } from "./rate.ts";

export interface SendOptions {
  readonly topic: string;
  /** For records that name none. */
  readonly partition?: number;
  readonly pace: Pace;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What was written, by partition. */
export interface Sent {
  records: number;
  bytes: number;
  readonly partitions: Map<number, { count: number; firstOffset: number; lastOffset: number }>;
}

/** Resolves once everything is durable. @throws CliError that says which record was refused, and how many were written */
export async function sendRecords(producer: Producer, records: AsyncIterable<NewRecord>, options: SendOptions): Promise<Sent> {
  const { topic, pace, progress, signal } = options;
  const sent: Sent = { records: 0, bytes: 0, partitions: new Map() };
  const refused: { number: number; error: unknown }[] = [];
  let number = 0;
  for await (const record of interruptible(records, signal)) {
    await producer.ready;
    await pace(signal);
    if (refused.length > 0 || signal.aborted) break;
    const mine = ++number;
    const bytes = recordBytes(record);
    const partition = record.partition ?? options.partition;
    producer.send({ topic, ...record, ...(partition === undefined ? {} : { partition }) }).then(
      ({ partition: written, offset }) => {
        note(sent, written, offset, bytes);
        progress.add(1);
      },
      (error: unknown) => refused.push({ number: mine, error }),
    );
  }
  await producer.flush();
  const [first] = refused.toSorted((one, other) => one.number - other.number);
  if (first === undefined) return sent;
  const words = describeFailure(first.error)?.message ?? (first.error as Error).message;
  throw new CliError(`record ${first.number} was refused: ${words}; ${sent.records} of ${number} were written`);
}

function note(sent: Sent, partition: number, offset: number, bytes: number): void {
  sent.records++;
  sent.bytes += bytes;
  const entry = sent.partitions.get(partition);
  if (entry === undefined) sent.partitions.set(partition, { count: 1, firstOffset: offset, lastOffset: offset });
  else {
    entry.count++;
    entry.firstOffset = Math.min(entry.firstOffset, offset);
    entry.lastOffset = Math.max(entry.lastOffset, offset);
  }
}

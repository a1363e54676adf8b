// What a subscription's deliveries need from the world: partitions to read and to be woken by, the group that holds their offsets, the
// dead-letter topic, the endpoint, and time. `src/objects/subscription-world.ts` is the one over Durable Objects, tests have one in memory.

import type { Failure } from "../common/errors.ts";
import type { DecodedRecord } from "../record/codec.ts";
import type { JsonWriter } from "../wasm/json-writer.ts";
import type { Attempt } from "./attempt-log.ts";
import type { DeadLetterRecord } from "./dead-letter.ts";
import type { Timer } from "./deadlines.ts";
import type { FetchCall } from "./send.ts";
import type { TrackSource } from "./track.ts";

export interface PartitionRead {
  readonly records: readonly DecodedRecord[];
  /** Where to go on; the offset asked for where there was nothing. */
  readonly nextOffset: number;
  readonly highWatermark: number;
}

/** The log has nothing at this offset any more, or not yet. */
export interface OutOfRange {
  readonly logStartOffset: number;
  readonly highWatermark: number;
}

export interface GroupOffsets {
  readonly fence: number;
  readonly offsets: readonly GroupOffset[];
}

export interface GroupOffset {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Where a partition is to be read from. */
export type StartQuery = "earliest" | "latest" | { readonly timestamp: number };

export interface DeliveryWorld {
  /** ms since the epoch */
  now(): number;
  /** 0 to 1, 1 excluded */
  random(): number;
  timer: Timer;
  /** Wakes this subscription at a time (ms since the epoch), if its memory is lost too; null: not at all. */
  setAlarm(atMs: number | null): void;

  /** The partitions of a topic by its name; null: there is no such topic. */
  partitions(topic: string): Promise<readonly TrackSource[] | null>;
  startOffset(source: TrackSource, query: StartQuery): Promise<number | Failure>;
  read(source: TrackSource, fromOffset: number, maxRecords: number): Promise<PartitionRead | OutOfRange | Failure>;
  /**
   * Asks a partition to call `wake` once it has more than `pastOffset`.
   * @param isDurable it must not forget; otherwise it may, if it is put out of memory
   * @returns its high watermark: above `pastOffset`, nothing was arranged
   */
  arm(source: TrackSource, pastOffset: number, isDurable: boolean): Promise<number | Failure>;

  /** The group's offsets where somebody else has moved them since `fence`; null: these are committed. */
  commit(offsets: readonly GroupOffset[], fence: number): Promise<GroupOffsets | null | Failure>;

  /** null: all of them are durable. */
  produceDeadLetters(topic: string, records: readonly DeadLetterRecord[]): Promise<Failure | null>;
  logAttempts(attempts: readonly Attempt[]): Promise<void>;
  /** The way to the endpoint of a URL. */
  readonly call: FetchCall;
  /** What bodies are written with. */
  readonly json: JsonWriter;
}

export function isOutOfRange(answer: object): answer is OutOfRange {
  return "logStartOffset" in answer && !("error" in answer);
}

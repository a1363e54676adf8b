// What a fetch and a live tail ask for, and what they get.

import type { AnswerRoom } from "../answer-room.ts";
import type { FetchStart, IsolationLevel, ReadFailure, ReadResult } from "../ports.ts";
import type { ReadAhead } from "../read-ahead.ts";
import type { WatchCache } from "../watch-cache.ts";

export interface FetchRequest {
  readonly topic: string;
  readonly partition: number;
  readonly start: FetchStart;
  readonly maxBytes: number;
  readonly maxRecords?: number;
  /** Wait for this many bytes of batches, `maxWaitMs` at most. */
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly isolation: IsolationLevel;
  /** Of the answer, which gets what there is room for; as much as it asks for where absent. */
  readonly room?: AnswerRoom;
}

export interface FetchManyRequest {
  readonly partitions: readonly {
    readonly topic: string;
    /** Only of the topic with this id, where it is given: not of one that was made again under the name. */
    readonly topicId?: string;
    readonly partition: number;
    readonly start: FetchStart;
    readonly maxBytes?: number;
  }[];
  readonly maxBytes: number;
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly isolation: IsolationLevel;
  /** Ends the wait: the fetch is answered with what there is. */
  readonly signal?: AbortSignal;
  /** Those of the client's fetches before, for this one to use and to add to. */
  readonly watches?: WatchCache;
  /** Likewise what is read ahead for the client. */
  readonly readAhead?: ReadAhead;
  /** See FetchRequest. */
  readonly room?: AnswerRoom;
}

export interface FetchManyResult {
  /** In the order of the request. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly result: ReadResult | ReadFailure }[];
}

/** A live tail of one or more partitions: reads that never end until it is closed. */
export interface TailRequest {
  readonly topic: string;
  /** All partitions of the topic where absent. */
  readonly partitions?: readonly { readonly partition: number; readonly start: FetchStart }[];
  /** Where `partitions` is absent. */
  readonly start: FetchStart;
  readonly isolation: IsolationLevel;
  readonly maxBytes: number;
  /** Ends the tail. */
  readonly signal: AbortSignal;
}

/** One step of a tail: what a partition holds next. Steps of one partition come in order. */
export interface TailStep {
  readonly partition: number;
  readonly result: ReadResult | ReadFailure;
}

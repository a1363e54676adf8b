// A fetch by a member of a group that has no connection.

import type { AnswerRoom } from "../answer-room.ts";
import type { IsolationLevel } from "../ports.ts";
import type { FetchManyResult } from "./fetch.ts";
import type { CommitOffsetsRequest, CommitOffsetsResult } from "./offsets.ts";

export interface GroupFetchRequest {
  readonly groupId: string;
  readonly topics: { readonly names: readonly string[] } | { readonly pattern: string };
  /** Absent for somebody new. One that is not known any more joins anew. */
  readonly memberId?: string;
  /** In which the member got what it commits. */
  readonly memberEpoch?: number;
  /** A static member's name. */
  readonly instanceId?: string;
  readonly clientId: string;
  readonly commit: CommitOffsetsRequest["offsets"];
  /** Whose records it is processing still: not to be given back by this call. */
  readonly owned?: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  /** Where to read on instead of at the committed offset, of partitions that it has had since its epoch. */
  readonly positions?: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];
  /** Not to be read. */
  readonly paused?: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  /** It only shows itself: nothing is read. */
  readonly isHeartbeat?: boolean;
  readonly autoOffsetReset: "earliest" | "latest" | "none";
  readonly sessionTimeoutMs?: number;
  readonly maxBytes?: number;
  readonly maxWaitMs: number;
  readonly isolation: IsolationLevel;
  /** The client is gone. */
  readonly signal?: AbortSignal;
  /** See FetchRequest. */
  readonly room?: AnswerRoom;
}

export interface GroupFetchResult {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly assignment: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  /** In the order of the request. */
  readonly commits: CommitOffsetsResult["offsets"];
  /** Those of the assignment that were read. */
  readonly partitions: FetchManyResult["partitions"];
}

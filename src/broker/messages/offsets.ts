// Offsets of groups: how they are committed, told and moved.

import type { Failure } from "../../common/errors.ts";
import type { CommittedOffset, GroupMember } from "../ports.ts";

export interface CommitOffsetsRequest {
  readonly groupId: string;
  readonly offsets: readonly {
    readonly topic: string;
    /** Only of the topic with this id, where it is given: not of one that was made again under the name. */
    readonly topicId?: string;
    readonly partition: number;
    readonly offset: number;
    readonly metadata?: string;
    readonly leaderEpoch?: number;
  }[];
  readonly member?: GroupMember & { readonly groupInstanceId?: string | null };
  readonly force?: boolean;
  /** The member commits only partitions that it has. */
  readonly isOwnerOnly?: boolean;
}

export interface CommitOffsetsResult {
  /** In the order of the request. */
  readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly failure?: Failure }[];
}

export interface CommittedOffsets {
  readonly offsets: readonly CommittedOffset[];
  /** Partitions that an open transaction will commit another offset for: a consumer may have to wait for its end (KIP-447). */
  readonly unstable: readonly { readonly topicId: string; readonly topic: string; readonly partition: number }[];
}

/** A committed offset and how far it is behind. */
export interface GroupOffset extends CommittedOffset {
  /** Records between the committed offset and the high watermark; null where the partition could not be asked. */
  readonly lag: number | null;
  readonly highWatermark: number | null;
}

export type ResetTarget =
  | "earliest"
  | "latest"
  | { readonly offset: number }
  | { readonly timestamp: number }
  | { readonly shiftBy: number };

export interface ResetOffsetsRequest {
  readonly groupId: string;
  readonly topic: string;
  /** All partitions where absent. */
  readonly partition?: number;
  readonly to: ResetTarget;
  readonly dryRun?: boolean;
}

export interface ResetOffsetsResult {
  readonly offsets: readonly {
    readonly topic: string;
    readonly partition: number;
    /** null: nothing was committed. */
    readonly from: number | null;
    readonly to: number;
    readonly failure?: Failure;
  }[];
}

// What a group is asked for, and says of itself, whichever protocol its members speak: commits, and what it is and has. Plain data, since it
// crosses RPC.

import type { StoredOffset } from "../storage/offset-store.ts";
import type { PartitionKey } from "../storage/pending-offset-store.ts";
import type { Committer } from "./classic-commit.ts";
import type { ClassicGroupState } from "./classic-messages.ts";
import type { OffsetToCommit } from "./committed-offsets.ts";
import type { ConsumerGroupState } from "./consumer-messages.ts";
import type { GroupMemberDescription } from "./member-description.ts";

export interface GroupCommit {
  readonly groupId: string;
  readonly offsets: readonly OffsetToCommit[];
  readonly member?: Committer;
  readonly force?: boolean;
  /** The member commits only what it has (classic-commit.ts). */
  readonly isOwnerOnly?: boolean;
}

export type GroupType = "classic" | "consumer";

/** Kafka's, of both kinds of group. */
export type GroupState = ClassicGroupState | ConsumerGroupState;

export interface GroupSnapshot {
  readonly groupId: string;
  readonly type: GroupType;
  readonly state: GroupState;
  readonly members: readonly GroupMemberDescription[];
  readonly offsets: readonly StoredOffset[];
  /** With an offset that a transaction will decide. */
  readonly unstable: readonly PartitionKey[];
}

/** What ListGroups says of a group. */
export interface GroupListing {
  readonly groupId: string;
  readonly type: GroupType;
  readonly state: GroupState;
  readonly protocolType: string;
}

// A share group, and one partition as it consumes it, as the use cases need them.

import type { Failure } from "../../common/errors.ts";
import type { ShareSettings } from "../../common/share-settings.ts";
import type {
  AcknowledgeRequest,
  AcquiredRecords,
  AcquireRequest,
  NextRecords,
  SettleRequest,
  ShareGroupMembers,
  ShareGroupView,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  SharePartitionAddress,
  SharePartitionDescription,
  ShareTopic,
} from "../../coordinator/share-messages.ts";
import type { PartitionWatch } from "./partition.ts";

export type {
  AcknowledgementBatch,
  AcknowledgeRequest,
  AcknowledgeType,
  AcquiredRecords,
  AcquireRequest,
  LoadedRecords,
  NextRecords,
  Settlement,
  SettlementAction,
  SettleRequest,
  ShareGroupMembers,
  ShareGroupView,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  ShareLoad,
  SharePartitionAddress,
  SharePartitionDescription,
  ShareTopic,
} from "../../coordinator/share-messages.ts";

/** The settings of a share group, and what it consumes. */
export interface ShareGroupPort {
  /** null: there is no such group. */
  view(): Promise<ShareGroupView | null | Failure>;
  /** Makes the group where it is not there, with these settings and the default for others. */
  ensure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure>;
  /** Changes settings; makes the group where it is not there. */
  configure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure>;
  /** Every partition of the topic has its start offset once this is answered. */
  subscribe(groupUuid: string, topic: ShareTopic): Promise<null | Failure>;
  /** null: the group is there, under this UUID. */
  confirm(groupUuid: string): Promise<null | Failure>;
  /** NON_EMPTY_GROUP while it has members. */
  delete(groupId: string): Promise<null | Failure>;
  /**
   * The group begins anew with the topics of these ids. One entry for each, in order: null, or why there was nothing to delete.
   * NON_EMPTY_GROUP while it has members, GROUP_ID_NOT_FOUND where it is not there.
   */
  deleteOffsets(groupId: string, topicIds: readonly string[]): Promise<readonly (null | Failure)[] | Failure>;
  /** A member joins, which makes the group where it is not there, stays, or leaves. */
  heartbeat(request: ShareHeartbeat): Promise<ShareHeartbeatAnswer>;
  /** null: there is no such group. */
  members(): Promise<ShareGroupMembers | null | Failure>;
}

/** A wait for records of a share partition that may be handed out again. */
export interface ShareWatch extends PartitionWatch {
  /** Rises each time that there may be some: `past(endOffset, …)` waits for the next time. */
  readonly endOffset: number;
}

/** One partition of a topic as one share group consumes it. */
export interface SharePartitionPort {
  acquire(request: AcquireRequest): Promise<AcquiredRecords | Failure>;
  /** Where an acquisition would begin. Nothing is acquired. */
  next(address: SharePartitionAddress): Promise<NextRecords | Failure>;
  /** One entry for each settlement, in order: null, or why it was refused. */
  settle(request: SettleRequest): Promise<readonly (null | Failure)[] | Failure>;
  /** All of it counts, or nothing. */
  acknowledge(request: AcknowledgeRequest): Promise<null | Failure>;
  /** Whoever acquired under this token is gone. */
  release(token: number): Promise<null | Failure>;
  reset(address: SharePartitionAddress, offset: number): Promise<null | Failure>;
  /** null: nobody consumes it. */
  describe(): Promise<SharePartitionDescription | null | Failure>;
  /** @param isCounting whoever waits does not come for what it is told of, and takes nobody's turn: it is told each time, beside others */
  watch(isCounting: boolean): Promise<ShareWatch | Failure>;
}

// What is asked of a share group's objects, and what they answer. Plain data: it crosses RPC.

import type { Failure } from "../common/errors.ts";
import type { ShareSettings } from "../common/share-settings.ts";
import type { ShareCounters, SharePartitionId } from "../storage/share-partition-store.ts";
import type { NamedPartitions } from "./consumer-messages.ts";

/** A share group as it is known to the edges. */
export interface ShareGroupView {
  readonly groupId: string;
  /** UUID. A group made again under an id has another one. */
  readonly groupUuid: string;
  readonly settings: ShareSettings;
  /** Rises with each change of the settings. */
  readonly settingsVersion: number;
  /** What the pull subscription that it belongs to pulls; null: it belongs to none. */
  readonly subscribedTopics: readonly string[] | null;
  /** What the group has begun to consume. */
  readonly topics: readonly ShareTopic[];
}

export interface ShareTopic {
  readonly topicId: string;
  readonly topic: string;
  /** Of the topic's metadata when it was last looked at. */
  readonly topicVersion: number;
  /** So many, from 0 on, have their start offset. */
  readonly partitionCount: number;
}

/** A share partition, and the group's settings as the caller knows them. */
export interface SharePartitionAddress extends SharePartitionId {
  readonly topicVersion: number;
  readonly settings: ShareSettings;
  readonly settingsVersion: number;
}

/** A look at the log that is asked for, and by which of the group's settings. */
export interface ShareLoad extends Pick<ShareSettings, "filter" | "delays"> {
  readonly fromOffset: number;
  readonly maxRecords: number;
  readonly settingsVersion: number;
}

/** What an edge found in the log from `fromOffset` on. The lists are of one length; what is in none of them is decided. */
export interface LoadedRecords {
  readonly fromOffset: number;
  /** Of the settings that it went by: what was found by others does not count. */
  readonly settingsVersion: number;
  /** Where the next look goes on. */
  readonly nextOffset: number;
  /** Exclusive: how far the group may read, as it was then. */
  readonly readableEndOffset: number;
  readonly logStartOffset: number;
  /** Ascending. */
  readonly offsets: readonly number[];
  /** 32 bits signed; null: no key. */
  readonly keyHashes: readonly (number | null)[];
  /** Of key, value and headers. */
  readonly sizes: readonly number[];
  /** Not to be delivered before (ms since the epoch); absent: all at once. */
  readonly notBeforeMs?: readonly number[];
}

export interface AcquireRequest {
  readonly address: SharePartitionAddress;
  /** 0: nothing is wanted but to bring what was loaded. */
  readonly maxRecords: number;
  /** Soft: the first record comes whole. */
  readonly maxBytes: number;
  /** The group's where absent. */
  readonly leaseMs?: number;
  /** Of the holder, where several acquisitions are one holder's; else each has one of its own. 53 bits, not 0, that nobody guesses. */
  readonly token?: number;
  /** What `load` of the answer before asked for; null: it could not be read. */
  readonly loaded?: LoadedRecords | null;
}

/** An acquisition. Two lists of one length. */
export interface AcquiredRecords {
  /** Whoever names it may settle them. */
  readonly token: number;
  /** When the lease ends (ms since the epoch). */
  readonly deadlineMs: number;
  /** Ascending, but for those that come back. */
  readonly offsets: readonly number[];
  /** This one included. */
  readonly deliveryCounts: readonly number[];
  /** Of their keys, values and headers. */
  readonly sizeBytes: number;
  /** To be read from the log and brought by another call, soon: others wait for it. Null: nothing more is wanted. */
  readonly load: ShareLoad | null;
  /** Exclusive: no record from here on was taken from the log. */
  readonly endOffset: number;
  /** No more records are taken from the log before some are settled. */
  readonly isFull: boolean;
  /** When a record that is not available may be again (ms since the epoch); null: none waits. */
  readonly nextAtMs: number | null;
}

/** What could be acquired now. */
export interface NextRecords {
  /** Of the first record that may be handed out; null: none may, whatever the log has. */
  readonly offset: number | null;
  /** When a record that is not available may be again (ms since the epoch); null: none waits. */
  readonly nextAtMs: number | null;
}

/** `accept`, `release`, `reject` and `renew` are Kafka's AcknowledgeType. */
export type SettlementAction =
  | { readonly action: "accept" }
  | { readonly action: "reject" }
  /** To be delivered again after so long. */
  | { readonly action: "release"; readonly delayMs: number }
  /** The lease ends so long from now. */
  | { readonly action: "renew"; readonly leaseMs: number | null }
  /** As though it had not been delivered. */
  | { readonly action: "giveBack" }
  /** The log does not have it any more. */
  | { readonly action: "archive" };

export type Settlement = SettlementAction & { readonly offset: number; readonly token: number };

export interface SettleRequest {
  readonly address: SharePartitionAddress;
  readonly settlements: readonly Settlement[];
}

/** Kafka's AcknowledgeType. */
export type AcknowledgeType = "gap" | "accept" | "release" | "reject" | "renew";

/** Offsets from `firstOffset` to `lastOffset`, the last included, with one type for all of them or one for each. */
export interface AcknowledgementBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly types: readonly AcknowledgeType[];
}

/** All of it, or nothing. */
export interface AcknowledgeRequest {
  readonly address: SharePartitionAddress;
  /** Of the acquisitions that are acknowledged. */
  readonly token: number;
  readonly batches: readonly AcknowledgementBatch[];
}

export interface SharePartitionDescription extends SharePartitionId {
  /** The first that is not decided (Kafka's SPSO). */
  readonly startOffset: number;
  /** Exclusive (Kafka's SPEO, and one more). */
  readonly endOffset: number;
  /** Records between the two that are not decided, by what they wait for. */
  readonly available: number;
  readonly acquired: number;
  /** Of the available, those whose retry is delayed. */
  readonly delayed: number;
  /** On their way to the dead-letter topic. */
  readonly archiving: number;
  readonly counters: ShareCounters;
  /** Why the last try to write dead letters failed; null where none has, or a later one did not. */
  readonly deadLetterError: string | null;
}

/** What a member by Kafka's protocol says (ShareGroupHeartbeat). null stands for "as before". */
export interface ShareHeartbeat {
  readonly groupId: string;
  /** Made by the client. */
  readonly memberId: string;
  /** 0: it joins. -1: it leaves. */
  readonly memberEpoch: number;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribedTopicNames: readonly string[] | null;
}

export type ShareHeartbeatAnswer =
  | {
      readonly memberId: string;
      readonly memberEpoch: number;
      readonly heartbeatIntervalMs: number;
      /** What the member is to read now; null: as before. */
      readonly assignment: readonly NamedPartitions[] | null;
    }
  | Failure;

/** The members by Kafka's protocol; who pulls over HTTP is no member. */
export interface ShareGroupMembers {
  readonly state: "Empty" | "Stable";
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly DescribedShareMember[];
}

export interface DescribedShareMember {
  readonly memberId: string;
  readonly rackId: string | null;
  readonly memberEpoch: number;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribedTopicNames: readonly string[];
  readonly assignment: readonly NamedPartitions[];
}

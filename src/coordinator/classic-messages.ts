// What members of a classic consumer group ask, and what they are answered: JoinGroup, SyncGroup, Heartbeat, LeaveGroup and
// DescribeGroups without their wire format. Plain data, since it crosses RPC. A member's metadata and assignment are opaque bytes: the
// clients' own agreement (ConsumerProtocolSubscription, ConsumerProtocolAssignment, or any other). "" stands for "no member id yet".

import type { Failure } from "../common/errors.ts";

/** A way to divide the work that a member supports ("range"), with what it tells the leader about itself. */
export interface GroupProtocol {
  readonly name: string;
  readonly metadata: ArrayBuffer;
}

/** Who asks, as every request of a member says it. */
export interface MemberIdentity {
  readonly memberId: string;
  /** A static member's name (group.instance.id), or null. */
  readonly groupInstanceId: string | null;
}

export interface JoinGroupRequest extends MemberIdentity {
  readonly groupId: string;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  /** How long a rebalance waits for this member to join again; negative: as long as its session. */
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  /** In the order of preference. */
  readonly protocols: readonly GroupProtocol[];
  /** A new member is to come a second time with the id that it is given (version 4 and up, KIP-394). */
  readonly requireKnownMemberId: boolean;
  /** The client knows of SkipAssignment (version 9 and up). */
  readonly canSkipAssignment: boolean;
}

export interface JoinedMember extends MemberIdentity {
  readonly metadata: ArrayBuffer;
}

export interface JoinedGroup {
  readonly memberId: string;
  readonly generationId: number;
  readonly protocolType: string;
  readonly protocolName: string;
  readonly leaderId: string;
  /** true: the leader is to keep the present assignment. */
  readonly skipAssignment: boolean;
  /** Everybody, for the leader; nobody, for the others. */
  readonly members: readonly JoinedMember[];
}

/** `memberId`: what the client is to call itself from now on, "" where it is to begin anew. */
export type JoinFailure = Failure & { readonly memberId: string };

export type JoinGroupAnswer = JoinedGroup | JoinFailure;

export interface MemberAssignment {
  readonly memberId: string;
  readonly assignment: ArrayBuffer;
}

export interface SyncGroupRequest extends MemberIdentity {
  readonly groupId: string;
  readonly generationId: number;
  /** What the client believes to be the group's (version 5 and up); null: not said. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** The leader's; the others send none. */
  readonly assignments: readonly MemberAssignment[];
}

export interface SyncedGroup {
  readonly protocolType: string;
  readonly protocolName: string;
  readonly assignment: ArrayBuffer;
}

export type SyncGroupAnswer = SyncedGroup | Failure;

export interface HeartbeatRequest extends MemberIdentity {
  readonly groupId: string;
  readonly generationId: number;
}

export interface LeaveGroupRequest {
  readonly groupId: string;
  /** A static member may be named by its groupInstanceId alone, with the member id "". */
  readonly members: readonly MemberIdentity[];
}

export interface LeftMember extends MemberIdentity {
  /** null: it left. */
  readonly failure: Failure | null;
}

/** Kafka's states of a classic group (org.apache.kafka.coordinator.group.classic.ClassicGroupState). */
export type ClassicGroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

export interface DescribedMember extends MemberIdentity {
  readonly clientId: string;
  readonly clientHost: string;
  /** Of the protocol in use; empty unless the group is Stable, and so is the assignment. */
  readonly metadata: ArrayBuffer;
  readonly assignment: ArrayBuffer;
}

export interface ClassicGroupDescription {
  readonly groupId: string;
  readonly state: ClassicGroupState;
  readonly generationId: number;
  /** "" where the group never had members. */
  readonly protocolType: string;
  /** "" unless the group is Stable. */
  readonly protocolName: string;
  readonly members: readonly DescribedMember[];
}

// What members of a consumer group (KIP-848) ask and are answered, without its wire format, and how such a group is described. Plain data,
// since it crosses RPC. null in a heartbeat stands for "as before".

import type { Failure } from "../common/errors.ts";
import type { DescribedMember } from "./classic-messages.ts";

export interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** Member epochs that are no epochs, as Kafka has them. */
export const JOIN_EPOCH = 0;
export const LEAVE_EPOCH = -1;
/** A static member that leaves to come back: its partitions wait for it. */
export const STATIC_LEAVE_EPOCH = -2;

export interface ConsumerHeartbeat {
  readonly groupId: string;
  /** Made by the client; "" where it leaves that to the coordinator. */
  readonly memberId: string;
  readonly memberEpoch: number;
  /** A static member's name, or null. */
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** How long it may take to give partitions back (ms); -1: as before. */
  readonly rebalanceTimeoutMs: number;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribedTopicNames: readonly string[] | null;
  /** An RE2 regular expression for whole names; "" for none. */
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  /** What the member has. */
  readonly topicPartitions: readonly TopicPartitions[] | null;
  /** Out of the group when it is not heard for so long (ms); the group's config where absent. */
  readonly sessionTimeoutMs?: number;
  /** A static member takes its name's place from whoever has it, as classic ones do: without a connection, nobody leaves before it dies. */
  readonly isTakingOver?: boolean;
  /** Said for the member while a call of its waits: whether it lives still nobody knows, so its session goes on as it was. */
  readonly isUnheard?: boolean;
}

/** Of a member that leaves for good, whoever says so. */
export function leaveHeartbeat(groupId: string, memberId: string): ConsumerHeartbeat {
  return {
    ...{
      groupId,
      memberId,
      memberEpoch: LEAVE_EPOCH,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      clientId: "",
      clientHost: "/",
    },
    ...{ subscribedTopicNames: null, subscribedTopicRegex: null, serverAssignor: null, topicPartitions: null },
  };
}

export interface ConsumerHeartbeatResult {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** What the member is to have now; null: as before. */
  readonly assignment: readonly TopicPartitions[] | null;
}

export type ConsumerHeartbeatAnswer = ConsumerHeartbeatResult | Failure;

/** ConsumerGroupState of org.apache.kafka.coordinator.group.modern.consumer. */
export type ConsumerGroupState = "Empty" | "Assigning" | "Reconciling" | "Stable" | "Dead";

export interface NamedPartitions extends TopicPartitions {
  readonly topic: string;
}

export interface DescribedConsumer extends Omit<DescribedMember, "metadata" | "assignment"> {
  readonly rackId: string | null;
  readonly memberEpoch: number;
  readonly subscribedTopicNames: readonly string[];
  readonly subscribedTopicRegex: string | null;
  readonly assignment: readonly NamedPartitions[];
  readonly targetAssignment: readonly NamedPartitions[];
  /** It speaks the classic protocol. */
  readonly isClassic: boolean;
}

export interface ConsumerGroupDescription {
  readonly groupId: string;
  readonly state: ConsumerGroupState;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly DescribedConsumer[];
}

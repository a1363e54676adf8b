// Structs and constants that several messages have.

import { array, int32, string, uuid } from "../fields.ts";

/** Authorized operations that were not asked for. Otherwise bit n stands for operation n (AclOperation). */
export const NOT_REQUESTED = -(2 ** 31);

/** Who leads a partition now, for a client that asked the wrong broker (KIP-951). */
export const leaderIdAndEpoch = {
  leaderId: int32({ default: -1 }),
  leaderEpoch: int32({ default: -1 }),
};

/** Where a broker that such an answer names can be reached. */
export const nodeEndpoint = {
  nodeId: int32(),
  host: string(),
  port: int32(),
  rack: string({ nullable: true, default: null }),
};

/** The partitions that a heartbeat gives a member of a group whose assignment the broker computes (KIP-848, KIP-932). */
export const assignedPartitions = {
  topicPartitions: array({ topicId: uuid(), partitions: array(int32()) }),
};

/** Those of a member, as such a group is described. */
export const describedAssignment = {
  topicPartitions: array({ topicId: uuid(), topicName: string(), partitions: array(int32()) }),
};

// Structs and constants that several messages have.

import { int32, string } from "../fields.ts";

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

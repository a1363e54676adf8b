// What members of a classic consumer group tell each other through JoinGroup and SyncGroup; the broker only carries it, except where a
// group is described or an offset's deletion asks who is subscribed. Stands after an i16 version (versioned.ts).
//
// Subscription   1: owned partitions (KIP-429)   2: generation (KIP-792)   3: rack (KIP-881)

import { array, bytes, int32, string } from "../fields.ts";
import { message } from "../message.ts";

export const consumerProtocolSubscription = message("ConsumerProtocolSubscription", "0-3", "none", {
  topics: array(string()),
  userData: bytes({ nullable: true, default: null }),
  ownedPartitions: array({ topic: string(), partitions: array(int32()) }, "1+"),
  generationId: int32("2+", { default: -1 }),
  rackId: string("3+", { nullable: true, default: null }),
});

export const consumerProtocolAssignment = message("ConsumerProtocolAssignment", "0-3", "none", {
  assignedPartitions: array({ topic: string(), partitions: array(int32()) }),
  userData: bytes({ nullable: true, default: null }),
});

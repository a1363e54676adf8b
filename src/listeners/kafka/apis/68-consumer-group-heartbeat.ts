// ConsumerGroupHeartbeat (key 68), versions 0-1 (KIP-848): joins a consumer group, keeps a member in it and leads it to its partitions,
// leaves it. 1: subscriptions by regular expression; the client makes its member id (KIP-1082).

import { failure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { heartbeatResponse } from "../member-assignment.ts";

export const consumerGroupHeartbeat = serve(
  API.consumerGroupHeartbeat,
  { min: 0, max: 1 },
  async ({ request, version, clientId, broker }) => {
    const { groupId, memberId, subscribedTopicRegex = null, ...rest } = request;
    const answer =
      version >= 1 && memberId === ""
        ? failure("INVALID_REQUEST", "The member id is empty: since version 1 the client makes it.")
        : await broker
            .consumerGroup(groupId)
            .consumerHeartbeat({ groupId, memberId, subscribedTopicRegex, clientId, clientHost: "/", ...rest });
    return heartbeatResponse(answer);
  },
);

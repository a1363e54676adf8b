// Share groups as a client may use them, as Kafka's KafkaApis has it: READ on the group and on the topics to pull, on the group to settle (a
// lease was given to somebody who may read its topic), DESCRIBE to see it, DELETE to delete it. A dead-letter topic is written to in the
// name of whoever sets it, who needs WRITE on it.

import { type Failure, isFailure } from "../common/errors.ts";
import type { Access } from "./access.ts";
import { refuseToRead } from "./refusals.ts";
import type { ShareGroups } from "./share-groups.ts";

export function guardShareGroups(groups: ShareGroups, access: Access): ShareGroups {
  const toRead = (groupId: string): Failure | null => access.refuse("READ", "GROUP", groupId);
  return {
    pull: async (request) => toRead(request.groupId) ?? refuseToRead(request.topics, access) ?? groups.pull(request),
    settle: async (groupId, settlements) => toRead(groupId) ?? groups.settle(groupId, settlements),
    list: async (request) => {
      const { groupIds, nextCursor } = await groups.list(request);
      if (access.allows("DESCRIBE", "CLUSTER")) return { groupIds, nextCursor };
      return { groupIds: groupIds.filter((groupId) => access.allows("DESCRIBE", "GROUP", groupId)), nextCursor };
    },
    describe: async (groupId) => {
      const group = access.refuse("DESCRIBE", "GROUP", groupId) ?? (await groups.describe(groupId));
      if (isFailure(group)) return group;
      return { ...group, partitions: group.partitions.filter(({ topic }) => access.allows("DESCRIBE", "TOPIC", topic)) };
    },
    configure: async (groupId, settings) => {
      const topic = settings.deadLetterTopic ?? null;
      return toRead(groupId) ?? (topic === null ? null : access.refuse("WRITE", "TOPIC", topic)) ?? groups.configure(groupId, settings);
    },
    reset: async (request) => toRead(request.groupId) ?? refuseToRead([request.topic], access) ?? groups.reset(request),
    delete: async (groupId) => access.refuse("DELETE", "GROUP", groupId) ?? groups.delete(groupId),
  };
}

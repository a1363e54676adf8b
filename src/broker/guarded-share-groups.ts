// Share groups as a client may use them, as Kafka's KafkaApis has it: READ on the group and on the topics to pull, on the group to settle (a
// lease was given to somebody who may read its topic), DESCRIBE to see it, DELETE to delete it, READ or ALTER_CONFIGS to change its settings.
// A dead-letter topic is written to in the name of whoever sets it, who needs WRITE on it. A member by Kafka's protocol may join with
// DESCRIBE on its topics; each of its partitions that it may not READ is told so.

import { type Failure, isFailure } from "../common/errors.ts";
import type { Access } from "./access.ts";
import { firstRefusal, refuseToRead } from "./refusals.ts";
import type { ShareAcknowledgeRequest, ShareAcknowledgeResult } from "./share-acknowledge.ts";
import type { ShareFetchRequest, ShareFetchResult } from "./share-fetch.ts";
import type { ShareGroups } from "./share-groups.ts";
import type { AlterShareOffsetsRequest, DeleteShareOffsetsRequest } from "./share-offsets.ts";

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
    settings: async (groupId) => access.refuse("DESCRIBE_CONFIGS", "GROUP", groupId) ?? groups.settings(groupId),
    configure: async (groupId, settings) => {
      const topic = settings.deadLetterTopic ?? null;
      const refused = access.allows("ALTER_CONFIGS", "GROUP", groupId) ? null : toRead(groupId);
      return refused ?? (topic === null ? null : access.refuse("WRITE", "TOPIC", topic)) ?? groups.configure(groupId, settings);
    },
    reset: async (request) => toRead(request.groupId) ?? refuseToRead([request.topic], access) ?? groups.reset(request),
    delete: async (groupId) => access.refuse("DELETE", "GROUP", groupId) ?? groups.delete(groupId),
    alterOffsets: async (request) => toRead(request.groupId) ?? alterAllowed(groups, access, request),
    deleteOffsets: async (request) => access.refuse("DELETE", "GROUP", request.groupId) ?? deleteAllowed(groups, access, request),
    heartbeat: async (request) =>
      toRead(request.groupId) ??
      firstRefusal((request.subscribedTopicNames ?? []).map((topic) => access.refuse("DESCRIBE", "TOPIC", topic))) ??
      groups.heartbeat(request),
    members: async (groupId) => access.refuse("DESCRIBE", "GROUP", groupId) ?? groups.members(groupId),
    fetch: async (request) => toRead(request.groupId) ?? fetchAllowed(groups, access, request),
    acknowledge: (request) => acknowledgeAllowed(groups, access, request),
    release: (request) => groups.release(request), // it takes nothing from anybody but whoever has the token
  };
}

/** With something refused there is no wait, as with any other failure. */
async function fetchAllowed(groups: ShareGroups, access: Access, request: ShareFetchRequest): Promise<ShareFetchResult | Failure> {
  const refused = request.partitions.flatMap((place) => {
    const failure = access.refuse("READ", "TOPIC", place.topic);
    return failure === null ? [] : [{ ...place, batches: [], acquired: [], failure }];
  });
  if (refused.length === 0) return groups.fetch(request);
  const partitions = request.partitions.filter(({ topic }) => access.allows("READ", "TOPIC", topic));
  const fetched = await groups.fetch({ ...request, partitions, maxWaitMs: 0 });
  return isFailure(fetched) ? fetched : { ...fetched, partitions: [...fetched.partitions, ...refused] };
}

async function alterAllowed(
  groups: ShareGroups,
  access: Access,
  { groupId, offsets }: AlterShareOffsetsRequest,
): Promise<readonly (null | Failure)[] | Failure> {
  const refusals = offsets.map(({ topic }) => access.refuse("READ", "TOPIC", topic));
  const altered = await groups.alterOffsets({ groupId, offsets: offsets.filter((_, index) => refusals[index] === null) });
  if (isFailure(altered)) return altered;
  const others = altered.values();
  return refusals.map((refusal) => refusal ?? others.next().value!);
}

async function deleteAllowed(groups: ShareGroups, access: Access, { groupId, topics }: DeleteShareOffsetsRequest) {
  const refusals = topics.map((topic) => access.refuse("READ", "TOPIC", topic));
  const deleted = await groups.deleteOffsets({ groupId, topics: topics.filter((_, index) => refusals[index] === null) });
  if (isFailure(deleted)) return deleted;
  const others = deleted.values();
  return refusals.map((refusal) => refusal ?? others.next().value!);
}

const NOTHING: ShareAcknowledgeResult = { leaseMs: 0, outcomes: [] };

async function acknowledgeAllowed(
  groups: ShareGroups,
  access: Access,
  { partitions, ...request }: ShareAcknowledgeRequest,
): Promise<ShareAcknowledgeResult> {
  const toGroup = access.refuse("READ", "GROUP", request.groupId);
  const refusals = partitions.map(({ topic }) => toGroup ?? access.refuse("READ", "TOPIC", topic));
  const allowed = partitions.filter((_, index) => refusals[index] === null);
  const { leaseMs, outcomes } = allowed.length === 0 ? NOTHING : await groups.acknowledge({ ...request, partitions: allowed });
  const others = outcomes.values();
  return { leaseMs, outcomes: refusals.map((refusal) => refusal ?? others.next().value!) };
}

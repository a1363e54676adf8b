// DeleteTopics (key 20), versions 1-6, by name or (6) by topic id.

import type { Broker } from "../../../broker/broker.ts";
import { errorCode, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { ZERO_UUID } from "../../../protocol/uuid.ts";
import { serve } from "../call.ts";
import { allTopics } from "./03-metadata.ts";

export const deleteTopics = serve(API.deleteTopics, { min: 1, max: 6 }, async ({ request, version, broker }) => {
  const asked = version < 6 ? request.topicNames.map((name) => ({ name, topicId: ZERO_UUID })) : request.topics;
  const responses = [];
  for (const { name, topicId } of asked) responses.push(await deleteTopic(broker, name ?? (await nameOf(broker, topicId)), topicId));
  return { throttleTimeMs: 0, responses };
});

async function deleteTopic(broker: Broker, name: string | null, topicId: string) {
  const deleted = name === null ? failure("UNKNOWN_TOPIC_ID", "no topic has this id") : await broker.deleteTopic(name);
  if (isFailure(deleted)) return { name, topicId, errorCode: errorCode(deleted.error), errorMessage: deleted.detail };
  return { name, topicId: deleted.topicId, errorCode: 0, errorMessage: null };
}

/** From the cluster itself: the name that the edge remembers for an id may be another topic's by now, which must not go. */
async function nameOf(broker: Broker, topicId: string): Promise<string | null> {
  return (await allTopics(broker)).find((topic) => topic.topicId === topicId)?.name ?? null;
}

// DescribeLogDirs (key 35), versions 1-4: what each partition holds, in bytes, of the topics asked for or (null) of all. There is one
// "directory", the platform's storage, whose size nobody is told (-1).

import type { Broker } from "../../../broker/broker.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { allTopics } from "./03-metadata.ts";

const LOG_DIR = "/";

export const describeLogDirs = serve(API.describeLogDirs, { min: 1, max: 4 }, async ({ request, broker, session }) => {
  if (!session.access.allows("DESCRIBE", "CLUSTER")) {
    return { throttleTimeMs: 0, errorCode: errorCode("CLUSTER_AUTHORIZATION_FAILED"), results: [] };
  }
  const asked = request.topics ?? (await allTopics(broker)).map(({ name }) => ({ topic: name, partitions: null }));
  const topics = [];
  for (const { topic, partitions } of asked) topics.push({ name: topic, partitions: await sizesOf(broker, topic, partitions) });
  return { throttleTimeMs: 0, errorCode: 0, results: [{ errorCode: 0, logDir: LOG_DIR, topics }] };
});

/** Of the partitions that are there and can be asked, as a Kafka broker tells of those that it has. */
async function sizesOf(broker: Broker, name: string, wanted: readonly number[] | null) {
  const topic = await broker.describeTopic(name);
  if (isFailure(topic)) return [];
  return topic.partitions.flatMap((partition) => {
    if (isFailure(partition) || (wanted !== null && !wanted.includes(partition.partition))) return [];
    return [{ partitionIndex: partition.partition, partitionSize: partition.sizeBytes, offsetLag: 0, isFutureKey: false }];
  });
}

// Requests that ask for partitions of topics: each partition is a call to an object, and only so many run at a time, however the request
// groups them.

import { mapConcurrently } from "../../common/concurrency.ts";
import { MAX_CONCURRENT_CALLS } from "../../common/limits/platform.ts";

/** What `work` makes of each partition of each topic, in the order of the request. `work` must not reject. */
export async function mapPartitions<Partition, Topic extends { readonly partitions: readonly Partition[] }, Result>(
  topics: readonly (Topic & { readonly partitions: readonly Partition[] })[],
  work: (topic: Topic, partition: Partition) => Promise<Result>,
): Promise<{ readonly topic: Topic; readonly partitions: readonly Result[] }[]> {
  const asked = topics.flatMap((topic) => topic.partitions.map((partition) => ({ topic, partition })));
  const results = (await mapConcurrently(asked, MAX_CONCURRENT_CALLS, ({ topic, partition }) => work(topic, partition))).values();
  return topics.map((topic) => ({ topic, partitions: topic.partitions.map(() => results.next().value!) }));
}

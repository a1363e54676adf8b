// ElectLeaders (key 43), versions 0-2. The platform decides where a partition's leader runs, so that there is never an election to be
// held: a partition that is there has its leader (ELECTION_NOT_NEEDED). No partitions named: all of them, of which Kafka tells only those
// where an election failed.

import { errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { findPartition } from "../find-partition.ts";
import { mapPartitions } from "../map-partitions.ts";
import { outcome } from "./29-acls.ts";

const NOT_NEEDED = { errorCode: errorCode("ELECTION_NOT_NEEDED"), errorMessage: "Leader election not needed for topic partition." };

export const electLeaders = serve(API.electLeaders, { min: 0, max: 2 }, async ({ request, broker, session }) => {
  const refused = session.access.refuse("ALTER", "CLUSTER");
  const asked = request.topicPartitions ?? [];
  const answers = await mapPartitions(asked, async ({ topic }, partitionId) => {
    const missing = refused ?? (await findPartition(broker, topic, partitionId));
    return { partitionId, ...(missing === null ? NOT_NEEDED : outcome(missing)) };
  });
  const replicaElectionResults = answers.map(({ topic, partitions }) => ({ topic: topic.topic, partitionResult: [...partitions] }));
  return { throttleTimeMs: 0, errorCode: refused === null ? 0 : errorCode(refused.error), replicaElectionResults };
});

// OffsetCommit and TxnOffsetCommit on the wire: offsets by topic and partition, answered likewise. Partitions succeed and fail one by one.

import type { CommitOffsetsRequest, CommitOffsetsResult } from "../../broker/messages/offsets.ts";
import { type ErrorName, type Failure, isFailure } from "../../common/errors.ts";
import { ZERO_UUID } from "../../protocol/uuid.ts";
import { groupErrorCode } from "./group-kinds.ts";

export interface CommittedTopic {
  readonly name: string;
  /** Where the request names topics by id; absent or ZERO_UUID otherwise. */
  readonly topicId?: string;
  /** Nothing of the topic is committed. */
  readonly refused?: Failure;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly committedOffset: number;
    readonly committedLeaderEpoch: number;
    readonly committedMetadata: string | null;
  }[];
}

interface Committer {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

const NO_GENERATION = -1;

/** The offsets one after the other, in the order of the request, without those of topics that are refused. */
export function offsetsOf(topics: readonly CommittedTopic[]): CommitOffsetsRequest["offsets"] {
  const allowed = topics.filter(({ refused }) => refused === undefined);
  return allowed.flatMap(({ name, topicId = ZERO_UUID, partitions }) =>
    partitions.map((partition) => ({
      ...{ topic: name, ...(topicId !== ZERO_UUID && { topicId }) },
      partition: partition.partitionIndex,
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? "",
    })),
  );
}

/** The member that commits; nobody where the request names none. */
export function memberOf({ memberId, groupInstanceId, generationId }: Committer): Pick<CommitOffsetsRequest, "member"> {
  const isMember = generationId !== NO_GENERATION || memberId !== "";
  return isMember ? { member: { memberId, memberEpoch: generationId, groupInstanceId } } : {};
}

/** @param rename gives an error the name that the API has for it */
export function committedTopics(
  topics: readonly CommittedTopic[],
  result: CommitOffsetsResult | Failure,
  rename: (error: ErrorName) => ErrorName = (error) => error,
) {
  const failures = isFailure(result) ? undefined : result.offsets.values();
  return topics.map(({ name, topicId, partitions, refused }) => ({
    ...{ name, topicId },
    partitions: partitions.map(({ partitionIndex }) => {
      const failed = refused ?? (isFailure(result) ? result : failures!.next().value!.failure);
      return { partitionIndex, errorCode: failed === undefined ? 0 : groupErrorCode({ error: rename(failed.error) }) };
    }),
  }));
}

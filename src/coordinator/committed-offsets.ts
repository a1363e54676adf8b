// The rules for committed offsets (Kafka's OffsetMetadataManager): which ones are taken. Pure. A mistake in one offset is that offset's
// result. Who may commit is the matter of the group's members (classic-commit.ts).

import { type Failure, failure } from "../common/errors.ts";
import { MAX_GROUP_ID_LENGTH, MAX_OFFSET_METADATA_BYTES, MAX_OFFSETS_PER_COMMIT } from "../common/limits/groups.ts";
import { MAX_PARTITIONS_PER_TOPIC } from "../common/limits/topics.ts";
import { utf8Length } from "../common/utf8.ts";

const MAX_INT32 = 2 ** 31 - 1;

export interface OffsetToCommit {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** -1 where not known. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** Why the id cannot be a group's, or null. A string that is not well formed has no UTF-8, and so no name in storage. */
export function checkGroupId(groupId: string): Failure | null {
  if (groupId === "") return failure("INVALID_GROUP_ID", "The group id is empty.");
  if (groupId.length > MAX_GROUP_ID_LENGTH) {
    return failure("INVALID_GROUP_ID", `The group id is longer than ${MAX_GROUP_ID_LENGTH} characters.`);
  }
  return groupId.isWellFormed() ? null : failure("INVALID_GROUP_ID", "The group id is not well-formed Unicode.");
}

/** Why there are too many offsets for one commit, or null. */
export function checkCommitSize(offsets: readonly unknown[]): Failure | null {
  if (offsets.length <= MAX_OFFSETS_PER_COMMIT) return null;
  return failure("INVALID_COMMIT_OFFSET_SIZE", `A commit has at most ${MAX_OFFSETS_PER_COMMIT} offsets, not ${offsets.length}.`);
}

/** Kafka takes any offset, and kafkajs's resetOffsets commits "earliest" as it stands: readers take what is negative for no offset. */
const EARLIEST_OFFSET = -2;

/** Why this offset is not taken, or null. */
export function checkOffset({ topicId, topic, partition, offset, leaderEpoch, metadata }: OffsetToCommit): Failure | null {
  if (topicId === "" || topic === "") return failure("UNKNOWN_TOPIC_OR_PARTITION", "The offset names no topic.");
  if (!isIntegerIn(partition, 0, MAX_PARTITIONS_PER_TOPIC - 1)) {
    return failure("UNKNOWN_TOPIC_OR_PARTITION", `Topic '${topic}' has no partition ${partition}.`);
  }
  if (!isIntegerIn(offset, EARLIEST_OFFSET, Number.MAX_SAFE_INTEGER)) {
    return failure("INVALID_REQUEST", `The offset ${offset} of ${topic}/${partition} is not an integer from ${EARLIEST_OFFSET} to 2^53-1.`);
  }
  if (!isIntegerIn(leaderEpoch, -1, MAX_INT32)) {
    return failure("INVALID_REQUEST", `The leader epoch ${leaderEpoch} of ${topic}/${partition} is not an integer from -1 to 2^31-1.`);
  }
  const metadataBytes = utf8Length(metadata);
  if (metadataBytes <= MAX_OFFSET_METADATA_BYTES) return null;
  return failure(
    "OFFSET_METADATA_TOO_LARGE",
    `The metadata of ${topic}/${partition} has ${metadataBytes} bytes, and may have ${MAX_OFFSET_METADATA_BYTES}.`,
  );
}

function isIntegerIn(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

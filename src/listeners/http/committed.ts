// What commits of offsets have in common, inside a transaction and outside: who commits, and one result for each offset.

import type { CommitOffsetsRequest, CommitOffsetsResult } from "../../broker/messages/offsets.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import { answer } from "./answer.ts";
import type { Call } from "./call.ts";
import { ProblemError, refusal, refuse, requireResult } from "./problem.ts";

interface CommitterFields {
  readonly memberId?: string | undefined;
  readonly memberEpoch?: number | undefined;
}

/** The member that commits; nobody where the body names none. */
export function memberOf({ memberId, memberEpoch }: CommitterFields): Pick<CommitOffsetsRequest, "member"> {
  if ((memberId === undefined) !== (memberEpoch === undefined)) {
    throw refuse("INVALID_REQUEST", "In the body: memberId and memberEpoch go together.");
  }
  return memberId === undefined || memberEpoch === undefined ? {} : { member: { memberId, memberEpoch } };
}

/** Kafka's clients are told that they are behind; over HTTP that is the same as to be fenced. */
export function fenced(failure: Failure): Failure {
  return failure.error === "STALE_MEMBER_EPOCH" ? { ...failure, error: "FENCED_MEMBER_EPOCH" } : failure;
}

/** A problem where nothing was committed. */
export function committedAnswer(call: Call<object, object>, result: CommitOffsetsResult | Failure): Response {
  const committed = requireResult(isFailure(result) ? fenced(result) : result);
  const offsets = committed.offsets.map(({ topic, partition, failure }) => ({ topic, partition, ...refusal(failure && fenced(failure)) }));
  const failures = committed.offsets.flatMap(({ failure }) => (failure === undefined ? [] : fenced(failure)));
  if (failures.length === offsets.length) throw new ProblemError(failures[0]!, { extensions: { offsets } });
  return answer(call, { offsets });
}

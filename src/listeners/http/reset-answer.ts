// What resets of offsets answer, of consumer groups and of share groups: one result for each partition.

import type { ResetOffsetsResult } from "../../broker/messages/offsets.ts";
import type { Failure } from "../../common/errors.ts";
import { answer } from "./answer.ts";
import type { Call } from "./call.ts";
import { ProblemError, refusal, requireResult } from "./problem.ts";

/** A problem where nothing was moved. */
export function resetAnswer(call: Call<object, object>, dryRun: boolean, result: ResetOffsetsResult | Failure): Response {
  const reset = requireResult(result);
  const offsets = reset.offsets.map(({ topic, partition, from, to, failure }) => ({ topic, partition, from, to, ...refusal(failure) }));
  const failures = reset.offsets.flatMap(({ failure }) => failure ?? []);
  if (offsets.length > 0 && failures.length === offsets.length) throw new ProblemError(failures[0]!, { extensions: { offsets } });
  return answer(call, { dryRun, offsets });
}

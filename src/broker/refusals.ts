// Requests of which a part may be refused: why none of it goes on, or the results of the rest put together in the request's order.

import { type Failure, isFailure } from "../common/errors.ts";
import type { Access } from "./access.ts";
import type { CommitOffsetsRequest, CommitOffsetsResult } from "./messages/offsets.ts";

/** null: nothing is refused. */
export function firstRefusal(refusals: readonly (Failure | null)[]): Failure | null {
  return refusals.find((refusal) => refusal !== null) ?? null;
}

/** Why these topics may not all be read, or null. */
export function refuseToRead(topics: readonly string[], access: Access): Failure | null {
  return firstRefusal(topics.map((topic) => access.refuse("READ", "TOPIC", topic)));
}

/** Commits what is of topics that may be read, and answers for every offset. */
export async function commitAllowed<Request extends Pick<CommitOffsetsRequest, "offsets">>(
  access: Access,
  request: Request,
  commit: (allowed: Request) => Promise<CommitOffsetsResult | Failure>,
): Promise<CommitOffsetsResult | Failure> {
  const refusals = request.offsets.map(({ topic }) => access.refuse("READ", "TOPIC", topic));
  const offsets = request.offsets.filter((_, index) => refusals[index] === null);
  const committed = await commit({ ...request, offsets });
  return isFailure(committed) ? committed : mergeRefusals(request.offsets, refusals, committed);
}

/**
 * @param refusals one for each offset: null where it was let through
 * @param committed of those that were, in order
 */
function mergeRefusals(
  offsets: CommitOffsetsRequest["offsets"],
  refusals: readonly (Failure | null)[],
  committed: CommitOffsetsResult,
): CommitOffsetsResult {
  const results = committed.offsets.values();
  return {
    offsets: offsets.map(({ topic, partition }, index) => {
      const failure = refusals[index]!;
      return failure === null ? results.next().value! : { topic, partition, failure };
    }),
  };
}

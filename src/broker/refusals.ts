// The results of a request of which a part was refused, put together in the request's order.

import type { Failure } from "../common/errors.ts";
import type { CommitOffsetsRequest, CommitOffsetsResult } from "./broker.ts";

/**
 * @param refusals one for each offset: null where it was let through
 * @param committed of those that were, in order
 */
export function mergeRefusals(
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

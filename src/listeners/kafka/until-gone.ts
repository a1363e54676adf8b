// A call that may wait for minutes, for a client that may not: JoinGroup and SyncGroup, which other members answer. When the client goes the
// wait for its answer ends, and with it the invocation that holds the connection; in the group, its session or the rebalance ends its part.

import { type Failure, failure } from "../../common/errors.ts";

export async function untilGone<T>(call: Promise<T>, signal: AbortSignal): Promise<T | Failure> {
  const { promise: gone, resolve } = Promise.withResolvers<Failure>();
  const end = (): void => resolve(failure("NETWORK_EXCEPTION", "the client has gone"));
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  try {
    return await Promise.race([call, gone]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

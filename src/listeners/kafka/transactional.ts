// What the transactional APIs have in common.

import { errorCode, type Failure } from "../../common/errors.ts";

/** Clients of before they knew PRODUCER_FENCED get INVALID_PRODUCER_EPOCH in its place, as from Kafka's broker (KIP-588). */
export function fencedErrorCode(refused: null | Failure, knowsFenced: boolean): number {
  if (refused === null) return errorCode("NONE");
  return errorCode(refused.error === "PRODUCER_FENCED" && !knowsFenced ? "INVALID_PRODUCER_EPOCH" : refused.error);
}

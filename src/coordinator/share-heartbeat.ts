// What can be said of a ShareGroupHeartbeat without its group (GroupCoordinatorService.throwIfShareGroupHeartbeatRequestIsInvalid).

import { type Failure, failure } from "../common/errors.ts";
import { MAX_MEMBER_ID_LENGTH } from "../common/limits/groups.ts";
import { MAX_SHARE_MEMBER_TOPICS } from "../common/limits/share-groups.ts";
import { JOIN_EPOCH, LEAVE_EPOCH } from "./consumer-messages.ts";
import type { ShareHeartbeat } from "./share-messages.ts";

/** null: nothing is wrong with it. */
export function checkShareHeartbeat({ memberId, memberEpoch, rackId, subscribedTopicNames }: ShareHeartbeat): Failure | null {
  const refused = checkShareMemberId(memberId);
  if (refused !== null) return refused;
  if (rackId?.trim() === "") return invalid("The rack id is empty.");
  if ((rackId ?? "").length > MAX_MEMBER_ID_LENGTH) return invalid(`A rack id has at most ${MAX_MEMBER_ID_LENGTH} characters.`);
  if (memberEpoch < LEAVE_EPOCH) return invalid(`${memberEpoch} is no member epoch.`);
  if (memberEpoch === JOIN_EPOCH && (subscribedTopicNames ?? []).length === 0) {
    return invalid("A member that joins says which topics it subscribes to.");
  }
  if ((subscribedTopicNames ?? []).length <= MAX_SHARE_MEMBER_TOPICS) return null;
  return invalid(`A member of a share group subscribes to ${MAX_SHARE_MEMBER_TOPICS} topics at most.`);
}

/** Whether a text can be a member's id; it is made by the client. */
export function checkShareMemberId(memberId: string): Failure | null {
  if (memberId.trim() === "") return invalid("The member id is empty.");
  if (memberId.length > MAX_MEMBER_ID_LENGTH) return invalid(`A member id has at most ${MAX_MEMBER_ID_LENGTH} characters.`);
  return memberId.isWellFormed() ? null : invalid("The member id is not well-formed Unicode.");
}

export function isLeavingShareGroup({ memberEpoch }: ShareHeartbeat): boolean {
  return memberEpoch === LEAVE_EPOCH;
}

function invalid(detail: string): Failure {
  return failure("INVALID_REQUEST", detail);
}

// JoinGroup (key 11), versions 0-9. 1: rebalance timeout apart from the session's; 4: a new member comes a second time with the id that it
// is given (KIP-394); 5: static members; 7: protocol type in the answer; 8: a reason; 9: SkipAssignment (KIP-814).
//
// A client that leaves while it waits is not waited for; its member stays until the rebalance or its session ends, as in Kafka.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { whileThere } from "../or-gone.ts";

export const joinGroup = serve(API.joinGroup, { min: 0, max: 9 }, async ({ request, version, clientId, broker, session }) => {
  const joined = broker.classicGroup(request.groupId).join({
    groupId: request.groupId,
    memberId: request.memberId,
    groupInstanceId: request.groupInstanceId,
    clientId,
    clientHost: "/",
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    protocolType: request.protocolType,
    protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: metadata.slice().buffer as ArrayBuffer })),
    requireKnownMemberId: version >= 4,
    canSkipAssignment: version >= 9,
  });
  const answer = await whileThere(joined, session.signal);
  if (isFailure(answer)) {
    const nobody = { generationId: -1, protocolType: null, protocolName: version >= 7 ? null : "", leader: "", skipAssignment: false };
    return {
      throttleTimeMs: 0,
      errorCode: errorCode(answer.error),
      ...nobody,
      memberId: "memberId" in answer ? answer.memberId : request.memberId,
      members: [],
    };
  }
  const { memberId, generationId, protocolType, protocolName, leaderId, skipAssignment } = answer;
  const members = answer.members.map((member) => ({ ...member, metadata: new Uint8Array(member.metadata) }));
  return { throttleTimeMs: 0, errorCode: 0, generationId, protocolType, protocolName, leader: leaderId, skipAssignment, memberId, members };
});

// /v1/groups: commit, committed offsets with lag, reset, list, describe, delete.

import type { GroupOffset } from "../../broker/messages/offsets.ts";
import * as contract from "../../contract/groups.ts";
import type { z } from "../../contract/zod.ts";
import { answer, noContent } from "./answer.ts";
import type { Call } from "./call.ts";
import { committedAnswer, memberOf } from "./committed.ts";
import { defined } from "./defined.ts";
import { ProblemError, requireResult } from "./problem.ts";
import { resetAnswer } from "./reset-answer.ts";
import { validBody } from "./validate.ts";

type GroupParams = z.output<(typeof contract.describeGroup)["params"]>;

export async function commitOffsets(call: Call<GroupParams, z.output<(typeof contract.commitOffsets)["query"]>>): Promise<Response> {
  const { offsets, ...rest } = await validBody(call.request, contract.commitBody);
  const member = memberOf(rest);
  const isOwnerOnly = member.member !== undefined;
  const commit = { groupId: call.params.group, offsets: offsets.map(defined), force: call.query.force, ...member, isOwnerOnly };
  return committedAnswer(call, await call.broker.commitOffsets(commit));
}

export async function getGroupOffsets(call: Call<GroupParams, z.output<(typeof contract.getGroupOffsets)["query"]>>): Promise<Response> {
  const { groupId, offsets } = requireResult(await call.broker.describeGroup(call.params.group));
  const { topic } = call.query;
  return answer(call, { groupId, offsets: offsetAnswers(offsets).filter((offset) => topic === undefined || offset.topic === topic) });
}

function offsetAnswers(offsets: readonly GroupOffset[]) {
  return offsets.map(({ topic, partition, offset, leaderEpoch, metadata, committedAtMs, highWatermark, lag }) => ({
    topic,
    partition,
    offset,
    leaderEpoch,
    metadata,
    committedAt: committedAtMs,
    highWatermark,
    lag,
  }));
}

export async function resetOffsets(call: Call<GroupParams>): Promise<Response> {
  const body = await validBody(call.request, contract.resetBody);
  return resetAnswer(call, body.dryRun, await call.broker.resetOffsets({ groupId: call.params.group, ...defined(body) }));
}

export async function listGroups(call: Call<object, z.output<(typeof contract.listGroups)["query"]>>): Promise<Response> {
  const { groupIds, nextCursor } = await call.broker.listGroups(defined(call.query));
  return answer(call, { groups: groupIds.map((groupId) => ({ groupId })), nextCursor });
}

export async function describeGroup(call: Call<GroupParams>): Promise<Response> {
  const { groupId, type, state, members, offsets } = requireResult(await call.broker.describeGroup(call.params.group));
  return answer(call, { groupId, type, state, members, offsets: offsetAnswers(offsets) });
}

export async function deleteGroup(call: Call<GroupParams>): Promise<Response> {
  const failed = await call.broker.deleteGroup(call.params.group);
  if (failed !== null) throw new ProblemError(failed);
  return noContent();
}

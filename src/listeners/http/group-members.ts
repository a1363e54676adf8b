// POST /v1/groups/{group}/fetch and DELETE /v1/groups/{group}/members/{memberId}: members of groups by HTTP.

import type { AnswerRoom } from "../../broker/answer-room.ts";
import type { GroupFetchResult } from "../../broker/messages/group-fetch.ts";
import type { IsolationLevel } from "../../broker/ports.ts";
import { readableEnd } from "../../broker/readable-end.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import type { Encoding } from "../../contract/fields.ts";
import * as contract from "../../contract/group-members.ts";
import { MSGPACK_TYPE } from "../../contract/media-types.ts";
import type { z } from "../../contract/zod.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";
import { jsonAnswer, noContent } from "./answer.ts";
import { bodyOf, jsonPieces, withRoom } from "./answer-body.ts";
import type { Call } from "./call.ts";
import { fenced } from "./committed.ts";
import { decodeMany, type FetchedPart, msgpackAnswer } from "./fetch.ts";
import { ProblemError, refusal, refuse, requireResult } from "./problem.ts";
import { recordMsgpack, writeInRuns } from "./record-output.ts";
import { validBody } from "./validate.ts";

/** What such members are called in descriptions of their group. */
const CLIENT_ID = "http";

type FetchCall = Call<z.output<(typeof contract.groupFetch)["params"]>, z.output<(typeof contract.groupFetch)["query"]>>;

export async function groupFetch(call: FetchCall): Promise<Response> {
  const body = await validBody(call.request, contract.groupFetchBody);
  return withRoom(call, (room) => groupFetchInto(call, body, room));
}

async function groupFetchInto(call: FetchCall, request: z.output<typeof contract.groupFetchBody>, room: AnswerRoom): Promise<Response> {
  const { topics, commit, maxRecords, ...body } = request;
  for (const [name, list] of Object.entries({ commit, positions: body.positions, owned: body.owned })) {
    if (list === undefined || list.length === 0 || (body.memberId !== undefined && body.memberEpoch !== undefined)) continue;
    throw refuse("INVALID_REQUEST", `In the body: ${name} needs memberId and memberEpoch.`);
  }
  const fetched = requireResult(
    await call.broker.groupFetch({
      ...present(body),
      isHeartbeat: maxRecords === 0,
      groupId: call.params.group,
      topics: Array.isArray(topics) ? { names: topics } : topics,
      clientId: CLIENT_ID,
      commit: (commit ?? []).map(({ topic, partition, offset, metadata, leaderEpoch }) => ({
        ...{ topic, partition, offset },
        ...(metadata !== undefined && { metadata }),
        ...(leaderEpoch !== undefined && { leaderEpoch }),
      })),
      signal: call.request.signal,
      room,
    }),
  );
  const parts = decodeMany(call.parts.codec, fetched, maxRecords, room);
  const around = aroundRecords(fetched, parts, body.isolation);
  if (call.type === MSGPACK_TYPE) return msgpackAnswer(call.request, { ...around, records: parts.flatMap(recordsMsgpack) }, room);
  const writing = writeGroupFetched(call.parts.json, around, parts, call.query.encoding);
  return jsonAnswer(bodyOf(call.request, room, jsonPieces(call.parts.json, writing)));
}

/** The records of all partitions in one list, each with its place. Yields where a piece may end. */
function* writeGroupFetched(json: JsonWriter, around: object, parts: readonly FetchedPart[], encoding: Encoding): Generator<void> {
  json.rawText(`${JSON.stringify(around).slice(0, -1)},"records":[`);
  let isFirst = true;
  for (const { topic, partition, decoded } of parts) {
    if (decoded.records.length === 0) continue;
    if (!isFirst) json.rawText(",");
    isFirst = false;
    yield* writeInRuns(json, decoded.records, encoding, `${JSON.stringify({ topic, partition }).slice(0, -1)},`);
  }
  json.rawText("]}");
}

/** Without what is absent, which the broker's types do not know as `undefined`. */
function present<Body extends object>(body: Body): { [Key in keyof Body]: Exclude<Body[Key], undefined> } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as ReturnType<typeof present<Body>>;
}

/** All of the answer but its records. */
function aroundRecords(
  { memberId, memberEpoch, assignment, commits }: GroupFetchResult,
  parts: readonly FetchedPart[],
  isolation: IsolationLevel,
) {
  const read = parts.flatMap(({ topic, partition, result, decoded }) =>
    isFailure(result) ? [] : [{ topic, partition, next: decoded.nextOffset, end: readableEnd(result, isolation) }],
  );
  const failures = parts.flatMap(({ topic, partition, result }) => (isFailure(result) ? [{ topic, partition, ...refusal(result) }] : []));
  return {
    memberId,
    memberEpoch,
    assignment,
    hasMore: read.some(({ next, end }) => next < end),
    positions: read.map(({ topic, partition, next }) => ({ topic, partition, offset: next })),
    endOffsets: read.map(({ topic, partition, end }) => ({ topic, partition, offset: end })),
    commits: commits.map(({ topic, partition, failure }) => ({ topic, partition, ...refusal(failure && lost(failure)) })),
    failures,
  };
}

/** A member that was not known any more has joined anew: what it had before it cannot commit. */
function lost(failure: Failure): Failure {
  return failure.error === "UNKNOWN_MEMBER_ID" ? { ...failure, error: "FENCED_MEMBER_EPOCH" } : fenced(failure);
}

function recordsMsgpack({ topic, partition, decoded }: FetchedPart): object[] {
  return decoded.records.map((record) => ({ topic, partition, ...recordMsgpack(record) }));
}

export async function removeGroupMember(call: Call<z.output<(typeof contract.removeGroupMember)["params"]>>): Promise<Response> {
  const failed = await call.broker.removeMember(call.params.group, call.params.memberId);
  if (failed !== null) throw new ProblemError(failed);
  return noContent();
}

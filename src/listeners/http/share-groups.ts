// /v1/share-groups: pull with leases, settle, settings, describe, reset, delete.

import type { DescribedSharePartition, LeasedRecord, LeaseSettlement, PullResult } from "../../broker/share-groups.ts";
import { MAX_SETTLEMENTS } from "../../common/limits/share-groups.ts";
import type { Encoding } from "../../contract/fields.ts";
import { resetBody } from "../../contract/groups.ts";
import { MSGPACK_TYPE } from "../../contract/media-types.ts";
import * as contract from "../../contract/share-groups.ts";
import type { z } from "../../contract/zod.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";
import { answer, jsonAnswer, noContent } from "./answer.ts";
import type { Call } from "./call.ts";
import { defined } from "./defined.ts";
import { ProblemError, refusal, refuse, requireResult } from "./problem.ts";
import { recordMembers, recordMsgpack } from "./record-output.ts";
import { resetAnswer } from "./reset-answer.ts";
import { validBody } from "./validate.ts";

type GroupParams = z.output<(typeof contract.describeShareGroup)["params"]>;
type SettleRequest = Omit<z.output<typeof contract.settleBody>, "releases"> & Partial<z.output<typeof contract.settleBody>>;

export async function pullRecords(call: Call<GroupParams, z.output<(typeof contract.pullRecords)["query"]>>): Promise<Response> {
  const body = await validBody(call.request, contract.pullBody);
  const { signal } = call.request;
  return pulledAnswer(call, requireResult(await call.broker.shareGroups.pull({ groupId: call.params.group, ...defined(body), signal })));
}

export function pulledAnswer(call: Call<object, { readonly encoding: Encoding }>, pulled: PullResult): Response {
  const { leaseDeadlineMs: leaseDeadline, leaseMs, order } = pulled;
  const rest = { leaseDeadline, leaseMs, order, ...failedPartitions(pulled) };
  if (call.type === MSGPACK_TYPE) return answer(call, { records: pulled.records.map(leasedMsgpack), ...rest });
  const records = pulled.records.map((leased) => leasedJson(call.parts.json, leased, call.query.encoding)).join(",");
  return jsonAnswer(`{"records":[${records}],${JSON.stringify(rest).slice(1)}`);
}

function leasedJson(json: JsonWriter, { topic, partition, leaseId, deliveryCount, record }: LeasedRecord, encoding: Encoding): string {
  const lease = JSON.stringify({ topic, partition, leaseId, deliveryCount }).slice(0, -1);
  return `${lease},${recordMembers(json, record, encoding)}}`;
}

function leasedMsgpack({ topic, partition, leaseId, deliveryCount, record }: LeasedRecord): object {
  return { topic, partition, leaseId, deliveryCount, ...recordMsgpack(record) };
}

function failedPartitions({ failed }: PullResult) {
  if (failed.length === 0) return {};
  return { errors: failed.map(({ topic, partition, failure }) => ({ topic, partition, ...refusal(failure) })) };
}

export async function settleRecords(call: Call<GroupParams>): Promise<Response> {
  return settle(call, call.params.group, settlementsOf(await validBody(call.request, contract.settleBody)));
}

export async function settle(call: Call, groupId: string, settlements: readonly LeaseSettlement[]): Promise<Response> {
  const outcomes = requireResult(await call.broker.shareGroups.settle(groupId, settlements));
  const failures = outcomes.filter((outcome) => outcome !== null);
  const errors = settlements.flatMap(({ leaseId }, index) => {
    const refused = outcomes[index] ?? undefined;
    return refused === undefined ? [] : [{ leaseId, ...refusal(refused) }];
  });
  if (failures.length > 0 && failures.length === settlements.length) throw new ProblemError(failures[0]!, { extensions: { errors } });
  return answer(call, { settled: settlements.length - failures.length, ...(errors.length === 0 ? {} : { errors }) });
}

/** A lease that is named twice contradicts itself, and nothing of the request is done. */
export function settlementsOf({ acks, releases = [], retries, rejects, renewals }: SettleRequest): LeaseSettlement[] {
  const settlements: LeaseSettlement[] = [
    ...acks.map((leaseId) => ({ leaseId, action: "accept" as const })),
    ...[...releases, ...retries].map(({ leaseId, delayMs }) => ({ leaseId, action: "release" as const, delayMs })),
    ...rejects.map((leaseId) => ({ leaseId, action: "reject" as const })),
    ...renewals.map(({ leaseId, leaseMs = null }) => ({ leaseId, action: "renew" as const, leaseMs })),
  ];
  if (settlements.length === 0) throw refuse("INVALID_REQUEST", "In the body: there is no lease to settle.");
  if (settlements.length > MAX_SETTLEMENTS) {
    throw refuse("INVALID_REQUEST", `In the body: there are ${settlements.length} leases, ${MAX_SETTLEMENTS} are the most.`);
  }
  const seen = new Set<string>();
  for (const { leaseId } of settlements) {
    if (seen.has(leaseId)) throw refuse("INVALID_REQUEST", `In the body: the lease ${leaseId} is named twice.`);
    seen.add(leaseId);
  }
  return settlements;
}

export async function putShareGroup(call: Call<GroupParams>): Promise<Response> {
  const change = await validBody(call.request, contract.settingsBody, {
    topic: "INVALID_TOPIC_EXCEPTION",
    deadLetterTopic: "INVALID_TOPIC_EXCEPTION",
  });
  const { groupId, settings } = requireResult(await call.broker.shareGroups.configure(call.params.group, defined(change)));
  return answer(call, { groupId, settings });
}

export async function listShareGroups(call: Call<object, z.output<(typeof contract.listShareGroups)["query"]>>): Promise<Response> {
  const { groupIds, nextCursor } = await call.broker.shareGroups.list(defined(call.query));
  return answer(call, { groups: groupIds.map((groupId) => ({ groupId })), nextCursor });
}

export async function describeShareGroup(call: Call<GroupParams>): Promise<Response> {
  const { groupId, settings, partitions } = requireResult(await call.broker.shareGroups.describe(call.params.group));
  return answer(call, { groupId, settings, partitions: partitions.map(partitionAnswer) });
}

export function partitionAnswer({ topicId: _id, groupId: _group, groupUuid: _uuid, counters, ...partition }: DescribedSharePartition) {
  return { ...partition, ...counters };
}

export async function resetShareGroup(call: Call<GroupParams>): Promise<Response> {
  const body = await validBody(call.request, resetBody);
  return resetAnswer(call, body.dryRun, await call.broker.shareGroups.reset({ groupId: call.params.group, ...defined(body) }));
}

export async function deleteShareGroup(call: Call<GroupParams>): Promise<Response> {
  const failed = await call.broker.shareGroups.delete(call.params.group);
  if (failed !== null) throw new ProblemError(failed);
  return noContent();
}

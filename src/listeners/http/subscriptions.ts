// /v1/subscriptions: subscriptions of either kind, their pauses, replays, secrets, dead letters and calls.

import { type AnySubscriptionStatus, isPulled, type SubscriptionStatus } from "../../broker/ports/subscription.ts";
import type { Failure } from "../../common/errors.ts";
import * as contract from "../../contract/subscriptions.ts";
import type { z } from "../../contract/zod.ts";
import { answer, noContent } from "./answer.ts";
import type { Call } from "./call.ts";
import { defined } from "./defined.ts";
import { ProblemError, refusal, refuse, requireResult } from "./problem.ts";
import { pullSubscriptionAnswer } from "./pull-subscriptions.ts";
import { validBody } from "./validate.ts";

type SubscriptionCall = Call<z.output<(typeof contract.getSubscription)["params"]>>;

export async function putSubscription(call: SubscriptionCall): Promise<Response> {
  const name = call.params.subscription;
  const body = await validBody(call.request, contract.putSubscriptionBody);
  const topics = [...new Set(body.topics)];
  const { isNew, told } = await (body.pull ? putPulled(call, name, { ...body, topics }) : putCalled(call, name, { ...body, topics }));
  return isNew ? answer(call, told, 201, { location: `/v1/subscriptions/${name}` }) : answer(call, told);
}

type PutBody = z.output<typeof contract.putSubscriptionBody>;

async function putCalled(call: SubscriptionCall, name: string, body: Extract<PutBody, { pull: false }>) {
  const { pull: _kind, secret, from, paused, ...config } = body;
  const put = requireResult(await call.broker.subscription(name).put({ name, config, from, ...defined({ secret, paused }) }));
  return { isNew: put.isNew, told: { ...calledAnswer(put.status), ...(put.secret === null ? {} : { secret: put.secret }) } };
}

async function putPulled(call: SubscriptionCall, name: string, body: Extract<PutBody, { pull: true }>) {
  const { pull: _kind, from, paused, ...config } = body;
  const put = requireResult(await call.broker.subscription(name).putPull({ name, config, from, ...defined({ paused }) }));
  return { isNew: put.isNew, told: await pullSubscriptionAnswer(call, put.status) };
}

export async function getSubscription(call: SubscriptionCall): Promise<Response> {
  return subscriptionAnswer(call, await call.broker.subscription(call.params.subscription).status());
}

export async function deleteSubscription(call: SubscriptionCall): Promise<Response> {
  const failed = await call.broker.subscription(call.params.subscription).remove();
  if (failed !== null) throw new ProblemError(failed);
  return noContent();
}

export async function pauseSubscription(call: SubscriptionCall): Promise<Response> {
  return subscriptionAnswer(call, await call.broker.subscription(call.params.subscription).pause());
}

export async function resumeSubscription(call: SubscriptionCall): Promise<Response> {
  return subscriptionAnswer(call, await call.broker.subscription(call.params.subscription).resume());
}

export async function replaySubscription(call: SubscriptionCall): Promise<Response> {
  const body = await validBody(call.request, contract.replayBody);
  const moved = requireResult(await call.broker.replaySubscription({ name: call.params.subscription, ...defined(body) }));
  const offsets = moved.offsets.map(({ topic, partition, from, to, failure }) => ({ topic, partition, from, to, ...refusal(failure) }));
  const failures = moved.offsets.flatMap(({ failure }) => failure ?? []);
  if (offsets.length > 0 && failures.length === offsets.length) throw new ProblemError(failures[0]!, { extensions: { offsets } });
  return answer(call, { dryRun: body.dryRun, offsets });
}

export async function rotateSecret(call: SubscriptionCall): Promise<Response> {
  const body = await validBody(call.request, contract.rotateSecretBody);
  const rotated = requireResult(await call.broker.subscription(call.params.subscription).rotateSecret(defined(body)));
  return answer(call, { secret: rotated.secret, previousValidUntil: rotated.previousValidUntilMs });
}

export async function redriveSubscription(call: SubscriptionCall): Promise<Response> {
  const body = await validBody(call.request, contract.redriveBody);
  const request = { select: selectionOf(body), dryRun: body.dryRun };
  const { topic, records, partitions } = requireResult(await call.broker.subscription(call.params.subscription).redrive(request));
  return answer(call, { dryRun: body.dryRun, topic, records, partitions });
}

function selectionOf({ all, partition, offsets, fromOffset, toOffset }: z.output<typeof contract.redriveBody>) {
  const isRange = fromOffset !== undefined && toOffset !== undefined;
  if (all && partition === undefined && offsets === undefined && fromOffset === undefined && toOffset === undefined) return "all" as const;
  if (!all && partition !== undefined && offsets !== undefined && !isRange) return { partition, offsets };
  if (!all && partition !== undefined && offsets === undefined && isRange) return { partition, fromOffset, toOffset };
  throw refuse("INVALID_REQUEST", "In the body: give all, or partition with offsets, or partition with fromOffset and toOffset.");
}

export async function listSubscriptions(call: Call<object, z.output<(typeof contract.listSubscriptions)["query"]>>): Promise<Response> {
  const { names, nextCursor } = await call.broker.listSubscriptions(defined(call.query));
  return answer(call, { subscriptions: names.map((name) => ({ name })), nextCursor });
}

export async function listDeliveries(
  call: Call<SubscriptionCall["params"], z.output<(typeof contract.listDeliveries)["query"]>>,
): Promise<Response> {
  const page = requireResult(await call.broker.deliveries({ name: call.params.subscription, ...defined(call.query) }));
  const deliveries = page.deliveries.map(({ subscription: _subscription, ...attempt }) => attempt);
  return answer(call, { deliveries, nextCursor: page.nextCursor });
}

async function subscriptionAnswer(call: SubscriptionCall, told: AnySubscriptionStatus | Failure): Promise<Response> {
  const status = requireResult(told);
  return answer(call, isPulled(status) ? await pullSubscriptionAnswer(call, status) : calledAnswer(status));
}

function calledAnswer({ name, config, createdAtMs, pausedReason, parked, previousSecretUntilMs, ...state }: SubscriptionStatus) {
  const { endpoint, inFlight, heldRecords } = state;
  return {
    name,
    pull: false,
    ...config,
    createdAt: createdAtMs,
    paused: pausedReason !== null,
    pausedReason,
    endpoint,
    inFlight,
    heldRecords,
    parked: parked.map(({ dueMs, ...one }) => ({ ...one, dueAt: dueMs })),
    previousSecretUntil: previousSecretUntilMs,
  };
}

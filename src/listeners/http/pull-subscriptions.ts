// /v1/subscriptions that are pulled from: pull, ack, and how one is doing. All of it is the share group's of the same name.

import type { PullSubscriptionStatus } from "../../broker/ports/subscription.ts";
import type { PullResult } from "../../broker/share-groups.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import * as contract from "../../contract/pull-subscriptions.ts";
import type { z } from "../../contract/zod.ts";
import type { Call } from "./call.ts";
import { defined } from "./defined.ts";
import { ProblemError, requireResult } from "./problem.ts";
import { partitionAnswer, pulledAnswer, settle, settlementsOf } from "./share-groups.ts";
import { validBody } from "./validate.ts";

type PullBody = z.output<typeof contract.pullSubscriptionBody>;
type Params = z.output<(typeof contract.ackOfSubscription)["params"]>;

export async function pullFromSubscription(
  call: Call<Params, z.output<(typeof contract.pullFromSubscription)["query"]>>,
): Promise<Response> {
  const body = await validBody(call.request, contract.pullSubscriptionBody);
  const first = await pullAsKnown(call, body);
  // The subscription that the edge knew was deleted, and forgotten by this; there may be another one.
  const pulled = isFailure(first) && first.error === "GROUP_ID_NOT_FOUND" ? await pullAsKnown(call, body) : first;
  return pulledAnswer(call, requireResult(pulled));
}

async function pullAsKnown({ params, broker, request }: Call<Params>, body: PullBody): Promise<PullResult | Failure> {
  const { subscription: name } = params;
  const topics = await broker.pulledTopics(name);
  if (isFailure(topics)) return topics;
  return broker.shareGroups.pull({ groupId: name, topics, mustExist: true, ...defined(body), signal: request.signal });
}

export async function ackOfSubscription(call: Call<Params>): Promise<Response> {
  const settlements = settlementsOf(await validBody(call.request, contract.ackBody));
  const { subscription: name } = call.params;
  const known = await call.broker.pulledTopics(name);
  // What is leased may be settled though its topics are gone.
  if (isFailure(known) && known.error !== "UNKNOWN_TOPIC_OR_PARTITION") throw new ProblemError(known);
  return settle(call, name, settlements);
}

/** What it was told, and how far it is. */
export async function pullSubscriptionAnswer({ broker }: Call, { name, config, createdAtMs, paused }: PullSubscriptionStatus) {
  const described = await broker.shareGroups.describe(name);
  // Without the group it is being made, or deleted.
  if (isFailure(described) && described.error !== "GROUP_ID_NOT_FOUND") throw new ProblemError(described);
  const all = isFailure(described) ? [] : described.partitions;
  const partitions = all.filter(({ topic }) => config.topics.includes(topic));
  const isKnown = !isFailure(described) && partitions.every(({ lag }) => lag !== null);
  return {
    name,
    pull: true,
    ...config,
    createdAt: createdAtMs,
    paused,
    pausedReason: paused ? "paused by request" : null,
    lag: isKnown ? partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0) : null,
    partitions: partitions.map(partitionAnswer),
  };
}

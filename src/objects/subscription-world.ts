// The world of a subscription's deliveries (src/subscription/world.ts) over the broker and the objects. Nothing in it rejects: a call that
// breaks is a failure, and is made again by whoever needs it.

import type { Broker } from "../broker/broker.ts";
import { createBroker } from "../broker/create-broker.ts";
import type { ProduceRecord } from "../broker/messages/produce.ts";
import type { Ports } from "../broker/ports.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { HOOK_READ_BYTES, MAX_HELD_BYTES } from "../common/limits/subscriptions.ts";
import type { Env } from "../env.ts";
import { type Attempt, DELIVERIES_TOPIC, DELIVERIES_TOPIC_CONFIGS, DELIVERIES_TOPIC_PARTITIONS } from "../subscription/attempt-log.ts";
import { bindingOf, type EndpointRules } from "../subscription/endpoint-url.ts";
import type { Registry } from "../subscription/host.ts";
import type { TrackSource } from "../subscription/track.ts";
import type { DeliveryWorld, GroupOffset, GroupOffsets, OutOfRange, PartitionRead, StartQuery } from "../subscription/world.ts";
import { brokerState } from "./broker-state.ts";
import type { GroupObject } from "./group.ts";
import { clusterObject } from "./names.ts";
import { createPorts } from "./ports.ts";

/** Bindings that are the broker's own: a subscription must not call them. */
const OWN_BINDINGS = new Set([
  ...["CLUSTER", "PARTITION", "GROUP", "CONNECTION", "TRANSACTION", "SUBSCRIPTION", "SHARE_GROUP", "SHARE_PARTITION"],
  ...["ARCHIVE", "WEBHOOKS", "ASSETS"],
]);

export function endpointRules(env: Env): EndpointRules {
  return {
    allowPrivate: env.SLUICE_ALLOW_PRIVATE_WEBHOOKS === "1",
    hasBinding: (name) => serviceBinding(env, name) !== null,
  };
}

function serviceBinding(env: Env, name: string): Fetcher | null {
  const binding = OWN_BINDINGS.has(name) ? undefined : (env as unknown as Record<string, unknown>)[name];
  const isService = typeof binding === "object" && binding !== null && typeof (binding as Fetcher).fetch === "function";
  return isService ? (binding as Fetcher) : null;
}

/** Subscriptions by the name of their object: `name` is known with the first request. */
export interface WorldOptions {
  readonly env: Env;
  readonly storage: DurableObjectStorage;
  readonly name: string;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export function createWorld({ env, storage, name, waitUntil }: WorldOptions): DeliveryWorld & Registry {
  const ports = createPorts(env, waitUntil);
  const broker = createBroker(ports, brokerState);
  const group = (): Pick<GroupObject, "attachSubscription" | "commitForSubscription" | "detachSubscription"> =>
    env.GROUP.getByName(name) as unknown as GroupObject;
  return {
    now: Date.now,
    random: Math.random,
    timer(delayMs, work) {
      const id = setTimeout(work, delayMs);
      return () => clearTimeout(id);
    },
    setAlarm: (atMs) => waitUntil(atMs === null ? storage.deleteAlarm() : storage.setAlarm(atMs)),
    call: (url, init) => callEndpoint(env, url, init),
    json: brokerState.json,

    partitions: (topic) => partitionsOf(broker, topic),
    startOffset: (source, query) => orUnreachable(startOffset(broker, source, query)),
    read: (source, fromOffset, maxRecords) => orUnreachable(readPartition(broker, source, fromOffset, maxRecords)),
    arm: (source, pastOffset, isDurable) =>
      orUnreachable(armPartition(broker, ports, source, { subscription: name, pastOffset, isDurable })),
    commit: (offsets, fence) => orUnreachable(group().commitForSubscription(name, offsets.map(toCommit), fence)),
    produceDeadLetters: (topic, records) => orUnreachable(produce(broker, topic, records)),
    logAttempts: (attempts) => logAttempts(broker, attempts),

    register: (subscription, topics) => orUnreachable(clusterObject(env).registerSubscription(subscription, topics)),
    unregister: (subscription) => orUnreachable(unregister(env, subscription)),
    attach: (groupId) => orUnreachable<GroupOffsets | Failure>(group().attachSubscription(groupId)),
    detach: (groupId) => orUnreachable(group().detachSubscription(groupId)),
    ensureTopic: (topic) => orUnreachable(ensureTopic(broker, topic)),
  };
}

function callEndpoint(env: Env, url: string, init: RequestInit): Promise<Response> {
  const binding = bindingOf(url);
  if (binding !== null) {
    const service = serviceBinding(env, binding.name);
    if (service === null) throw new Error(`there is no service binding ${binding.name} any more`);
    return service.fetch(binding.url, init);
  }
  return env.WEBHOOKS ? env.WEBHOOKS.fetch(url, init) : fetch(url, init);
}

/** Past the cache: what is asked for is what has just changed. */
async function partitionsOf(broker: Broker, name: string): Promise<readonly TrackSource[] | null> {
  brokerState.clusterCache.invalidate(name);
  const described = await broker.topic(name);
  if (isFailure(described)) return null;
  const { topicId, partitionCount } = described;
  return Array.from({ length: partitionCount }, (_, partition) => ({ topicId, topic: name, partition }));
}

async function startOffset(broker: Broker, { topic, partition }: TrackSource, query: StartQuery): Promise<number | Failure> {
  const found = await broker.offset(topic, partition, query);
  if (isFailure(found)) return found;
  return found.offset < 0 ? found.highWatermark : found.offset; // no record so late: the end
}

async function readPartition(
  broker: Broker,
  source: TrackSource,
  fromOffset: number,
  maxRecords: number,
): Promise<PartitionRead | OutOfRange | Failure> {
  const { topic, partition } = source;
  const limits = { maxBytes: HOOK_READ_BYTES, maxRecords, minBytes: 0, maxWaitMs: 0, isolation: "read_committed" as const };
  if (!(await isSameTopic(broker, source))) return failure("UNKNOWN_TOPIC_OR_PARTITION", `topic '${topic}' is another one now`);
  const result = await broker.fetch({ topic, partition, start: fromOffset, ...limits });
  if (isFailure(result)) return "offsets" in result && result.offsets !== undefined ? result.offsets : result;
  const { highWatermark } = result;
  if (result.batches.byteLength === 0) return { records: [], nextOffset: result.nextOffset, highWatermark };
  const decoded = brokerState.codec.decode(
    new Uint8Array(result.batches),
    fromOffset,
    { maxRecords, maxBytes: MAX_HELD_BYTES },
    result.abortedTransactions,
  );
  if (isFailure(decoded)) return decoded;
  return { records: decoded.records, nextOffset: Math.max(decoded.nextOffset, fromOffset), highWatermark };
}

/** A topic that was made anew under its name has other partitions: their offsets mean something else. */
async function isSameTopic(broker: Broker, { topic, topicId }: TrackSource): Promise<boolean> {
  const found = await broker.topic(topic);
  return !isFailure(found) && found.topicId === topicId;
}

async function armPartition(
  broker: Broker,
  ports: Ports,
  source: TrackSource,
  request: Parameters<ReturnType<Ports["partition"]>["arm"]>[1],
): Promise<number | Failure> {
  const found = await broker.topic(source.topic);
  if (isFailure(found)) return found;
  const { topicId, partition } = source;
  if (found.topicId !== topicId) return failure("UNKNOWN_TOPIC_OR_PARTITION", `topic '${source.topic}' is another one now`);
  const answer = await ports.partition(topicId, partition).arm({ topicId, partition, topicVersion: found.version }, request);
  const isGone = typeof answer !== "number" && answer.error === "UNKNOWN_TOPIC_ID";
  return isGone ? failure("UNKNOWN_TOPIC_OR_PARTITION", answer.detail) : answer;
}

async function produce(broker: Broker, topic: string, records: readonly ProduceRecord[]): Promise<Failure | null> {
  const result = await broker.produce({ topic, records, compression: "none" });
  if (isFailure(result)) return result;
  return result.refused[0]?.failure ?? result.results.find(({ failure: refused }) => refused !== undefined)?.failure ?? null;
}

async function logAttempts(broker: Broker, attempts: readonly Attempt[]): Promise<void> {
  const records = attempts.map((attempt) => ({ key: attempt.subscription, value: JSON.stringify(attempt) }));
  const failed = await orUnreachable(produce(broker, DELIVERIES_TOPIC, records));
  if (failed !== null)
    console.warn(JSON.stringify({ message: "attempts could not be logged", count: attempts.length, error: failed.detail }));
}

async function ensureTopic(broker: Broker, name: string): Promise<Failure | null> {
  if (!isFailure(await broker.topic(name))) return null;
  const isLog = name === DELIVERIES_TOPIC;
  const made = await broker.createTopic(
    isLog ? { name, partitions: DELIVERIES_TOPIC_PARTITIONS, configs: DELIVERIES_TOPIC_CONFIGS } : { name },
  );
  return isFailure(made) && made.error !== "TOPIC_ALREADY_EXISTS" ? made : null;
}

async function unregister(env: Env, subscription: string): Promise<null> {
  await clusterObject(env).unregisterSubscription(subscription);
  return null;
}

function toCommit(offset: GroupOffset) {
  return { ...offset, leaderEpoch: -1, metadata: "" };
}

export async function orUnreachable<T>(call: Promise<T>): Promise<T | Failure> {
  try {
    return await call;
  } catch (error) {
    return failure("LEADER_NOT_AVAILABLE", `an object that the subscription needs cannot be reached right now: ${String(error)}`);
  }
}

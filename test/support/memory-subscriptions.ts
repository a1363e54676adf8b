// Subscriptions for the listeners' tests: those that are called only remember what they were told, those that are pulled from work.

import type * as Ports from "../../src/broker/ports/subscription.ts";
import { type Failure, failure, isFailure } from "../../src/common/errors.ts";
import { isCalled, isPulledFrom, type StoredPullSubscription } from "../../src/subscription/pull-config.ts";
import { PullHost } from "../../src/subscription/pull-host.ts";
import type { MemoryBroker } from "./memory-broker.ts";
import type { MemoryShareGroups } from "./memory-share-groups.ts";

const SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgPxZ0tNM=";

export class MemorySubscriptions {
  private readonly known = new Map<string, Ports.SubscriptionStatus>();
  private readonly pulled = new Map<string, PullHost>();
  private readonly broker: MemoryBroker;
  private readonly shares: MemoryShareGroups;

  constructor(broker: MemoryBroker, shares: MemoryShareGroups) {
    this.broker = broker;
    this.shares = shares;
  }

  names(): string[] {
    return [...this.known.keys(), ...[...this.pulled].flatMap(([name, host]) => (host.exists ? [name] : []))].sort();
  }

  port(name: string): Ports.SubscriptionPort {
    const pull = this.pullHost(name);
    if (pull.exists) return this.pulledPort(name, pull);
    const paused = async (pausedReason: string | null) => this.change(name, { pausedReason });
    return {
      put: async (request) => this.put(request),
      putPull: async (request) => (this.known.has(name) ? isCalled(name, "delete it first") : pull.put(request)),
      status: async () => this.change(name, {}),
      pause: () => paused("paused by request"),
      resume: () => paused(null),
      rotateSecret: async ({ secret = SECRET, overlapMs }) => {
        const status = this.change(name, { previousSecretUntilMs: overlapMs });
        return "error" in status ? status : { secret, previousValidUntilMs: overlapMs };
      },
      redrive: async () => {
        const status = this.change(name, {});
        return "error" in status ? status : { topic: "dead", records: 0, partitions: [] };
      },
      remove: async () => (this.known.delete(name) ? null : unknown()),
    };
  }

  private pulledPort(name: string, pull: PullHost): Ports.SubscriptionPort {
    return {
      put: async () => isPulledFrom(name, "delete it first"),
      putPull: (request) => pull.put(request),
      status: async () => pull.status(),
      pause: () => pull.setPaused(true),
      resume: () => pull.setPaused(false),
      rotateSecret: async () => isPulledFrom(name, "it has no secret"),
      redrive: async () => isPulledFrom(name, "pull its dead letters"),
      remove: () => pull.delete(name),
    };
  }

  private pullHost(name: string): PullHost {
    let host = this.pulled.get(name);
    if (host === undefined) {
      host = this.newPullHost();
      this.pulled.set(name, host);
    }
    return host;
  }

  private newPullHost(): PullHost {
    const { broker, shares } = this;
    let stored: StoredPullSubscription | null = null;
    return new PullHost(
      {
        now: () => 1,
        partitions: async (topic) => broker.topics.get(topic)?.partitions ?? null,
        ensureTopic: async (topic) => {
          if (!broker.topics.has(topic)) await broker.createTopic({ name: topic });
          return null;
        },
        register: async () => null,
        unregister: async () => null,
        attachShareGroup: async (name, settings, topics) => {
          const attached = await shares.coordinator(name).attach(name, settings, topics);
          return isFailure(attached) ? attached : null;
        },
        beginTopics: async (name, topics) => {
          const { groupUuid } = shares.coordinator(name).view()!;
          for (const topic of topics) {
            const { topicId, version, partitionCount } = broker.topics.get(topic)!.metadata;
            await shares.coordinator(name).subscribe(groupUuid, { topicId, topic, topicVersion: version, partitionCount });
          }
          return null;
        },
        detachShareGroup: async (name) => shares.coordinator(name).detach(name),
      },
      {
        get: () => stored,
        put: (subscription) => {
          stored = subscription;
        },
        clear: async () => {
          stored = null;
        },
      },
    );
  }

  private put({ name, config, secret, paused = false }: Ports.PutSubscription): Ports.PutResult {
    const isNew = !this.known.has(name);
    const state = { endpoint: "closed", inFlight: 0, heldRecords: 0, parked: [], previousSecretUntilMs: null } as const;
    const status = { name, config, createdAtMs: 1, pausedReason: paused ? "paused by request" : null, ...state };
    this.known.set(name, status);
    return { status, isNew, secret: isNew && secret === undefined ? SECRET : null };
  }

  private change(name: string, changes: Partial<Ports.SubscriptionStatus>): Ports.SubscriptionStatus | Failure {
    const status = this.known.get(name);
    if (status === undefined) return unknown();
    this.known.set(name, { ...status, ...changes });
    return { ...status, ...changes };
  }
}

function unknown(): Failure {
  return failure("RESOURCE_NOT_FOUND", "there is no such subscription");
}

// The edge's view of the cluster: topics as they were a moment ago, kept for all requests of an isolate, so that a produce or a fetch
// costs the cluster object nothing. `ClusterCache` is the data, one in each isolate; `CachedCluster` is the cluster port of one request.
//
// Requests share data, never promises: a promise belongs to the request that made it, and is never settled when that one is cut off
// (platform: cross-request I/O). So a request waits only for loads of its own. When an entry has expired, one request takes the refresh
// upon itself, and the others use what there is for a moment longer; the claim lapses with the request that made it.
//
// Invariants: a topic never replaces a newer version of itself. A load that began before an invalidation, or before a newer entry came,
// removes nothing and restores nothing. That a topic is not there is never remembered.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { storageFault } from "../common/storage-fault.ts";
import type {
  AlterTopicRequest,
  ClusterPort,
  CreateTopicRequest,
  GroupPage,
  PageRequest,
  ProducerIdBlock,
  ShareGroupPage,
  TopicMetadata,
  TopicPage,
  TransactionPage,
} from "./ports.ts";

/** How long a topic is believed without asking: a change takes this long, and REFRESH_MS more at the worst, to reach every edge. */
const DEFAULT_TTL_MS = 5_000;

/** How long an expired topic is still served while a request refreshes it. */
const REFRESH_MS = 1_000;

/** Topics of about 1 KB each, in an isolate of 128 MB. */
const DEFAULT_MAX_TOPICS = 5_000;

export interface ClusterCacheOptions {
  /** ms; any clock that does not go back */
  readonly now: () => number;
  readonly ttlMs?: number;
  readonly maxTopics?: number;
}

interface Entry {
  readonly topic: TopicMetadata;
  readonly expiresAtMs: number;
  /** Until then somebody is refreshing it. */
  refreshUntilMs: number;
  /** #changes when the entry came. */
  readonly changedAt: number;
}

/** When a load began, in changes of the cache. */
export type LoadStart = number;

export class ClusterCache {
  /** Never changes once it is known. */
  clusterId: string | null = null;
  readonly #now: () => number;
  readonly #ttlMs: number;
  readonly #maxTopics: number;
  /** By name, the least recently used first. */
  readonly #entries = new Map<string, Entry>();
  readonly #nameById = new Map<string, string>();
  #changes = 0;
  #invalidatedAt = 0;

  constructor({ now, ttlMs = DEFAULT_TTL_MS, maxTopics = DEFAULT_MAX_TOPICS }: ClusterCacheOptions) {
    this.#now = now;
    this.#ttlMs = ttlMs;
    this.#maxTopics = maxTopics;
  }

  /** The topic, or null when the caller has to load it. */
  topic(name: string): TopicMetadata | null {
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    const now = this.#now();
    if (now >= entry.expiresAtMs) {
      const isOthersToRefresh = now < entry.refreshUntilMs && now < entry.expiresAtMs + REFRESH_MS;
      if (!isOthersToRefresh) {
        entry.refreshUntilMs = now + REFRESH_MS;
        return null;
      }
    }
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.topic;
  }

  topicById(topicId: string): TopicMetadata | null {
    const name = this.#nameById.get(topicId);
    return name === undefined ? null : this.topic(name);
  }

  /** To be passed to `put`, `missing` or `missingById` when the load is done. */
  beginLoad(): LoadStart {
    return this.#changes;
  }

  /** Keeps a topic that was loaded, unless it is out of date already. */
  put(topic: TopicMetadata, start: LoadStart): void {
    const known = this.#entries.get(topic.name);
    if (known !== undefined && known.topic.version > topic.version) return;
    this.#remove(topic.name);
    if (start < this.#invalidatedAt) return;
    this.#changes += 1;
    this.#nameById.set(topic.topicId, topic.name);
    this.#entries.set(topic.name, { topic, expiresAtMs: this.#now() + this.#ttlMs, refreshUntilMs: 0, changedAt: this.#changes });
    this.#evict();
  }

  /** Forgets a topic that was not there when it was loaded, unless it came since. */
  missing(name: string, start: LoadStart): void {
    const known = this.#entries.get(name);
    if (known !== undefined && known.changedAt <= start) this.#remove(name);
  }

  missingById(topicId: string, start: LoadStart): void {
    const name = this.#nameById.get(topicId);
    if (name !== undefined) this.missing(name, start);
  }

  /** Forgets the topic with this name or id, and what loads that are under way are about to say. */
  invalidate(nameOrTopicId: string): void {
    this.#changes += 1;
    this.#invalidatedAt = this.#changes;
    this.#remove(nameOrTopicId);
    this.#remove(this.#nameById.get(nameOrTopicId) ?? "");
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#nameById.delete(entry.topic.topicId);
  }

  #evict(): void {
    for (const name of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxTopics) return;
      this.#remove(name);
    }
  }
}

/** The cluster port of one request, over a cache that it shares with all others. */
export class CachedCluster implements ClusterPort {
  readonly #cluster: ClusterPort;
  readonly #cache: ClusterCache;
  /**
   * This request's own loads, so that it asks once for a topic. While one is under way its later looks wait for it too, also where the
   * cache would do: a connection's produces all begin with a look, and none may overtake another.
   */
  readonly #loads = new Map<string, Promise<TopicMetadata | null>>();

  constructor(cluster: ClusterPort, cache: ClusterCache) {
    this.#cluster = cluster;
    this.#cache = cache;
  }

  async clusterId(): Promise<string> {
    this.#cache.clusterId ??= await this.#cluster.clusterId();
    return this.#cache.clusterId;
  }

  async topic(name: string): Promise<TopicMetadata | null> {
    const key = `name ${name}`;
    const ask = () => this.#cluster.topic(name);
    const known = this.#loads.has(key) ? null : this.#cache.topic(name);
    return known ?? this.#load(key, ask, (start) => this.#cache.missing(name, start));
  }

  async topicById(topicId: string): Promise<TopicMetadata | null> {
    const key = `id ${topicId}`;
    const ask = () => this.#cluster.topicById(topicId);
    const known = this.#loads.has(key) ? null : this.#cache.topicById(topicId);
    return known ?? this.#load(key, ask, (start) => this.#cache.missingById(topicId, start));
  }

  /** Makes the next look at the topic ask the cluster: for when a partition knows better. */
  invalidate(nameOrTopicId: string): void {
    this.#cache.invalidate(nameOrTopicId);
  }

  listTopics(request: PageRequest): Promise<TopicPage> {
    return this.#cluster.listTopics(request);
  }

  async createTopic(request: CreateTopicRequest): Promise<TopicMetadata | Failure> {
    const start = this.#cache.beginLoad();
    const topic = await orStorageError(this.#cluster.createTopic(request));
    if (!isFailure(topic) && request.validateOnly !== true) this.#cache.put(topic, start);
    return topic;
  }

  async alterTopic(name: string, request: AlterTopicRequest): Promise<TopicMetadata | Failure> {
    const start = this.#cache.beginLoad();
    const topic = await orStorageError(this.#cluster.alterTopic(name, request));
    if (!isFailure(topic) && request.validateOnly !== true) this.#cache.put(topic, start);
    return topic;
  }

  async deleteTopic(name: string): Promise<TopicMetadata | Failure> {
    try {
      return await orStorageError(this.#cluster.deleteTopic(name));
    } finally {
      this.#cache.invalidate(name); // also after a failed call: it may have been done all the same
    }
  }

  allocateProducerIds(): Promise<ProducerIdBlock> {
    return this.#cluster.allocateProducerIds();
  }

  registerGroup(groupId: string): Promise<Failure | null> {
    return this.#cluster.registerGroup(groupId);
  }

  unregisterGroup(groupId: string): Promise<void> {
    return this.#cluster.unregisterGroup(groupId);
  }

  listGroups(request: PageRequest): Promise<GroupPage> {
    return this.#cluster.listGroups(request);
  }

  registerTransaction(transactionalId: string): Promise<void> {
    return this.#cluster.registerTransaction(transactionalId);
  }

  unregisterTransaction(transactionalId: string): Promise<void> {
    return this.#cluster.unregisterTransaction(transactionalId);
  }

  listTransactions(request: PageRequest): Promise<TransactionPage> {
    return this.#cluster.listTransactions(request);
  }

  registerShareGroup(groupId: string): Promise<Failure | null> {
    return this.#cluster.registerShareGroup(groupId);
  }

  unregisterShareGroup(groupId: string): Promise<void> {
    return this.#cluster.unregisterShareGroup(groupId);
  }

  listShareGroups(request: PageRequest): Promise<ShareGroupPage> {
    return this.#cluster.listShareGroups(request);
  }

  #load(key: string, ask: () => Promise<TopicMetadata | null>, missing: (start: LoadStart) => void): Promise<TopicMetadata | null> {
    const running = this.#loads.get(key);
    if (running !== undefined) return running;
    const load = this.#ask(ask, missing).finally(() => this.#loads.delete(key));
    this.#loads.set(key, load);
    return load;
  }

  async #ask(ask: () => Promise<TopicMetadata | null>, missing: (start: LoadStart) => void): Promise<TopicMetadata | null> {
    const start = this.#cache.beginLoad();
    const topic = await ask();
    if (topic === null) missing(start);
    else this.#cache.put(topic, start);
    return topic;
  }
}

/** A disk that takes nothing is told to clients of either door; anything else that a call throws is the platform's, and is thrown on. */
async function orStorageError<T>(change: Promise<T>): Promise<T | Failure> {
  try {
    return await change;
  } catch (thrown) {
    const fault = storageFault(thrown);
    if (fault === null) throw thrown;
    return failure("KAFKA_STORAGE_ERROR", `the change of the topic could not be stored: ${fault}`);
  }
}

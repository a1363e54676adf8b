// The cluster object: topics, producer ids, the names of the groups, transactional ids and subscriptions; users, tokens, ACLs and quotas;
// sources of inbound webhooks. One for all, named in names.ts. Its methods are ClusterPort's (src/broker/ports.ts), SecurityPort's
// (src/security/messages.ts) and IngestSourcesPort's (src/ingest/messages.ts), called over RPC.
//
// A deletion is durable, and the name free, before the first partition hears of it. The alarm that takes over where this invocation
// ends is set in the same write; when it finds nothing left it costs less than its removal would have.

import { DurableObject } from "cloudflare:workers";
import type {
  AlterTopicRequest,
  ClusterPort,
  CreateTopicRequest,
  GroupPage,
  PageRequest,
  ProducerIdBlock,
  ShareGroupPage,
  SubscriptionPage,
  SubscriptionsPort,
  TopicMetadata,
  TopicPage,
  TransactionPage,
} from "../broker/ports.ts";
import { waitAtMost } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { PRODUCER_ID_BLOCK_SIZE } from "../common/limits/transactions.ts";
import { readTopicCreationConfigs } from "../common/topic-creation-configs.ts";
import { TopicDeletion } from "../coordinator/topic-deletion.ts";
import { TopicRegistry } from "../coordinator/topic-registry.ts";
import type { Env } from "../env.ts";
import type { IngestSourcesPort, PutSource, RotateSourceSecret } from "../ingest/messages.ts";
import { IngestSourceRegistry } from "../ingest/source-registry.ts";
import type { AclBinding, AclFilter } from "../security/acl.ts";
import type { QuotaChange } from "../security/client-quota.ts";
import type { CreateTokenRequest, CredentialDeletion, PutUserRequest, SecurityPort, UserCredential } from "../security/messages.ts";
import { SecurityRegistry } from "../security/security-registry.ts";
import { SqliteIngestSourceStore } from "../storage/sqlite-ingest-source-store.ts";
import { SqliteSecurityStore } from "../storage/sqlite-security-store.ts";
import { SqliteSubscriptionNames } from "../storage/sqlite-subscription-names.ts";
import { SqliteTopicStore } from "../storage/sqlite-topic-store.ts";
import { partitionObjectName } from "./names.ts";
import { SubscriptionRegistry } from "./subscription-registry.ts";
import { tellTopicsChanged } from "./subscription-stub.ts";

/** How long a caller waits for the partitions to be gone: less than the 30 s of Kafka's clients. */
const DELETION_WAIT_MS = 20_000;

/** When the alarm looks after a deletion that was begun: not while the caller still waits. */
const DELETION_ALARM_MS = 30_000;

export class ClusterObject extends DurableObject<Env> implements ClusterPort, SecurityPort, SubscriptionsPort, IngestSourcesPort {
  readonly #store: SqliteTopicStore;
  readonly #registry: TopicRegistry;
  readonly #deletion: TopicDeletion;
  readonly #security: SecurityRegistry;
  readonly #subscriptions: SubscriptionRegistry;
  readonly #ingestSources: IngestSourceRegistry;

  /** How long `deleteTopic` waits. */
  deletionWaitMs = DELETION_WAIT_MS;

  /** A property, not a method, as the one above: RPC does not reach them. */
  destroyPartition = async (topicId: string, partition: number): Promise<void> => {
    await this.env.PARTITION.getByName(partitionObjectName(topicId, partition)).destroy();
  };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new SqliteTopicStore(ctx.storage);
    const { defaultPartitions } = readTopicCreationConfigs(env.SLUICE_TOPIC_CONFIGS);
    this.#registry = new TopicRegistry(this.#store, { now: Date.now, randomUuid: () => crypto.randomUUID(), defaultPartitions });
    this.#deletion = new TopicDeletion(this.#store, (topicId, partition) => this.destroyPartition(topicId, partition));
    this.#security = new SecurityRegistry(new SqliteSecurityStore(ctx.storage), Date.now);
    this.#subscriptions = new SubscriptionRegistry(new SqliteSubscriptionNames(ctx.storage), (name) => tellTopicsChanged(env, name));
    this.#ingestSources = new IngestSourceRegistry(new SqliteIngestSourceStore(ctx.storage), Date.now);
    if (this.#deletion.backoffMs() !== null) void ctx.blockConcurrencyWhile(() => this.#ensureAlarm());
  }

  async clusterId(): Promise<string> {
    return this.#store.clusterId();
  }

  async topic(name: string): Promise<TopicMetadata | null> {
    return this.#registry.topic(name);
  }

  /** Those of the names that exist: for groups, whose members subscribe to many. */
  async topicsNamed(names: readonly string[]): Promise<readonly TopicMetadata[]> {
    return names.flatMap((name) => this.#registry.topic(name) ?? []);
  }

  async topicById(topicId: string): Promise<TopicMetadata | null> {
    return this.#registry.topicById(topicId);
  }

  async listTopics(request: PageRequest): Promise<TopicPage> {
    return this.#registry.listTopics(request);
  }

  async createTopic(request: CreateTopicRequest): Promise<TopicMetadata | Failure> {
    return this.#tellSubscribers(this.#registry.createTopic(request), request.validateOnly);
  }

  async alterTopic(name: string, request: AlterTopicRequest): Promise<TopicMetadata | Failure> {
    return this.#tellSubscribers(this.#registry.alterTopic(name, request), request.validateOnly);
  }

  async deleteTopic(name: string): Promise<TopicMetadata | Failure> {
    const topic = this.#registry.beginDeletion(name);
    if (isFailure(topic)) return topic;
    this.#ingestSources.removeTopic(name);
    // No await between the deletion's writes and this call: they are one write.
    const alarmSet = this.ctx.storage.setAlarm(Date.now() + DELETION_ALARM_MS);
    await Promise.all([alarmSet, waitAtMost(this.deletionWaitMs, this.#deletion.run(topic.topicId))]);
    return topic;
  }

  async allocateProducerIds(): Promise<ProducerIdBlock> {
    return { firstProducerId: this.#store.allocateProducerIds(PRODUCER_ID_BLOCK_SIZE), count: PRODUCER_ID_BLOCK_SIZE };
  }

  async registerGroup(groupId: string): Promise<Failure | null> {
    return this.#registry.registerGroup(groupId);
  }

  async unregisterGroup(groupId: string): Promise<void> {
    this.#store.removeGroup(groupId);
  }

  async listGroups(request: PageRequest): Promise<GroupPage> {
    return this.#registry.listGroups(request);
  }

  async registerTransaction(transactionalId: string): Promise<void> {
    this.#store.addTransaction(transactionalId);
  }

  async unregisterTransaction(transactionalId: string): Promise<void> {
    this.#store.removeTransaction(transactionalId);
  }

  async listTransactions(request: PageRequest): Promise<TransactionPage> {
    return this.#registry.listTransactions(request);
  }

  async registerShareGroup(groupId: string): Promise<Failure | null> {
    return this.#registry.registerShareGroup(groupId);
  }

  async unregisterShareGroup(groupId: string): Promise<void> {
    this.#store.removeShareGroup(groupId);
  }

  async listShareGroups(request: PageRequest): Promise<ShareGroupPage> {
    return this.#registry.listShareGroups(request);
  }

  async securitySnapshot(knownVersion: number | null) {
    return this.#security.snapshot(knownVersion);
  }

  async putUser(request: PutUserRequest) {
    return this.#security.putUser(request);
  }

  async deleteUser(user: string) {
    return this.#security.deleteUser(user);
  }

  async alterCredentials(deletions: readonly CredentialDeletion[], upsertions: readonly UserCredential[]) {
    return this.#security.alterCredentials(deletions, upsertions);
  }

  async createToken(request: CreateTokenRequest) {
    return this.#security.createToken(request);
  }

  async deleteToken(name: string) {
    return this.#security.deleteToken(name);
  }

  async createAcls(bindings: readonly AclBinding[]) {
    return this.#security.createAcls(bindings);
  }

  async deleteAcls(filters: readonly AclFilter[]) {
    return this.#security.deleteAcls(filters);
  }

  async alterQuotas(changes: readonly QuotaChange[], validateOnly: boolean) {
    return this.#security.alterQuotas(changes, validateOnly);
  }

  async registerSubscription(name: string, topics: readonly string[]): Promise<Failure | null> {
    return this.#subscriptions.register(name, topics);
  }

  async unregisterSubscription(name: string): Promise<void> {
    this.#subscriptions.unregister(name);
  }

  async listSubscriptions(request: PageRequest): Promise<SubscriptionPage> {
    return this.#subscriptions.list(request);
  }

  async ingestSnapshot(knownVersion: number | null) {
    return this.#ingestSources.snapshot(knownVersion);
  }

  async putIngestSource(request: PutSource) {
    if (this.#registry.topic(request.topic) !== null) return this.#ingestSources.put(request);
    return failure("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic '${request.topic}': create it first`);
  }

  async rotateIngestSecret(request: RotateSourceSecret) {
    return this.#ingestSources.rotate(request);
  }

  async removeIngestSource(topic: string, name: string) {
    return this.#ingestSources.remove(topic, name);
  }

  override async alarm(): Promise<void> {
    await this.#deletion.runAll();
    const backoffMs = this.#deletion.backoffMs();
    if (backoffMs !== null) await this.ctx.storage.setAlarm(Date.now() + backoffMs);
  }

  /** The answer of a change, once the subscriptions of the topic know of it: whoever hears it finds all partitions followed. */
  async #tellSubscribers(topic: TopicMetadata | Failure, validateOnly = false): Promise<TopicMetadata | Failure> {
    if (!isFailure(topic) && !validateOnly) await this.#subscriptions.topicChanged(topic.name);
    return topic;
  }

  /** The platform gives up on an alarm after some failed tries: a start with something left takes it up again. */
  async #ensureAlarm(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + DELETION_ALARM_MS);
  }
}

// The group object: the coordinator of one consumer group, named by the group's id. Its methods are GroupPort's, ClassicGroupPort's and
// ConsumerGroupPort's (src/broker/ports.ts), called over RPC; a join or a sync that has to wait is a call that is not answered yet.

import { DurableObject } from "cloudflare:workers";
import type {
  ClassicGroupDescription,
  ClassicGroupPort,
  ConsumerGroupDescription,
  ConsumerGroupPort,
  ConsumerHeartbeat,
  ConsumerHeartbeatAnswer,
  GroupDescription,
  GroupListing,
  GroupMember,
  GroupPort,
  GroupTransactionEnd,
  HeartbeatRequest,
  JoinGroupAnswer,
  JoinGroupRequest,
  LeaveGroupRequest,
  LeftMember,
  MemberCommitRequest,
  MemberPoll,
  MemberPolled,
  OffsetCommit,
  OffsetDeletion,
  SyncGroupAnswer,
  SyncGroupRequest,
  TransactionalCommit,
} from "../broker/ports.ts";
import type { ConsumerConfigDescription } from "../common/consumer-configs.ts";
import type { Failure } from "../common/errors.ts";
import { readGroupConfigs } from "../common/group-configs.ts";
import { GroupCoordinator } from "../coordinator/group-coordinator.ts";
import { pollAsMember } from "../coordinator/member-poll.ts";
import type { Env } from "../env.ts";
import { KvGroupConfigStore } from "../storage/kv-group-config-store.ts";
import { SqliteConsumerStore } from "../storage/sqlite-consumer-store.ts";
import { SqliteGroupStore } from "../storage/sqlite-group-store.ts";
import { SqliteOffsetStore } from "../storage/sqlite-offset-store.ts";
import { SqlitePendingOffsetStore } from "../storage/sqlite-pending-offset-store.ts";
import type { GroupOffsets } from "../subscription/world.ts";
import { groupCluster } from "./group-cluster.ts";
import { GroupTimers } from "./group-timers.ts";
import { transactionObjectName } from "./names.ts";
import { SubscribedGroup } from "./subscribed-group.ts";
import { moveSubscription } from "./subscription-stub.ts";

export class GroupObject extends DurableObject<Env> implements GroupPort, ClassicGroupPort, ConsumerGroupPort {
  readonly #coordinator: GroupCoordinator;
  readonly #subscribed: SubscribedGroup;
  /** There once the constructor's work is done, which every call waits for. */
  #timers!: GroupTimers;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    const { storage } = context;
    const stores = {
      offsets: new SqliteOffsetStore(storage),
      members: new SqliteGroupStore(storage),
      consumers: new SqliteConsumerStore(storage),
      pending: new SqlitePendingOffsetStore(storage),
      configs: new KvGroupConfigStore(storage.kv),
    };
    this.#coordinator = new GroupCoordinator(stores, groupCluster(env), {
      now: Date.now,
      randomId: () => crypto.randomUUID(),
      config: readGroupConfigs(env.SLUICE_GROUP_CONFIGS),
      verifyTransaction: ({ transactionalId, producerId, producerEpoch, groupId, addsGroup }) => {
        const coordinator = env.TRANSACTION.getByName(transactionObjectName(transactionalId));
        const group = { producerId, producerEpoch, groupId };
        return addsGroup === true ? coordinator.joinGroup({ transactionalId, ...group }) : coordinator.verifyGroup(group);
      },
      schedule: (schedule) => this.#timers.update(schedule),
      cleared: () => this.#timers.alarmIsGone(),
      broken: (error) => context.abort(`the group could not be stored: ${error}`),
    });
    this.#subscribed = new SubscribedGroup(context.storage.kv, this.#coordinator);
    context.blockConcurrencyWhile(() => this.#startTimers());
  }

  join(request: JoinGroupRequest): Promise<JoinGroupAnswer> {
    return this.#coordinator.join(request);
  }

  sync(request: SyncGroupRequest): Promise<SyncGroupAnswer> {
    return this.#coordinator.sync(request);
  }

  heartbeat(request: HeartbeatRequest): Promise<null | Failure> {
    return this.#coordinator.heartbeat(request);
  }

  async leave(request: LeaveGroupRequest): Promise<readonly LeftMember[]> {
    return this.#coordinator.leave(request);
  }

  async commit(request: MemberCommitRequest): Promise<readonly (Failure | null)[] | Failure> {
    const moved = this.#subscribed.beforeCommit(request);
    const outcome = await this.#coordinator.commit(request);
    if (moved === null || "error" in outcome) return outcome;
    const offsets = moved.offsets.filter((_, index) => outcome[index] === null);
    await moveSubscription(this.env, request.groupId, { ...moved, offsets });
    return outcome;
  }

  /** A subscription of the group's name holds its offsets here from now on. */
  async attachSubscription(groupId: string): Promise<GroupOffsets | Failure> {
    return (await this.#coordinator.ensure(groupId)) ?? this.#subscribed.attach(groupId);
  }

  commitForSubscription(groupId: string, offsets: readonly OffsetCommit[], fence: number): Promise<GroupOffsets | null | Failure> {
    return this.#subscribed.commit(groupId, offsets, fence);
  }

  /** The subscription is gone, and the group with it. */
  async detachSubscription(groupId: string): Promise<null | Failure> {
    this.#subscribed.detach();
    const failed = await this.#coordinator.delete(groupId);
    const isLeft = failed?.error === "GROUP_ID_NOT_FOUND" || failed?.error === "NON_EMPTY_GROUP"; // it is gone, or its members' own
    return isLeft ? null : failed;
  }

  commitInTransaction(request: TransactionalCommit): Promise<readonly (Failure | null)[] | Failure> {
    return this.#coordinator.commitInTransaction(request);
  }

  /** Rejects where a subscription could not be told of what it has to follow: the transaction's coordinator asks again. */
  async endTransaction(end: GroupTransactionEnd): Promise<null> {
    this.#subscribed.committedInTransaction(this.#coordinator.endTransaction(end));
    await this.#subscribed.tellMoved((moved) => moveSubscription(this.env, this.ctx.id.name ?? "", moved));
    return null;
  }

  async describe(_groupId: string): Promise<GroupDescription | null> {
    return this.#coordinator.describe();
  }

  async describeClassic(_groupId: string): Promise<ClassicGroupDescription | null> {
    return this.#coordinator.describeClassic();
  }

  async listing(_groupId: string): Promise<GroupListing | null> {
    return this.#coordinator.listing();
  }

  consumerHeartbeat(request: ConsumerHeartbeat): Promise<ConsumerHeartbeatAnswer> {
    return this.#coordinator.consumerHeartbeat(request);
  }

  poll(request: MemberPoll): Promise<MemberPolled | Failure> {
    return pollAsMember(this.#coordinator, request, (commit) => this.commit(commit));
  }

  async describeConsumer(_groupId: string): Promise<ConsumerGroupDescription | null> {
    return this.#coordinator.describeConsumer();
  }

  async committedOffsets(_groupId: string, member?: GroupMember): Promise<Pick<GroupDescription, "offsets" | "unstable"> | Failure> {
    return this.#coordinator.committedOffsets(member);
  }

  async deleteOffsets(groupId: string, offsets: readonly OffsetDeletion[]): Promise<readonly (Failure | null)[] | Failure> {
    return this.#coordinator.deleteOffsets(groupId, offsets);
  }

  async describeConfigs(_groupId: string): Promise<readonly ConsumerConfigDescription[]> {
    return this.#coordinator.describeConfigs();
  }

  async alterConfigs(groupId: string, changes: Readonly<Record<string, string | null>>, validateOnly: boolean): Promise<null | Failure> {
    return this.#coordinator.alterConfigs(groupId, changes, validateOnly);
  }

  delete(groupId: string): Promise<null | Failure> {
    const refused = this.#subscribed.refuseDeletion(groupId);
    return refused === null ? this.#coordinator.delete(groupId) : Promise.resolve(refused);
  }

  override async alarm(): Promise<void> {
    this.#timers.alarmIsGone();
    await this.#subscribed.keepOffsets(this.ctx.id.name ?? "");
    await this.#coordinator.expire();
  }

  async #startTimers(): Promise<void> {
    const { storage } = this.ctx;
    this.#timers = new GroupTimers(await storage.getAlarm(), {
      now: Date.now,
      setAlarm: (atMs) => this.ctx.waitUntil(storage.setAlarm(atMs)),
      expire: () => this.ctx.waitUntil(this.#coordinator.expire()),
      sleep: () => this.#coordinator.sleep(),
    });
    this.#timers.update(this.#coordinator.schedule);
  }
}

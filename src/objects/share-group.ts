// The share group object: the settings of one share group, what it consumes, and its members by Kafka's protocol, named by the group's id. Its
// methods are ShareGroupPort's (src/broker/ports.ts), called over RPC. Pulls and acknowledgements do not come here
// (docs/decisions/0016-share-groups.md).

import { DurableObject } from "cloudflare:workers";
import type {
  ShareGroupMembers,
  ShareGroupPort,
  ShareGroupView,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  SharePartitionAddress,
  ShareTopic,
} from "../broker/ports.ts";
import { type Failure, failure } from "../common/errors.ts";
import { readGroupConfigs } from "../common/group-configs.ts";
import type { ShareSettings } from "../common/share-settings.ts";
import { ShareGroupCoordinator } from "../coordinator/share-group.ts";
import type { Env } from "../env.ts";
import { SqliteShareGroupStore } from "../storage/sqlite-share-group-store.ts";
import { groupCluster } from "./group-cluster.ts";
import { clusterObject, sharePartitionObjectName } from "./names.ts";

/** When the alarm looks after a deletion that was begun: it is seldom needed. */
const BURIAL_ALARM_MS = 30_000;

/** What the group asks of its share partitions. */
interface OwnedSharePartition {
  open(address: SharePartitionAddress): Promise<null | Failure>;
  destroy(): Promise<void>;
  forget(): Promise<void>;
}

export class ShareGroupObject extends DurableObject<Env> implements ShareGroupPort {
  readonly #coordinator: ShareGroupCoordinator;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    const cluster = () => clusterObject(env);
    const sharePartition = (groupUuid: string, topicId: string, partition: number) =>
      env.SHARE_PARTITION.getByName(sharePartitionObjectName(groupUuid, topicId, partition)) as unknown as OwnedSharePartition;
    this.#coordinator = new ShareGroupCoordinator(new SqliteShareGroupStore(context.storage), {
      randomUuid: () => crypto.randomUUID(),
      register: (groupId) => cluster().registerShareGroup(groupId),
      unregister: (groupId) => cluster().unregisterShareGroup(groupId),
      openPartition: async (address) => {
        try {
          return await sharePartition(address.groupUuid, address.topicId, address.partition).open(address);
        } catch (error) {
          return failure(
            "COORDINATOR_NOT_AVAILABLE",
            `share partition ${address.topic}/${address.partition} cannot be begun now: ${error}`,
          );
        }
      },
      destroyPartition: (groupUuid, topicId, partition) => sharePartition(groupUuid, topicId, partition).destroy(),
      forgetPartition: (groupUuid, topicId, partition) => sharePartition(groupUuid, topicId, partition).forget(),
      ringLater: () => context.waitUntil(context.storage.setAlarm(Date.now() + BURIAL_ALARM_MS)),
      now: Date.now,
      config: readGroupConfigs(env.SLUICE_GROUP_CONFIGS),
      topics: groupCluster(env),
    });
  }

  async view(): Promise<ShareGroupView | null> {
    return this.#coordinator.view();
  }

  ensure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure> {
    return this.#coordinator.ensure(groupId, settings);
  }

  configure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure> {
    return this.#coordinator.configure(groupId, settings);
  }

  attach(groupId: string, settings: Partial<ShareSettings>, topics: readonly string[]): Promise<ShareGroupView | Failure> {
    return this.#coordinator.attach(groupId, settings, topics);
  }

  detach(groupId: string): Promise<null | Failure> {
    return this.#coordinator.detach(groupId);
  }

  subscribe(groupUuid: string, topic: ShareTopic): Promise<null | Failure> {
    return this.#coordinator.subscribe(groupUuid, topic);
  }

  async confirm(groupUuid: string): Promise<null | Failure> {
    return this.#coordinator.confirm(groupUuid);
  }

  delete(groupId: string): Promise<null | Failure> {
    return this.#coordinator.delete(groupId);
  }

  deleteOffsets(groupId: string, topicIds: readonly string[]): Promise<readonly (null | Failure)[] | Failure> {
    return this.#coordinator.deleteOffsets(groupId, topicIds);
  }

  heartbeat(request: ShareHeartbeat): Promise<ShareHeartbeatAnswer> {
    return this.#coordinator.heartbeat(request);
  }

  async members(): Promise<ShareGroupMembers | null> {
    return this.#coordinator.members();
  }

  override async alarm(): Promise<void> {
    await this.#coordinator.ring();
  }
}

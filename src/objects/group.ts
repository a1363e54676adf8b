// The group object: the coordinator of one consumer group, named by the group's id. Its methods are GroupPort's (src/broker/ports.ts),
// called over RPC.

import { DurableObject } from "cloudflare:workers";
import type { CommitRequest, GroupDescription, GroupPort } from "../broker/ports.ts";
import type { Failure } from "../common/errors.ts";
import { GroupCoordinator } from "../coordinator/group-coordinator.ts";
import type { Env } from "../env.ts";
import { SqliteOffsetStore } from "../storage/sqlite-offset-store.ts";
import { CLUSTER_OBJECT_NAME } from "./names.ts";

export class GroupObject extends DurableObject<Env> implements GroupPort {
  readonly #coordinator: GroupCoordinator;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const register = {
      registerGroup: (groupId: string) => env.CLUSTER.getByName(CLUSTER_OBJECT_NAME).registerGroup(groupId),
      unregisterGroup: (groupId: string) => env.CLUSTER.getByName(CLUSTER_OBJECT_NAME).unregisterGroup(groupId),
    };
    this.#coordinator = new GroupCoordinator(new SqliteOffsetStore(ctx.storage), register, { now: Date.now });
  }

  commit(request: CommitRequest): Promise<readonly (Failure | null)[] | Failure> {
    return this.#coordinator.commit(request);
  }

  async describe(_groupId: string): Promise<GroupDescription | null> {
    return this.#coordinator.describe();
  }

  delete(groupId: string): Promise<null | Failure> {
    return this.#coordinator.delete(groupId);
  }
}

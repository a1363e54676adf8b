// A group's life, from the first join or commit to its deletion.
//
// Two things are stored in two objects, the group here and its name in the cluster's register, and no transaction spans both. The order
// of the steps keeps one promise: a group that has members or offsets is in the register. A group is registered before its first member
// or offset, and taken off the register after its last one is gone; what a crash in between leaves is a name without a group, which the
// next commit or the next delete puts right. The two sequences never run at the same time.

import { Sequence } from "../common/concurrency.ts";
import { type Failure, failure } from "../common/errors.ts";
import type { OffsetStore, StoredOffset } from "../storage/offset-store.ts";
import type { PendingOffsetStore } from "../storage/pending-offset-store.ts";
import type { GroupMembers } from "./group-members.ts";
import type { GroupRetention } from "./group-retention.ts";
import type { OwnConfigs } from "./own-configs.ts";

/** The cluster's list of groups; both calls may be repeated. */
export interface GroupRegister {
  /** INCONSISTENT_GROUP_PROTOCOL: the name is a share group's. */
  registerGroup(groupId: string): Promise<Failure | null>;
  unregisterGroup(groupId: string): Promise<void>;
}

/** What a group consists of: all of it goes when the group does, except its own configs. */
export interface GroupParts {
  readonly offsets: OffsetStore;
  readonly pending: PendingOffsetStore;
  readonly members: GroupMembers;
  readonly retention: GroupRetention;
  readonly configs: OwnConfigs;
}

export class GroupLife {
  readonly #parts: GroupParts;
  readonly #register: GroupRegister;
  readonly #cleared: () => void;
  readonly #sequence = new Sequence();

  /** @param cleared the storage was wiped */
  constructor(parts: GroupParts, register: GroupRegister, cleared: () => void) {
    this.#parts = parts;
    this.#register = register;
    this.#cleared = cleared;
  }

  /** null: the group does not exist. */
  get groupId(): string | null {
    return this.#parts.offsets.groupId();
  }

  /** Makes the group, with its first offsets if there are any. Where it is there by now, they are written all the same. */
  begin(groupId: string, offsets: readonly StoredOffset[] = []): Promise<null | Failure> {
    return this.#sequence.run(async () => {
      const isNew = this.groupId === null;
      const refused = isNew ? await reach(() => this.#register.registerGroup(groupId)) : null;
      if (refused !== null) return refused;
      this.#parts.offsets.putOffsets(groupId, offsets);
      if (isNew && offsets.length === 0) this.#parts.members.store(); // since when it has had no members
      return null;
    });
  }

  /** Deletes the group if nobody is in it. */
  end(groupId: string): Promise<null | Failure> {
    return this.#sequence.run(async () => this.#checkEmpty(groupId) ?? (await this.#remove(groupId)));
  }

  /** Where the register cannot be reached the name stays, and the group's next life or deletion puts it right. */
  endIfUnused(groupId: string): Promise<null | Failure> {
    return this.#sequence.run(async () => {
      const { members, offsets, pending } = this.#parts;
      const isUnused = members.isEmpty && offsets.offsets().length === 0 && pending.isEmpty();
      return isUnused ? this.#remove(groupId) : null;
    });
  }

  #checkEmpty(groupId: string): Failure | null {
    const { isEmpty, memberCount } = this.#parts.members;
    return isEmpty ? null : failure("NON_EMPTY_GROUP", `Group '${groupId}' has ${memberCount} members.`);
  }

  /** Runs within the sequence, and for an Empty group. */
  async #remove(groupId: string): Promise<null | Failure> {
    const existed = this.groupId !== null;
    if (existed) await this.#clear();
    // Also where the group is gone: an earlier deletion may have ended here.
    const unreached = await reach(async () => {
      await this.#register.unregisterGroup(groupId);
      return null;
    });
    return unreached ?? (existed ? null : noSuchGroup(groupId));
  }

  async #clear(): Promise<void> {
    const { members, offsets, pending, retention, configs } = this.#parts;
    retention.groupIsGone();
    try {
      members.kill();
      pending.clear();
      await offsets.clear(configs.isAnySet ? "group" : "object");
      this.#cleared();
    } finally {
      members.reload();
    }
  }
}

export function noSuchGroup(groupId: string): Failure {
  return failure("GROUP_ID_NOT_FOUND", `Group '${groupId}' does not exist.`);
}

/** What the register says, or why it could not be reached. */
async function reach(call: () => Promise<Failure | null>): Promise<Failure | null> {
  try {
    return await call();
  } catch (error) {
    return failure("COORDINATOR_NOT_AVAILABLE", `The cluster's list of groups cannot be reached right now: ${String(error)}`);
  }
}

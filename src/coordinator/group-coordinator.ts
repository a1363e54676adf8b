// A group's coordinator: commits, describes and deletes one group. Its members are not here yet: a group is Empty.
//
// Two things are stored in two objects, the group here and its name in the cluster's register, and no transaction spans both. The order
// of the steps keeps one promise: a group that has offsets is in the register. A group is registered before its first offset is
// written, and taken off the register after its last one is gone; what a crash in between leaves is a name without a group, which the
// next commit or the next delete puts right. The two sequences never run at the same time.

import { Sequence } from "../common/concurrency.ts";
import { type Failure, failure } from "../common/errors.ts";
import type { OffsetStore, StoredOffset } from "../storage/offset-store.ts";
import { type Committer, checkCommitter, checkGroupId, checkOffset, type OffsetToCommit } from "./committed-offsets.ts";

/** The cluster's list of groups; both calls may be repeated. */
export interface GroupRegister {
  registerGroup(groupId: string): Promise<void>;
  unregisterGroup(groupId: string): Promise<void>;
}

export interface GroupCommit {
  readonly groupId: string;
  readonly offsets: readonly OffsetToCommit[];
  readonly member?: Committer;
  readonly force?: boolean;
}

export interface GroupSnapshot {
  readonly groupId: string;
  readonly state: "Empty";
  readonly members: readonly Committer[];
  readonly offsets: readonly StoredOffset[];
}

export interface GroupCoordinatorOptions {
  /** ms since the epoch */
  readonly now: () => number;
}

export class GroupCoordinator {
  readonly #store: OffsetStore;
  readonly #register: GroupRegister;
  readonly #options: GroupCoordinatorOptions;
  readonly #lifecycle = new Sequence();
  readonly #members: readonly Committer[] = [];

  constructor(store: OffsetStore, register: GroupRegister, options: GroupCoordinatorOptions) {
    this.#store = store;
    this.#register = register;
    this.#options = options;
  }

  /** One result for each offset, in order: null where it was written. The good ones are written together. */
  async commit(commit: GroupCommit): Promise<readonly (Failure | null)[] | Failure> {
    const refused = checkGroupId(commit.groupId) ?? checkCommitter(this.#members, commit);
    if (refused !== null) return refused;

    const results = commit.offsets.map(checkOffset);
    const committedAtMs = this.#options.now();
    const offsets = commit.offsets.filter((_, index) => results[index] === null).map((offset) => ({ ...offset, committedAtMs }));
    const unwritten = offsets.length > 0 ? await this.#write(commit.groupId, offsets) : null;
    return unwritten ?? results;
  }

  /** null: the group does not exist. */
  describe(): GroupSnapshot | null {
    const groupId = this.#store.groupId();
    if (groupId === null) return null;
    return { groupId, state: "Empty", members: this.#members, offsets: this.#store.offsets() };
  }

  delete(groupId: string): Promise<null | Failure> {
    return this.#lifecycle.run(async () => {
      const refused = checkGroupId(groupId) ?? this.#checkEmpty(groupId);
      if (refused !== null) return refused;
      const existed = this.#store.groupId() !== null;
      if (existed) await this.#store.clear();
      // Also where the group is gone: an earlier deletion may have ended here.
      const unreached = await reach(() => this.#register.unregisterGroup(groupId));
      return unreached ?? (existed ? null : failure("GROUP_ID_NOT_FOUND", `Group '${groupId}' does not exist.`));
    });
  }

  async #write(groupId: string, offsets: readonly StoredOffset[]): Promise<null | Failure> {
    if (this.#store.groupId() === null) return this.#lifecycle.run(() => this.#writeFirst(groupId, offsets));
    this.#store.putOffsets(groupId, offsets);
    return null;
  }

  async #writeFirst(groupId: string, offsets: readonly StoredOffset[]): Promise<null | Failure> {
    const unreached = this.#store.groupId() === null ? await reach(() => this.#register.registerGroup(groupId)) : null;
    if (unreached === null) this.#store.putOffsets(groupId, offsets);
    return unreached;
  }

  #checkEmpty(groupId: string): Failure | null {
    if (this.#members.length === 0) return null;
    return failure("NON_EMPTY_GROUP", `Group '${groupId}' has ${this.#members.length} members.`);
  }
}

/** Why the register could not be reached, or null. */
async function reach(call: () => Promise<void>): Promise<Failure | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return failure("COORDINATOR_NOT_AVAILABLE", `The cluster's list of groups cannot be reached right now: ${String(error)}`);
  }
}

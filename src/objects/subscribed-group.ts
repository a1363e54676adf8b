// A group that a subscription of its name holds its offsets in. Everybody may read them, and move them as any group's; the subscription
// follows. So that neither overwrites the other unseen, each commit of somebody else raises a number, the fence, and a commit of the
// subscription that knows an older fence is refused, with the offsets as they are.

import type { CommitRequest, CommittedOffset, OffsetCommit } from "../broker/ports.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { MovedOffsets } from "../subscription/messages.ts";
import type { GroupOffset, GroupOffsets } from "../subscription/world.ts";

/** Stored: never change it, nor what it stands for (a number from 1). Absent: no subscription. */
const FENCE_KEY = "subscription.fence";

/** Stored: never change it. MovedOffsets that a transaction has committed and the subscription has not heard of. Absent: none. */
const UNTOLD_KEY = "subscription.untold";

/** What it needs of the group's coordinator. */
export interface CoordinatedOffsets {
  commit(request: CommitRequest): Promise<readonly (Failure | null)[] | Failure>;
  /** null: the group does not exist. */
  describe(): { readonly members: readonly unknown[]; readonly offsets: readonly CommittedOffset[] } | null;
}

export class SubscribedGroup {
  readonly #kv: SyncKvStorage;
  readonly #group: CoordinatedOffsets;
  /** null: no subscription. */
  #fence: number | null;

  constructor(kv: SyncKvStorage, group: CoordinatedOffsets) {
    this.#kv = kv;
    this.#group = group;
    this.#fence = kv.get<number>(FENCE_KEY) ?? null;
  }

  get isAttached(): boolean {
    return this.#fence !== null;
  }

  attach(groupId: string): GroupOffsets | Failure {
    const members = this.#group.describe()?.members.length ?? 0;
    if (members > 0) {
      return failure("NON_EMPTY_GROUP", `group '${groupId}' has ${members} members: a subscription of that name would take their records`);
    }
    if (this.#fence === null) this.#setFence(1);
    return this.#offsets();
  }

  detach(): void {
    this.#fence = null;
    this.#kv.delete(FENCE_KEY);
    this.#kv.delete(UNTOLD_KEY);
  }

  /** The subscription's own commit. null: done; else what it does not know yet, and nothing was committed. */
  async commit(groupId: string, offsets: readonly OffsetCommit[], fence: number): Promise<GroupOffsets | null | Failure> {
    if (this.#fence === null || fence !== this.#fence) return this.#offsets();
    const outcome = await this.#group.commit({ groupId, offsets, force: true });
    return isFailure(outcome) ? outcome : null;
  }

  /** Somebody else is about to commit. @returns what the subscription is to be told once it is done; null: there is none */
  beforeCommit({ offsets }: CommitRequest): MovedOffsets | null {
    if (this.#fence === null) return null;
    const fence = this.#setFence(this.#fence + 1);
    return { fence, offsets: offsets.map(placeOf) };
  }

  /**
   * A transaction has committed offsets, in this same turn of the event loop: they are durable together with the note that the
   * subscription is to be told. A repeat of the transaction's end finds nothing to commit, and still has the note.
   */
  committedInTransaction(committed: readonly OffsetCommit[]): void {
    if (this.#fence === null || committed.length === 0) return;
    const fence = this.#setFence(this.#fence + 1);
    const offsets = committed.map(placeOf);
    const earlier = this.#untold()?.offsets.filter((one) => !offsets.some((other) => isSamePlace(one, other))) ?? [];
    this.#kv.put(UNTOLD_KEY, { fence, offsets: [...earlier, ...offsets] } satisfies MovedOffsets);
  }

  /** Tells what is not told yet. Rejects as `tell` does, and keeps the note. */
  async tellMoved(tell: (moved: MovedOffsets) => Promise<void>): Promise<void> {
    const moved = this.#untold();
    if (moved === null) return;
    await tell(moved);
    if (this.#untold()?.fence === moved.fence) this.#kv.delete(UNTOLD_KEY); // else there is more to tell by now
  }

  /** Why the group may not be deleted, or null. */
  refuseDeletion(groupId: string): Failure | null {
    if (this.#fence === null) return null;
    return failure("NON_EMPTY_GROUP", `group '${groupId}' is that of the subscription '${groupId}': delete the subscription`);
  }

  /** Offsets of a group without members expire; those of a subscription do not, however long it has nothing to deliver. */
  async keepOffsets(groupId: string): Promise<void> {
    if (this.#fence === null) return;
    const { offsets } = this.#group.describe() ?? { offsets: [] };
    if (offsets.length > 0) await this.#group.commit({ groupId, offsets, force: true });
  }

  #offsets(): GroupOffsets {
    const { offsets } = this.#group.describe() ?? { offsets: [] };
    return { fence: this.#fence ?? 0, offsets: offsets.map(placeOf) };
  }

  #untold(): MovedOffsets | null {
    return this.#kv.get<MovedOffsets>(UNTOLD_KEY) ?? null;
  }

  #setFence(fence: number): number {
    this.#fence = fence;
    this.#kv.put(FENCE_KEY, fence);
    return fence;
  }
}

function placeOf({ topicId, topic, partition, offset }: OffsetCommit): GroupOffset {
  return { topicId, topic, partition, offset };
}

function isSamePlace(one: GroupOffset, other: GroupOffset): boolean {
  return one.topicId === other.topicId && one.partition === other.partition;
}

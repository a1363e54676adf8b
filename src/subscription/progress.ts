// Stores progress and commits it to the group, both some time after the deliveries that made it: many of them cost one write. Plans are
// stored before their calls go out (decision 0018), and what was delivered meanwhile with them.

import { isFailure } from "../common/errors.ts";
import type { SubscriptionStore } from "../storage/subscription-store.ts";
import type { Delivery } from "./delivery-machine.ts";
import type { FollowedTrack } from "./followed-track.ts";
import type { DeliveryWorld, GroupOffsets } from "./world.ts";

/** From a delivery to its place in storage, if no plan is stored before: calls of this time are made again after a crash (ms). */
const PROGRESS_DELAY_MS = 250;

/** From a delivery to the group's offset, which is for people and tools: nothing is read from it (ms). */
const COMMIT_DELAY_MS = 500;
const COMMIT_RETRY_MS = 5_000;

export interface ProgressOptions {
  readonly world: Pick<DeliveryWorld, "timer" | "commit">;
  readonly store: Pick<SubscriptionStore<never, never>, "putTracks">;
  readonly tracks: () => Iterable<FollowedTrack>;
  /** Of all tracks: under way, or waiting. */
  readonly deliveries: () => readonly Delivery[];
  readonly fence: () => number;
  /** Somebody else has moved the group's offsets. */
  readonly moved: (answer: GroupOffsets) => void;
  /** Everything is stored and committed. */
  readonly changed: () => void;
}

export class Progress {
  readonly #options: ProgressOptions;
  #cancelStore: (() => void) | null = null;
  #cancelCommit: (() => void) | null = null;
  #isCommitting = false;
  #isStopped = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  get isPending(): boolean {
    return this.#cancelStore !== null || this.#cancelCommit !== null || this.#isCommitting;
  }

  /** Commits what the group does not know yet: a new subscription is seen in it from the beginning. */
  begin(): void {
    if ([...this.#options.tracks()].some((one) => !one.isRedrive && one.committed === null)) this.#commitIn(0);
  }

  changed(followed: FollowedTrack): void {
    followed.isDirty = true;
    this.#cancelStore ??= this.#options.world.timer(PROGRESS_DELAY_MS, () => this.#store());
  }

  /** Makes the plans of these tracks durable, with all that is known of them: durable when calls that are made after it leave. */
  storePlans(tracks: readonly FollowedTrack[]): void {
    const deliveries = this.#options.deliveries();
    this.#options.store.putTracks(tracks.map((followed) => followed.store(deliveries)));
  }

  /** Stores what there is, and nothing from here on. What was not committed is committed by who comes next. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelStore?.();
    this.#cancelCommit?.();
    const deliveries = this.#options.deliveries();
    const tracks = [...this.#options.tracks()].filter(({ isDirty, hasPlans }) => isDirty || hasPlans);
    if (tracks.length > 0) this.#options.store.putTracks(tracks.map((followed) => followed.store(deliveries, true)));
  }

  #store(): void {
    this.#cancelStore = null;
    const dirty = [...this.#options.tracks()].filter(({ isDirty }) => isDirty);
    if (dirty.length > 0) this.storePlans(dirty);
    this.#commitIn(COMMIT_DELAY_MS);
  }

  #commitIn(delayMs: number): void {
    if (this.#isStopped || this.#isCommitting) return;
    this.#cancelCommit ??= this.#options.world.timer(delayMs, () => void this.#commit());
  }

  async #commit(): Promise<void> {
    this.#cancelCommit = null;
    const followed = [...this.#options.tracks()].filter((one) => !one.isRedrive && one.committed !== one.track.committedOffset);
    const commits = followed.map((one) => ({ one, offset: { ...one.track.source, offset: one.track.committedOffset } }));
    if (commits.length === 0) return this.#options.changed();
    this.#isCommitting = true;
    const offsets = commits.map(({ offset }) => offset);
    const answer = await this.#options.world.commit(offsets, this.#options.fence());
    this.#isCommitting = false;
    if (this.#isStopped) return;
    if (answer !== null && isFailure(answer)) return this.#commitIn(COMMIT_RETRY_MS);
    if (answer !== null) this.#options.moved(answer);
    else for (const { one, offset } of commits) one.committed = offset.offset;
    this.#commitIn(COMMIT_DELAY_MS);
  }
}

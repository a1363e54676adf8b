// How long an Empty group lasts. Its offsets go by offset-expiry.ts, and the group goes with the last of them; one that has none is kept
// for emptyGroupRetentionMs.
//
// The deadline is that time or an earlier one: a commit to an Empty group moves it back, and is not worth reading all offsets for.

import type { GroupConfig } from "../common/group-configs.ts";
import type { OffsetStore } from "../storage/offset-store.ts";
import { expiredOffsets, type Idleness, nextOffsetExpiryMs } from "./offset-expiry.ts";

export class GroupRetention {
  readonly #offsets: OffsetStore;
  readonly #config: GroupConfig;
  #deadlineMs: number | null = null;

  constructor(offsets: OffsetStore, config: GroupConfig) {
    this.#offsets = offsets;
    this.#config = config;
  }

  /** When `expire` is to be called (ms since the epoch); null: not known since the start, or the group has members, or is gone. */
  get deadlineMs(): number | null {
    return this.#deadlineMs;
  }

  /** The group has become Empty, or null, has members. */
  membersChanged(emptySinceMs: number | null): void {
    const { offsetsRetentionMs, emptyGroupRetentionMs } = this.#config;
    this.#deadlineMs = emptySinceMs === null ? null : emptySinceMs + Math.min(offsetsRetentionMs, emptyGroupRetentionMs);
  }

  /** Offsets were written to an Empty group. */
  committed(nowMs: number): void {
    this.#deadlineMs ??= nowMs + this.#config.offsetsRetentionMs;
  }

  groupIsGone(): void {
    this.#deadlineMs = null;
  }

  /** Forgets what was kept long enough. true: nothing is left, and the group is to go. */
  expire(idleness: Idleness, nowMs: number): boolean {
    const { emptySinceMs } = idleness;
    if (emptySinceMs === null || nowMs < (this.#deadlineMs ?? 0)) return false;
    const { offsetsRetentionMs, emptyGroupRetentionMs } = this.#config;
    const offsets = this.#offsets.offsets();
    const expired = new Set(expiredOffsets(offsets, idleness, offsetsRetentionMs, nowMs));
    if (expired.size > 0) this.#offsets.removeOffsets([...expired]);
    const kept = offsets.filter((offset) => !expired.has(offset));
    const emptyUntilMs = emptySinceMs + emptyGroupRetentionMs;
    this.#deadlineMs = kept.length > 0 ? nextOffsetExpiryMs(kept, idleness, offsetsRetentionMs) : emptyUntilMs;
    return kept.length === 0 && (expired.size > 0 || emptyUntilMs <= nowMs);
  }
}

// Who has left a group a short while ago. A member over HTTP has no connection whose end would end its calls: one that it gave up waiting for
// may be served after the one by which it left, and must not bring it back, since nobody would speak for it until its session ends.
//
// In memory only: it is of use for as long as a call is on its way, and an object that was heard just now stays in memory for longer.

import { DEPARTED_MEMBER_MS, MAX_DEPARTED_MEMBERS } from "../common/limits/groups.ts";

export class DepartedMembers {
  /** To when it left (ms since the epoch), the first to be forgotten first. */
  readonly #leftAtMs = new Map<string, number>();

  note(memberId: string, nowMs: number): void {
    this.#forget(nowMs);
    this.#leftAtMs.delete(memberId);
    this.#leftAtMs.set(memberId, nowMs);
  }

  has(memberId: string, nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#leftAtMs.has(memberId);
  }

  #forget(nowMs: number): void {
    for (const [memberId, leftAtMs] of this.#leftAtMs) {
      if (this.#leftAtMs.size <= MAX_DEPARTED_MEMBERS && nowMs - leftAtMs < DEPARTED_MEMBER_MS) return;
      this.#leftAtMs.delete(memberId);
    }
  }
}

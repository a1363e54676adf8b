// Time limits of many calls for the price of a few timers: calls that begin soon after each other share an abort signal, which tells them
// once the last of them has had its time. (A signal and a timer for each cost a sixth of a call.) So a call may take an eighth of its time
// longer than it has.
//
// While nothing is called there is no timer but, for an eighth of the time, that of the last group.

/** Of the time limit: for so long the calls of a group begin. */
const GROUP_FRACTION = 1 / 8;

/** Runs `work` after a time (ms). @returns what takes it back */
export type Timer = (delayMs: number, work: () => void) => () => void;

interface Group {
  readonly controller: AbortController;
  /** Calls that are not over. */
  size: number;
  cancelTimer: (() => void) | null;
}

/** A call's part in a group. */
export interface Deadline {
  /** Aborts when the call has had its time. */
  readonly signal: AbortSignal;
  /** The call is over. */
  leave(): void;
}

export class Deadlines {
  readonly #timeoutMs: number;
  readonly #timer: Timer;
  /** The one that calls still join. */
  #group: Group | null = null;

  constructor(timeoutMs: number, timer: Timer) {
    this.#timeoutMs = timeoutMs;
    this.#timer = timer;
  }

  /** A call begins. */
  enter(): Deadline {
    this.#group ??= this.#begin();
    const group = this.#group;
    group.size += 1;
    return { signal: group.controller.signal, leave: () => this.#leave(group) };
  }

  #begin(): Group {
    const group: Group = { controller: new AbortController(), size: 0, cancelTimer: null };
    group.cancelTimer = this.#timer(this.#timeoutMs * GROUP_FRACTION, () => this.#close(group));
    return group;
  }

  /** No call joins it any more: from now on its last one has its time. */
  #close(group: Group): void {
    this.#group = null;
    group.cancelTimer = group.size === 0 ? null : this.#timer(this.#timeoutMs, () => group.controller.abort());
  }

  #leave(group: Group): void {
    group.size -= 1;
    if (group.size > 0 || group === this.#group) return;
    group.cancelTimer?.();
    group.cancelTimer = null;
  }
}

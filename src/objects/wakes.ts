// Subscriptions that a partition is to wake when its high watermark passes what they have seen. One-shot: a wake-up is sent once, and asked
// for anew; a subscription that rests costs an append nothing but a look at a number.
//
// A note in memory is for a subscription that is awake itself and looks again by its own alarm. A durable one (a row) is for one that
// rests. When an append passes such a note, the alarm is set in the same write: should this object die before the wake-up is answered, the
// alarm sends it. The row goes once the subscription has answered.
//
// Invariant: as long as a durable note that was passed is not answered, an alarm is set. The alarm is the whole object's, and may ring for
// something else: then it is set anew.

import { forEachConcurrently } from "../common/concurrency.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS wakes (
    subscription TEXT PRIMARY KEY,  -- its name, and that of its object
    past_offset INTEGER NOT NULL    -- to be woken once the high watermark is above
  ) WITHOUT ROWID;
`;

/** How long an answer is waited for before the alarm sends the wake-up again (ms). */
export const WAKE_RETRY_MS = 5_000;

/** What it needs of a DurableObjectStorage. */
export interface WakeStorage {
  readonly sql: { exec<Row extends Record<string, string | number>>(query: string, ...values: (string | number)[]): Iterable<Row> };
}

export interface WakesOptions {
  readonly storage: WakeStorage;
  /** Resolves once the subscription has taken it; rejects where it could not be reached. */
  readonly wake: (subscription: string) => Promise<void>;
  /** Makes the object's alarm ring, in the same write as what comes before. */
  readonly ringIn: (delayMs: number) => void;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

interface Note {
  readonly pastOffset: number;
  readonly isDurable: boolean;
}

export class Wakes {
  readonly #options: WakesOptions;
  /** Loaded at the first need. */
  #notes: Map<string, Note> | null = null;
  /** Of all notes: an append below passes none. */
  #lowest = Number.POSITIVE_INFINITY;
  /** Durable notes whose wake-up is on its way. */
  #unanswered = 0;

  constructor(options: WakesOptions) {
    this.#options = options;
  }

  /** Takes note of a subscription; a later note takes the place of an earlier one. */
  add(subscription: string, pastOffset: number, isDurable: boolean): void {
    const notes = this.#load();
    const before = notes.get(subscription);
    if (isDurable && !(before?.isDurable && before.pastOffset === pastOffset)) {
      this.#options.storage.sql.exec(SCHEMA);
      this.#options.storage.sql.exec("INSERT OR REPLACE INTO wakes (subscription, past_offset) VALUES (?, ?)", subscription, pastOffset);
    }
    notes.set(subscription, { pastOffset, isDurable: isDurable || before?.isDurable === true });
    this.#lowest = Math.min(this.#lowest, pastOffset);
  }

  /** The alarm rang: sends again what was not answered, and has it ring again for what may fail yet. */
  ring(highWatermark: number): void {
    if (this.#unanswered > 0) this.#options.ringIn(WAKE_RETRY_MS);
    this.grown(highWatermark);
  }

  /** The log has grown, in this turn. */
  grown(highWatermark: number): void {
    const notes = this.#load();
    if (highWatermark <= this.#lowest) return;
    const due = [...notes].filter(([, { pastOffset }]) => pastOffset < highWatermark);
    this.#send(due);
    this.#lowest = [...notes.values()].reduce((lowest, { pastOffset }) => Math.min(lowest, pastOffset), Number.POSITIVE_INFINITY);
  }

  #send(due: readonly (readonly [string, Note])[]): void {
    if (due.length === 0) return;
    for (const [subscription] of due) this.#notes!.delete(subscription);
    const durableCount = due.filter(([, { isDurable }]) => isDurable).length;
    if (durableCount > 0) this.#options.ringIn(WAKE_RETRY_MS);
    this.#unanswered += durableCount;
    const send = async ([subscription, note]: readonly [string, Note]): Promise<void> => {
      await this.#wake(subscription, note);
      if (note.isDurable) this.#unanswered -= 1;
    };
    this.#options.waitUntil(forEachConcurrently(due, MAX_CONCURRENT_CALLS, send));
  }

  async #wake(subscription: string, note: Note): Promise<void> {
    try {
      await this.#options.wake(subscription);
      // One that has been asked for meanwhile is another row under the same name.
      if (note.isDurable && !this.#load().has(subscription)) {
        this.#options.storage.sql.exec("DELETE FROM wakes WHERE subscription = ?", subscription);
      }
    } catch (error) {
      console.warn(JSON.stringify({ message: "a subscription could not be woken", subscription, error: String(error) }));
      if (note.isDurable && !this.#load().has(subscription)) {
        this.#load().set(subscription, note);
        this.#lowest = Math.min(this.#lowest, note.pastOffset);
      }
    }
  }

  #load(): Map<string, Note> {
    if (this.#notes !== null) return this.#notes;
    const { sql } = this.#options.storage;
    this.#notes = new Map();
    if ([...sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'wakes'")].length === 0) return this.#notes;
    for (const row of sql.exec<{ subscription: string; past_offset: number }>("SELECT subscription, past_offset FROM wakes")) {
      this.#notes.set(row.subscription, { pastOffset: row.past_offset, isDurable: true });
      this.#lowest = Math.min(this.#lowest, row.past_offset);
    }
    return this.#notes;
  }
}

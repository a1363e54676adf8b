// Reads that are begun before they are asked for. A consumer that catches up asks for one run of batches after the other, and is busy with
// each for as long as its partition takes to read the next: with this, the one happens during the other.
//
// A read is begun once a client has asked twice, the second time from where the first answer ended and soon after it, and there is more.
// It is given to the fetch that asks for exactly it within READ_AHEAD_MS, and else dropped. So an answer may tell of the partition as it
// was so long ago, as if it had been under way for so long: records that were deleted since may be in it, and its high watermark may be
// behind. What a client may read is decided when it asks, and charged then. A read ahead that fails is made again when it is asked for.

import { isFailure } from "../common/errors.ts";
import { MAX_READ_AHEAD_PARTITIONS, READ_AHEAD_MS } from "../common/limits/fetch.ts";
import type { FetchStart, IsolationLevel, ReadFailure, ReadResult } from "./ports.ts";
import { readableEnd } from "./readable-end.ts";
import type { Room, SharedRoom } from "./shared-room.ts";

/** Counted for a read of less: one costs more than its bytes. */
const MIN_READ_BYTES = 64 * 1024;

/** What is read of a partition. */
export interface ReadPlace {
  readonly topic: string;
  readonly topicId?: string | undefined;
  readonly partition: number;
  readonly isolation: IsolationLevel;
  readonly maxBytes: number;
}

type Outcome = ReadResult | ReadFailure;

/** Where a client is in a partition that it reads. */
interface Track {
  /** Where the last answer ended. */
  readonly nextOffset: number;
  readonly answeredAtMs: number;
  /** Reads on from there; null where it is not worth while. */
  readonly readOn: (() => Promise<Outcome>) | null;
  readonly maxBytes: number;
  /** Once the read has begun. */
  ahead: { readonly outcome: Promise<ReadResult | null>; readonly room: Room } | null;
}

export class ReadAhead {
  readonly #room: SharedRoom;
  readonly #now: () => number;
  /** By place; those that were answered longest ago first. */
  readonly #tracks = new Map<string, Track>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isClosed = false;

  /**
   * @param room of the isolate
   * @param now ms
   */
  constructor(room: SharedRoom, now: () => number) {
    this.#room = room;
    this.#now = now;
  }

  /** What was read ahead for exactly this; null: the partition must be asked. */
  take(place: ReadPlace, start: FetchStart): Promise<ReadResult | null> | null {
    const track = this.#tracks.get(keyOf(place));
    if (track?.ahead == null || track.nextOffset !== start || this.#isOld(track)) return null;
    track.ahead.room.leave();
    const { outcome } = track.ahead;
    track.ahead = null;
    return outcome;
  }

  /**
   * Notes how a fetch of a partition is answered.
   * @param readFrom reads as the fetch did
   */
  answered(place: ReadPlace, result: Outcome, readFrom: (start: number) => Promise<Outcome>): void {
    const key = keyOf(place);
    const last = this.#tracks.get(key);
    if (last !== undefined) this.#forget(key, last);
    if (this.#isClosed || isFailure(result) || result.batches.byteLength === 0) return;
    if (this.#tracks.size >= MAX_READ_AHEAD_PARTITIONS) this.#forgetOld();
    if (this.#tracks.size >= MAX_READ_AHEAD_PARTITIONS) return;
    const { startOffset, nextOffset } = result;
    const isSteady = last !== undefined && last.nextOffset === startOffset && !this.#isOld(last);
    const hasMore = nextOffset < readableEnd(result, place.isolation);
    const readOn = isSteady && hasMore ? () => readFrom(nextOffset) : null;
    this.#tracks.set(key, { nextOffset, answeredAtMs: this.#now(), readOn, maxBytes: place.maxBytes, ahead: null });
  }

  /** Begins what the last answers call for, as far as there is room. To be called when they are on their way. */
  begin(): void {
    for (const track of this.#tracks.values()) {
      if (track.ahead !== null || track.readOn === null || this.#isOld(track)) continue;
      const room = this.#room.enter(Math.max(track.maxBytes, MIN_READ_BYTES), this.#now());
      if (room === null) return;
      const outcome = track.readOn().then(
        (result) => (isFailure(result) ? null : result),
        () => null,
      );
      track.ahead = { outcome, room };
      this.#timer ??= setTimeout(() => this.#forgetOld(), READ_AHEAD_MS);
    }
  }

  /** Forgets all, for good. */
  close(): void {
    this.#isClosed = true;
    this.#stopTimer();
    for (const [key, track] of this.#tracks) this.#forget(key, track);
  }

  #isOld({ answeredAtMs }: Track): boolean {
    return this.#now() - answeredAtMs > READ_AHEAD_MS;
  }

  #forget(key: string, track: Track): void {
    track.ahead?.room.leave();
    this.#tracks.delete(key);
  }

  #forgetOld(): void {
    this.#stopTimer();
    for (const [key, track] of this.#tracks) {
      if (this.#isOld(track)) this.#forget(key, track);
      else this.#timer ??= setTimeout(() => this.#forgetOld(), READ_AHEAD_MS);
    }
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function keyOf({ topic, topicId = "", partition, isolation, maxBytes }: ReadPlace): string {
  return `${isolation} ${partition} ${maxBytes} ${topicId} ${topic}`;
}

// Room in memory for the answers to fetches: bytes that were read, and that their client has not taken. All answers of an isolate share it,
// whichever door they leave by.
//
// Room is taken before a read, since many begin at once, and is what the read brought after it. A fetch gets a quarter of what is free
// at the most: one alone gets all that it asks for, and however many answers nobody reads, there is something left for the next. Where there
// is next to nothing, a fetch gets a batch (KIP-74), out of a reserve. Once the reserve is used up too, it waits a little, and is refused.
// An answer that does not leave although others want its room is ended. docs/decisions/0022-answer-room.md has the reasons.
//
// Nobody waits for another request's promise: one that the platform cuts off would never settle it. Who waits looks again.

import {
  ANSWER_LEAVE_MS,
  ANSWER_ROOM_LOOK_MS,
  ANSWER_ROOM_WAIT_MS,
  ANSWERS_RESERVE_BYTES,
  MAX_ANSWERS_BYTES,
  MIN_ANSWER_READ_BYTES,
} from "../common/limits/answer-room.ts";
import { type Room, SharedRoom } from "./shared-room.ts";

/** The part of what is free that one answer may have. */
const SHARE = 1 / 4;

/** What all answers of an isolate share. */
export class AnswerRooms {
  readonly #now: () => number;
  /** What is not seen to leave, nor kept, is free again after two turns of `endWhenLate`. */
  readonly #room = new SharedRoom(MAX_ANSWERS_BYTES + ANSWERS_RESERVE_BYTES, 2 * ANSWER_LEAVE_MS);
  /** When a fetch last got less than a read counts for, for want of room (ms since the epoch). */
  #wantedAtMs = Number.NEGATIVE_INFINITY;

  /** @param now ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  get now(): number {
    return this.#now();
  }

  /** For one answer. */
  open(): AnswerRoom {
    return new AnswerRoom(this);
  }

  /** Whether fetches get less than they need. */
  get isWanted(): boolean {
    return this.now - this.#wantedAtMs <= ANSWER_LEAVE_MS;
  }

  /** How much an answer may have beside what is held: at least 1, for a batch comes whole. */
  shareOf(wantedBytes: number): number {
    const freeBytes = this.#room.freeBytes(this.now) - ANSWERS_RESERVE_BYTES;
    const bytes = Math.max(1, Math.min(wantedBytes, Math.floor(freeBytes * SHARE)));
    if (bytes < Math.min(wantedBytes, MIN_ANSWER_READ_BYTES)) this.#wantedAtMs = this.now;
    return bytes;
  }

  /** null where there is no room. */
  enter(bytes: number): Room | null {
    return this.#room.enter(bytes, this.now);
  }

  /** Of what is there already, whatever is free. */
  enterAnyhow(): Room {
    return this.#room.open(this.now);
  }
}

export class AnswerRoom {
  readonly #rooms: AnswerRooms;
  #room: Room | null = null;
  #heldBytes = 0;
  #isRefused = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(rooms: AnswerRooms) {
    this.#rooms = rooms;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A read found no room in time. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /**
   * Takes room for a read, and waits for it where there is none and the answer holds nothing yet.
   * @returns how many bytes to read; null where there is no room in time
   */
  async take(wantedBytes: number, signal?: AbortSignal): Promise<number | null> {
    const deadlineMs = this.#rooms.now + ANSWER_ROOM_WAIT_MS;
    for (;;) {
      const bytes = this.#tryToTake(wantedBytes);
      if (bytes !== null) return bytes;
      if (signal?.aborted || this.#rooms.now >= deadlineMs) break;
      await new Promise((resolve) => setTimeout(resolve, ANSWER_ROOM_LOOK_MS));
    }
    this.#isRefused = true;
    return null;
  }

  /** How much may be made of what was read, such as unpacked records: counted by `hold`. At least 1. */
  shareOf(wantedBytes: number): number {
    return Math.min(wantedBytes, Math.max(this.#heldBytes, this.#rooms.shareOf(wantedBytes)));
  }

  /** What the answer holds in all, now that it is known. */
  hold(bytes: number): void {
    this.#heldBytes = bytes;
    this.#room ??= this.#rooms.enterAnyhow();
    this.#room.resize(bytes, this.#rooms.now);
    if (bytes === 0) this.leave();
  }

  /** What the answer holds besides, once a read has brought it. */
  add(bytes: number): void {
    this.hold(this.#heldBytes + bytes);
  }

  /** Ends the answer, if others want its room, unless it leaves in time. To be called when it is on its way. */
  endWhenLate(end: () => void): void {
    if (this.#heldBytes === 0) return;
    this.#timer = setTimeout(() => {
      if (this.#rooms.isWanted) return end();
      this.#room?.resize(this.#heldBytes, this.#rooms.now);
      this.endWhenLate(end);
    }, ANSWER_LEAVE_MS);
  }

  /** The answer has left, or never will. */
  leave(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#room?.leave();
    this.#room = null;
    this.#heldBytes = 0;
  }

  /** What the answer holds already it keeps, so that none waits for another that waits as well. */
  #tryToTake(wantedBytes: number): number | null {
    const bytes = this.#rooms.shareOf(wantedBytes);
    const countedBytes = this.#heldBytes + Math.max(bytes, MIN_ANSWER_READ_BYTES);
    if (this.#room === null) this.#room = this.#rooms.enter(countedBytes);
    else this.#room.resize(countedBytes, this.#rooms.now);
    return this.#room === null ? null : bytes;
  }
}

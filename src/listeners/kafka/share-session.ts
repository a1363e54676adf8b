// Share sessions (KIP-932; Kafka's ShareSession): a member of a share group names its partitions once, then only what changes, in its
// ShareFetches and ShareAcknowledges alike.
//
//   epoch 0 (INITIAL)    a new session with these partitions; one that there was ends
//   epoch 1, 2, …        what changed since the epoch before; after 2^31 - 1 comes 1
//   epoch -1 (FINAL)     the last acknowledgements: what the member holds then is delivered to others
//
// A session is its connection's, and ends with it. The records that a member fetches are held under its session's token, which is a random
// number, so that a connection that goes late takes nothing from one that came after it. A new session of the same member on the same
// connection keeps the token: what the member held it holds still.

import { type Failure, failure } from "../../common/errors.ts";
import {
  MAX_SHARE_SESSION_PARTITIONS,
  MAX_SHARE_SESSIONS_PER_CONNECTION,
  MAX_STORED_SHARE_SESSIONS_LENGTH,
} from "../../common/limits/share-groups.ts";
import { newToken } from "../../common/token.ts";

const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
const LAST_EPOCH = 0x7fff_ffff;

/** Partitions by topic id, as requests have them. */
export interface TopicPlaces {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

export interface SharePlaceId {
  readonly topicId: string;
  readonly partition: number;
}

export interface ShareSessionRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly shareSessionEpoch: number;
}

/** A session as plain data. */
export interface ShareSessionState {
  readonly groupId: string;
  readonly memberId: string;
  readonly token: number;
  readonly nextEpoch: number;
  readonly places: readonly TopicPlaces[];
  readonly held: readonly TopicPlaces[];
}

class PlaceSet {
  readonly #byTopic = new Map<string, Set<number>>();

  constructor(topics: readonly TopicPlaces[] = []) {
    this.add(topics);
  }

  add(topics: readonly TopicPlaces[]): void {
    for (const { topicId, partitions } of topics) {
      if (partitions.length === 0) continue;
      const known = this.#byTopic.get(topicId) ?? new Set();
      this.#byTopic.set(topicId, known);
      for (const partition of partitions) known.add(partition);
    }
  }

  remove(topics: readonly TopicPlaces[]): void {
    for (const { topicId, partitions } of topics) {
      const known = this.#byTopic.get(topicId);
      for (const partition of partitions) known?.delete(partition);
      if (known?.size === 0) this.#byTopic.delete(topicId);
    }
  }

  list(): SharePlaceId[] {
    return [...this.#byTopic].flatMap(([topicId, partitions]) => [...partitions].map((partition) => ({ topicId, partition })));
  }

  state(): TopicPlaces[] {
    return [...this.#byTopic].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions] }));
  }
}

export class ShareSession {
  readonly groupId: string;
  readonly memberId: string;
  readonly token: number;
  #nextEpoch: number;
  readonly #places: PlaceSet;
  /** Of which it has got records, and may hold some. */
  readonly #held: PlaceSet;

  constructor({ groupId, memberId, token, nextEpoch, places, held }: ShareSessionState) {
    [this.groupId, this.memberId, this.token, this.#nextEpoch] = [groupId, memberId, token, nextEpoch];
    [this.#places, this.#held] = [new PlaceSet(places), new PlaceSet(held)];
  }

  /** What its fetches are about. */
  get places(): readonly SharePlaceId[] {
    return this.#places.list();
  }

  get held(): readonly SharePlaceId[] {
    return this.#held.list();
  }

  get state(): ShareSessionState {
    const { groupId, memberId, token } = this;
    return { groupId, memberId, token, nextEpoch: this.#nextEpoch, places: this.#places.state(), held: this.#held.state() };
  }

  hold(places: readonly SharePlaceId[]): void {
    this.#held.add(places.map(({ topicId, partition }) => ({ topicId, partitions: [partition] })));
  }

  /** @returns why it is not the session's next request; nothing is changed then */
  advance(epoch: number): Failure | null {
    if (epoch !== this.#nextEpoch) {
      return failure("INVALID_SHARE_SESSION_EPOCH", `the share session is at epoch ${this.#nextEpoch}, and the request at ${epoch}`);
    }
    this.#nextEpoch = this.#nextEpoch === LAST_EPOCH ? 1 : this.#nextEpoch + 1;
    return null;
  }

  change(added: readonly TopicPlaces[], forgotten: readonly TopicPlaces[]): void {
    this.#places.add(added);
    this.#places.remove(forgotten);
  }
}

/** Those of one connection. */
export class ShareSessions {
  /** By group and member. */
  readonly #sessions = new Map<string, ShareSession>();

  /** @param states of sessions that go on */
  constructor(states: readonly ShareSessionState[]) {
    for (const state of states) this.#sessions.set(keyOf(state), new ShareSession(state));
  }

  /** To go on with; none where they are too large to be kept, and their members begin anew. */
  get states(): readonly ShareSessionState[] {
    const states = [...this.#sessions.values()].map(({ state }) => state);
    return JSON.stringify(states).length <= MAX_STORED_SHARE_SESSIONS_LENGTH ? states : [];
  }

  /** The session of a ShareFetch, which may begin one. */
  openFetch(request: ShareSessionRequest, added: readonly TopicPlaces[], forgotten: readonly TopicPlaces[]): ShareSession | Failure {
    const session = request.shareSessionEpoch === INITIAL_EPOCH ? this.#begin(request) : this.#goOn(request);
    if ("error" in session) return session;
    session.change(added, forgotten);
    if (session.places.length <= MAX_SHARE_SESSION_PARTITIONS) return session;
    this.#sessions.delete(keyOf(request));
    return limitReached(`a share session has ${MAX_SHARE_SESSION_PARTITIONS} partitions at most`);
  }

  /** The session of a ShareAcknowledge. */
  openAcknowledge(request: ShareSessionRequest): ShareSession | Failure {
    if (request.shareSessionEpoch !== INITIAL_EPOCH) return this.#goOn(request);
    return failure("INVALID_SHARE_SESSION_EPOCH", "a share session begins with a ShareFetch");
  }

  end(session: ShareSession): void {
    this.#sessions.delete(keyOf(session));
  }

  /** Ends them all. */
  endAll(): readonly ShareSession[] {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    return sessions;
  }

  #begin({ groupId, memberId }: ShareSessionRequest): ShareSession | Failure {
    const key = keyOf({ groupId, memberId });
    const former = this.#sessions.get(key)?.state;
    if (former === undefined && this.#sessions.size >= MAX_SHARE_SESSIONS_PER_CONNECTION) {
      return limitReached(`a connection has ${MAX_SHARE_SESSIONS_PER_CONNECTION} share sessions at most`);
    }
    const { token, held } = former ?? { token: newToken(), held: [] };
    const session = new ShareSession({ groupId, memberId, token, nextEpoch: 1, places: [], held });
    this.#sessions.set(key, session);
    return session;
  }

  #goOn(request: ShareSessionRequest): ShareSession | Failure {
    const session = this.#sessions.get(keyOf(request));
    if (session === undefined) {
      return failure("SHARE_SESSION_NOT_FOUND", `the connection has no share session of member '${request.memberId.slice(0, 300)}'`);
    }
    return isFinal(request) ? session : (session.advance(request.shareSessionEpoch) ?? session);
  }
}

export function isFinal({ shareSessionEpoch }: Pick<ShareSessionRequest, "shareSessionEpoch">): boolean {
  return shareSessionEpoch === FINAL_EPOCH;
}

export function isInitial({ shareSessionEpoch }: Pick<ShareSessionRequest, "shareSessionEpoch">): boolean {
  return shareSessionEpoch === INITIAL_EPOCH;
}

function limitReached(detail: string): Failure {
  return failure("SHARE_SESSION_LIMIT_REACHED", detail);
}

function keyOf({ groupId, memberId }: Pick<ShareSessionRequest, "groupId" | "memberId">): string {
  return JSON.stringify([groupId, memberId]);
}

// Fetch sessions (KIP-227; Kafka's FetchSession): a client names its partitions once, then only what changes, and is answered with those
// that have something new. A consumer of 1,000 idle partitions sends and gets a few bytes.
//
//   epoch -1 (FINAL)     all partitions are named; no session, and the one named ends
//   epoch 0 (INITIAL)    all partitions are named; a new session begins, the one named ends
//   epoch 1, 2, …        what changed since the epoch before; after 2^31 - 1 comes 1
//
// A connection has one session at the most, which ends with it: a client that comes by another begins anew, as after a broker's restart.

import type { ErrorName } from "../../common/errors.ts";
import { MAX_FETCH_SESSION_PARTITIONS } from "../../common/limits/kafka.ts";
import type { API } from "../../protocol/api-keys.ts";
import type { DecodedOf } from "../../protocol/message.ts";
import type { Session } from "./call.ts";

export type FetchRequest = DecodedOf<typeof API.fetch.request>;
type FetchPartition = FetchRequest["topics"][number]["partitions"][number];

const FINAL_EPOCH = -1;
const INITIAL_EPOCH = 0;
const LAST_EPOCH = 0x7fff_ffff;

/** The first version that names topics by id. */
export const TOPIC_IDS_SINCE = 13;

/** A partition that is to be fetched. Up to version 12 the topic has a name and no id, then an id and no name. */
export interface AskedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: FetchPartition;
}

/** What a client is told of a partition that makes it new. */
interface PartitionAnswer {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly records: Uint8Array;
}

interface Entry {
  asked: AskedPartition;
  /** As the client knows them; -1: it has to be told. */
  highWatermark: number;
  logStartOffset: number;
}

export class FetchSession {
  readonly id: number;
  readonly #usesTopicIds: boolean;
  /** In the order in which they are fetched. */
  readonly #entries = new Map<string, Entry>();
  #nextEpoch = 1;

  constructor(id: number, usesTopicIds: boolean, asked: readonly AskedPartition[]) {
    this.id = id;
    this.#usesTopicIds = usesTopicIds;
    this.#name(asked);
  }

  get asked(): readonly AskedPartition[] {
    return Array.from(this.#entries.values(), ({ asked }) => asked);
  }

  /** Takes what changed. @returns why it is not the session's next request; nothing is changed then */
  advance(request: FetchRequest, usesTopicIds: boolean): ErrorName | null {
    if (request.sessionEpoch !== this.#nextEpoch) return "INVALID_FETCH_SESSION_EPOCH";
    if (usesTopicIds !== this.#usesTopicIds) return "FETCH_SESSION_TOPIC_ID_ERROR";
    this.#nextEpoch = this.#nextEpoch === LAST_EPOCH ? 1 : this.#nextEpoch + 1;
    this.#name(partitionsOf(request));
    for (const { partitions, ...topic } of request.forgottenTopicsData) {
      for (const partition of partitions) this.#entries.delete(keyOf(topic, partition));
    }
    return null;
  }

  /** Whether there is anything new in the answer. One with records goes to the end: the others are served before it the next time. */
  isNew(asked: AskedPartition, { errorCode, highWatermark, logStartOffset, records }: PartitionAnswer): boolean {
    const key = keyOf(asked, asked.partition.partition);
    const entry = this.#entries.get(key);
    if (entry === undefined) return true;
    const isFailed = errorCode !== 0;
    const isNew = isFailed || records.length > 0 || highWatermark !== entry.highWatermark || logStartOffset !== entry.logStartOffset;
    entry.highWatermark = isFailed ? -1 : highWatermark; // after a failure the next answer is told whatever it is
    entry.logStartOffset = logStartOffset;
    if (records.length > 0) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return isNew;
  }

  #name(partitions: readonly AskedPartition[]): void {
    for (const asked of partitions) {
      const key = keyOf(asked, asked.partition.partition);
      const entry = this.#entries.get(key);
      if (entry === undefined) this.#entries.set(key, { asked, highWatermark: -1, logStartOffset: -1 });
      else entry.asked = asked;
    }
  }
}

/** What a request fetches. */
export interface FetchContext {
  readonly asked: readonly AskedPartition[];
  /** null: there is none, and every partition is answered. */
  readonly session: FetchSession | null;
  /** Only what is new is answered. */
  readonly isIncremental: boolean;
}

/** Finds the connection's session, or begins or ends one, as the request wants it. */
export function openFetch(request: FetchRequest, version: number, connection: Session): FetchContext | ErrorName {
  const { sessionId, sessionEpoch } = request;
  const usesTopicIds = version >= TOPIC_IDS_SINCE;
  const known = connection.fetchSession;
  if (sessionEpoch > INITIAL_EPOCH) {
    if (known === null || sessionId !== known.id) return "FETCH_SESSION_ID_NOT_FOUND";
    return known.advance(request, usesTopicIds) ?? { asked: known.asked, session: known, isIncremental: true };
  }
  if (sessionEpoch < FINAL_EPOCH) return "INVALID_FETCH_SESSION_EPOCH";
  const asked = partitionsOf(request);
  const isKept = sessionEpoch === INITIAL_EPOCH && version >= 7 && asked.length > 0 && asked.length <= MAX_FETCH_SESSION_PARTITIONS;
  if (isKept) connection.fetchSession = new FetchSession(newSessionId(), usesTopicIds, asked);
  else if (sessionId !== 0 && sessionId === known?.id) connection.fetchSession = null;
  return { asked, session: isKept ? connection.fetchSession : null, isIncremental: false };
}

function partitionsOf({ topics }: FetchRequest): AskedPartition[] {
  return topics.flatMap(({ topic, topicId, partitions }) => partitions.map((partition) => ({ topic, topicId, partition })));
}

function keyOf({ topic, topicId }: Pick<AskedPartition, "topic" | "topicId">, partition: number): string {
  return `${topic === "" ? topicId : topic} ${partition}`;
}

/** Random, so that a session of a connection before this one is not taken for it: 1 to 2^31 - 1. */
function newSessionId(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1 || 1;
}

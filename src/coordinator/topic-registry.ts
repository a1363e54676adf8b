// Makes, changes, finds and lists topics: the rules of topics.ts over a store. Every change gets a version of its own, from a counter
// that the whole cluster shares, so that a topic made again under a name is newer than the one before it.

import { decodeCursor, encodeCursor } from "../common/cursor.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_PAGE_ITEMS } from "../common/limits/topics.ts";
import type { PageQuery, StoredTopic, TopicStore } from "../storage/topic-store.ts";
import { checkTopicName, isSamePlan, planNewTopic, planTopicChange, type TopicChange, type TopicConfigSet } from "./topics.ts";

/** The id in the answer to a creation that was only checked (Kafka's Uuid.ZERO_UUID). */
const NO_TOPIC_ID = "00000000-0000-0000-0000-000000000000";

export interface NewTopic {
  readonly name: string;
  readonly partitions?: number;
  readonly configs?: TopicConfigSet;
  readonly validateOnly?: boolean;
}

export interface ListRequest {
  readonly prefix?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export interface TopicRegistryOptions {
  /** ms since the epoch */
  readonly now: () => number;
  readonly randomUuid: () => string;
  /** num.partitions; 1 where absent. */
  readonly defaultPartitions?: number;
}

export class TopicRegistry {
  readonly #store: TopicStore;
  readonly #options: TopicRegistryOptions;

  constructor(store: TopicStore, options: TopicRegistryOptions) {
    this.#store = store;
    this.#options = options;
  }

  topic(name: string): StoredTopic | null {
    return this.#store.topic(name);
  }

  /** null for a topic that is being deleted, too. */
  topicById(topicId: string): StoredTopic | null {
    return this.#store.topicById(topicId);
  }

  listTopics(request: ListRequest): { readonly topics: StoredTopic[]; readonly nextCursor: string | null } {
    const { items, nextCursor } = readPage(
      request,
      (query) => this.#store.listTopics(query),
      (topic) => topic.name,
    );
    return { topics: items, nextCursor };
  }

  listGroups(request: ListRequest): { readonly groupIds: string[]; readonly nextCursor: string | null } {
    const { items, nextCursor } = readPage(
      request,
      (query) => this.#store.listGroups(query),
      (groupId) => groupId,
    );
    return { groupIds: items, nextCursor };
  }

  listTransactions(request: ListRequest): { readonly transactionalIds: string[]; readonly nextCursor: string | null } {
    const { items, nextCursor } = readPage(
      request,
      (query) => this.#store.listTransactions(query),
      (transactionalId) => transactionalId,
    );
    return { transactionalIds: items, nextCursor };
  }

  listShareGroups(request: ListRequest): { readonly groupIds: string[]; readonly nextCursor: string | null } {
    const { items, nextCursor } = readPage(
      request,
      (query) => this.#store.listShareGroups(query),
      (groupId) => groupId,
    );
    return { groupIds: items, nextCursor };
  }

  /** Puts a consumer group on the list; a repeat changes nothing. A name belongs to one kind of group, as in Kafka's GroupMetadataManager. */
  registerGroup(groupId: string): Failure | null {
    if (this.#store.hasShareGroup(groupId)) return nameTaken(groupId, "share", "consumer");
    this.#store.addGroup(groupId);
    return null;
  }

  /** As `registerGroup`, the other way round. */
  registerShareGroup(groupId: string): Failure | null {
    if (this.#store.hasGroup(groupId)) return nameTaken(groupId, "consumer", "share");
    this.#store.addShareGroup(groupId);
    return null;
  }

  createTopic(request: NewTopic): StoredTopic | Failure {
    const { name } = request;
    const refused = checkTopicName(name);
    if (refused !== null) return refused;
    const plan = planNewTopic(request, this.#store.similarTopic(name), this.#options.defaultPartitions);
    if (isFailure(plan)) return plan;

    const topic = { name, topicId: NO_TOPIC_ID, ...plan, version: 0, createdAtMs: this.#options.now() };
    if (request.validateOnly === true) return topic;
    return this.#put({ ...topic, topicId: this.#options.randomUuid() });
  }

  /** A change that changes nothing keeps the version. */
  alterTopic(name: string, change: TopicChange & { readonly validateOnly?: boolean }): StoredTopic | Failure {
    const topic = this.#store.topic(name);
    if (topic === null) return unknownTopic(name);
    const plan = planTopicChange(name, topic, change);
    if (isFailure(plan)) return plan;
    if (isSamePlan(topic, plan)) return topic;
    return change.validateOnly === true ? { ...topic, ...plan } : this.#put({ ...topic, ...plan });
  }

  /** Frees the name and leaves a deletion with all partitions to go; answers the topic as it was. */
  beginDeletion(name: string): StoredTopic | Failure {
    const topic = this.#store.topic(name);
    if (topic === null) return unknownTopic(name);
    const { topicId, partitionCount } = topic;
    this.#store.transaction(() => {
      this.#store.removeTopic(name);
      this.#store.putDeletion({ topicId, partitionCount, nextPartition: 0, failed: [], attempts: 0 });
    });
    return topic;
  }

  #put(topic: StoredTopic): StoredTopic {
    return this.#store.transaction(() => {
      const stored = { ...topic, version: this.#store.nextVersion() };
      this.#store.putTopic(stored);
      return stored;
    });
  }
}

function unknownTopic(name: string): Failure {
  return failure("UNKNOWN_TOPIC_OR_PARTITION", `Topic '${name.slice(0, 300)}' does not exist.`);
}

/** One item more than the page tells whether another page follows. A cursor that was never given out has nothing after it. */
function readPage<Item>(
  { prefix = "", limit, cursor }: ListRequest,
  list: (query: PageQuery) => Item[],
  nameOf: (item: Item) => string,
): { readonly items: Item[]; readonly nextCursor: string | null } {
  const after = cursor === undefined ? "" : decodeCursor(cursor);
  if (after === null) return { items: [], nextCursor: null };
  const size = Math.max(1, Math.min(Math.trunc(limit), MAX_PAGE_ITEMS));
  const found = list({ prefix, after, limit: size + 1 });
  const items = found.slice(0, size);
  return { items, nextCursor: found.length > size ? encodeCursor(nameOf(items.at(-1)!)) : null };
}

function nameTaken(groupId: string, kind: string, wanted: string): Failure {
  const detail = `'${groupId}' is a ${kind} group: no ${wanted} group can have its name before it is deleted`;
  return failure("INCONSISTENT_GROUP_PROTOCOL", detail);
}

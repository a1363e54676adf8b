// The cluster as the use cases need it: topics, and what is counted once in all of it.

import type { Failure } from "../../common/errors.ts";

export interface TopicMetadata {
  readonly name: string;
  /** UUID. A topic made again under a name has another one. */
  readonly topicId: string;
  readonly partitionCount: number;
  /** Only the configs that were set; defaults are in src/common/configs.ts. */
  readonly configs: Readonly<Record<string, string>>;
  /** Rises with every change of the topic. */
  readonly version: number;
  readonly createdAtMs: number;
}

export interface TopicPage {
  readonly topics: readonly TopicMetadata[];
  /** Pass as `cursor` for the next page; null on the last. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  readonly prefix?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export interface CreateTopicRequest {
  readonly name: string;
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** Check everything, change nothing. */
  readonly validateOnly?: boolean;
}

export interface AlterTopicRequest {
  /** The new count: never less than the present one. */
  readonly partitions?: number;
  /** null resets a config to its default. */
  readonly configs?: Readonly<Record<string, string | null>>;
  readonly validateOnly?: boolean;
}

export interface ProducerIdBlock {
  readonly firstProducerId: number;
  readonly count: number;
}

export interface GroupPage {
  readonly groupIds: readonly string[];
  readonly nextCursor: string | null;
}

export interface TransactionPage {
  readonly transactionalIds: readonly string[];
  readonly nextCursor: string | null;
}

export interface ShareGroupPage {
  readonly groupIds: readonly string[];
  readonly nextCursor: string | null;
}

export interface ClusterPort {
  /** A UUID made at the first start. */
  clusterId(): Promise<string>;
  topic(name: string): Promise<TopicMetadata | null>;
  topicById(topicId: string): Promise<TopicMetadata | null>;
  listTopics(request: PageRequest): Promise<TopicPage>;
  createTopic(request: CreateTopicRequest): Promise<TopicMetadata | Failure>;
  alterTopic(name: string, request: AlterTopicRequest): Promise<TopicMetadata | Failure>;
  /** Answers when no partition of the topic takes or serves records any more. */
  deleteTopic(name: string): Promise<TopicMetadata | Failure>;
  allocateProducerIds(): Promise<ProducerIdBlock>;
  /** Makes the group show up in `listGroups`; a repeat changes nothing. INCONSISTENT_GROUP_PROTOCOL: it is a share group's name. */
  registerGroup(groupId: string): Promise<Failure | null>;
  unregisterGroup(groupId: string): Promise<void>;
  listGroups(request: PageRequest): Promise<GroupPage>;
  /** Makes the transactional id show up in `listTransactions`; a repeat changes nothing. */
  registerTransaction(transactionalId: string): Promise<void>;
  unregisterTransaction(transactionalId: string): Promise<void>;
  listTransactions(request: PageRequest): Promise<TransactionPage>;
  /** Makes the share group show up in `listShareGroups`; a repeat changes nothing. INCONSISTENT_GROUP_PROTOCOL: it is a group's name. */
  registerShareGroup(groupId: string): Promise<Failure | null>;
  unregisterShareGroup(groupId: string): Promise<void>;
  listShareGroups(request: PageRequest): Promise<ShareGroupPage>;
}

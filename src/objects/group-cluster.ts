// What a group object asks of the cluster object: to list it, and the topics that its members subscribe to.

import type { TopicMetadata, TopicPage } from "../broker/ports.ts";
import { MAX_PAGE_ITEMS } from "../common/limits/topics.ts";
import type { GroupRegister } from "../coordinator/group-life.ts";
import type { TopicSource } from "../coordinator/group-topics.ts";
import type { Env } from "../env.ts";
import { clusterObject } from "./names.ts";

/** Its RPC methods, as plain data. */
interface Cluster extends GroupRegister {
  topicsNamed(names: readonly string[]): Promise<readonly TopicMetadata[]>;
  listTopics(request: { readonly limit: number; readonly cursor?: string }): Promise<TopicPage>;
}

export function groupCluster(env: Env): GroupRegister & TopicSource {
  // A stub of an object that was reset stays broken: each call has its own.
  const cluster = () => clusterObject(env) as unknown as Cluster;
  return {
    registerGroup: (groupId) => cluster().registerGroup(groupId),
    unregisterGroup: (groupId) => cluster().unregisterGroup(groupId),
    topicsNamed: (names) => cluster().topicsNamed(names),
    async allTopics() {
      const topics: TopicMetadata[] = [];
      let cursor: string | null = null;
      do {
        const page: TopicPage = await cluster().listTopics({ limit: MAX_PAGE_ITEMS, ...(cursor !== null && { cursor }) });
        topics.push(...page.topics);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return topics;
    },
  };
}

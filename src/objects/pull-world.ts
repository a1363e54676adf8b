// What a subscription that is pulled from needs of the cluster and of its share group (src/subscription/pull-host.ts), over the broker and the
// objects. Nothing in it rejects.

import { createBroker } from "../broker/create-broker.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { Env } from "../env.ts";
import type { StoredPullSubscription } from "../subscription/pull-config.ts";
import type { PullStore, PullWorld } from "../subscription/pull-host.ts";
import { brokerState } from "./broker-state.ts";
import { createPorts } from "./ports.ts";
import type { ShareGroupObject } from "./share-group.ts";
import { orUnreachable } from "./subscription-world.ts";

/** Stored: never change it. A StoredPullSubscription; absent: there is none. */
const PULL_KEY = "pull-subscription";

/** What either kind of subscription asks of the cluster in the same way. */
type ClusterWorld = Pick<PullWorld, "now" | "partitions" | "ensureTopic" | "register" | "unregister">;

export function createPullWorld(env: Env, cluster: ClusterWorld, waitUntil: (work: Promise<unknown>) => void): PullWorld {
  const { now, partitions, ensureTopic, register, unregister } = cluster;
  const ports = createPorts(env, waitUntil);
  const broker = createBroker(ports, brokerState);
  const shareGroup = (name: string): Pick<ShareGroupObject, "attach" | "detach"> =>
    env.SHARE_GROUP.getByName(name) as unknown as ShareGroupObject; // its RPC methods, as plain data
  return {
    ...{ now, partitions, ensureTopic, register, unregister },
    attachShareGroup: async (name, settings, topics) => {
      const attached = await orUnreachable(shareGroup(name).attach(name, settings, topics));
      return isFailure(attached) ? attached : null;
    },
    detachShareGroup: async (name) => {
      const failed = await orUnreachable(shareGroup(name).detach(name));
      return failed?.error === "GROUP_ID_NOT_FOUND" ? null : failed;
    },
    beginTopics: async (name, topics) => {
      const group = ports.shareGroup(name);
      const view = await group.view();
      if (view === null) return failure("GROUP_ID_NOT_FOUND", `share group '${name}' was deleted`);
      if (isFailure(view)) return view;
      for (const topic of topics) {
        const found = await broker.topic(topic);
        if (isFailure(found)) return found;
        const { topicId, version: topicVersion, partitionCount } = found;
        const failed: Failure | null = await group.subscribe(view.groupUuid, { topicId, topic, topicVersion, partitionCount });
        if (failed !== null) return failed;
      }
      return null;
    },
  };
}

/** One value: a subscription of this kind keeps nothing else. */
export function createPullStore(storage: DurableObjectStorage): PullStore {
  return {
    get: () => storage.kv.get<StoredPullSubscription>(PULL_KEY) ?? null,
    put: (subscription) => storage.kv.put(PULL_KEY, subscription),
    clear: () => storage.deleteAll(),
  };
}

// The Worker: what it exports to the platform, wired together.

import { ClusterCache } from "./broker/cluster-cache.ts";
import { type BrokerState, createBroker } from "./broker/create-broker.ts";
import { ProducerIdPool } from "./broker/producer-ids.ts";
import { describeConfigs } from "./common/configs.ts";
import { MAX_DECOMPRESSED_BYTES } from "./common/limits.ts";
import { VERSION } from "./common/version.ts";
import type { Env } from "./env.ts";
import { createHttpApp } from "./listeners/http/app.ts";
import { serveSocket } from "./listeners/kafka/serve-socket.ts";
import { core } from "./objects/core.ts";
import { kafkaSettings } from "./objects/kafka-settings.ts";
import { createPorts } from "./objects/ports.ts";
import { createRecordCodec } from "./wasm/record-codec.ts";

export { ClusterObject } from "./objects/cluster.ts";
export { GroupObject } from "./objects/group.ts";
export { PartitionObject } from "./objects/partition.ts";
export { SubscriptionObject } from "./objects/subscription.ts";

/** What the requests of this isolate share. */
const state: BrokerState = {
  core,
  clusterCache: new ClusterCache({ now: Date.now }),
  producerIds: new ProducerIdPool(),
  now: Date.now,
  random: Math.random,
};

const http = createHttpApp<Env>({
  broker: (env, context) =>
    createBroker(
      createPorts(env, (work) => context.waitUntil(work)),
      state,
    ),
  settings: (env) => ({ adminToken: env.SLUICE_ADMIN_TOKEN ?? null, open: env.SLUICE_OPEN === "1", version: VERSION }),
  codec: createRecordCodec(core, MAX_DECOMPRESSED_BYTES),
  topicConfigs: (set) =>
    describeConfigs(set).map(({ key, value, defaultValue, source, type, honoured, doc }) => {
      return { name: key, value, default: defaultValue, source, type, honoured, doc };
    }),
});

export default {
  fetch: (request, env, context) => http.fetch(request, env, context),

  async connect(socket, env, context) {
    const broker = createBroker(
      createPorts(env, (work) => context.waitUntil(work)),
      state,
    );
    const { localAddress } = await socket.opened;
    await serveSocket(socket, { broker, settings: kafkaSettings(env, localAddress) });
  },
} satisfies ExportedHandler<Env>;

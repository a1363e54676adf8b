// The Worker: what it exports to the platform, wired together.

import { describeConfigs } from "./common/configs.ts";
import { readConnectionConfigs } from "./common/connection-configs.ts";
import { VERSION } from "./common/version.ts";
import type { Env } from "./env.ts";
import { createHttpApp } from "./listeners/http/app.ts";
import { ConnectionQuota } from "./listeners/kafka/connection-quota.ts";
import { serveSocket } from "./listeners/kafka/serve-socket.ts";
import { brokerState, openBroker } from "./objects/broker-state.ts";
import { socketSettings } from "./objects/kafka-settings.ts";
import { openConnection } from "./objects/open-connection.ts";
import { securityOf } from "./objects/security-port.ts";

export { ClusterObject } from "./objects/cluster.ts";
export { ConnectionObject } from "./objects/connection.ts";
export { GroupObject } from "./objects/group.ts";
export { PartitionObject } from "./objects/partition.ts";
export { ShareGroupObject } from "./objects/share-group.ts";
export { SharePartitionObject } from "./objects/share-partition.ts";
export { SubscriptionObject } from "./objects/subscription.ts";
export { TransactionObject } from "./objects/transaction.ts";

/** Of this isolate. */
const connections = new ConnectionQuota();

const http = createHttpApp<Env>({
  broker: openBroker,
  openKafkaSocket: openConnection,
  security: securityOf,
  settings: (env) => ({ adminToken: env.SLUICE_ADMIN_TOKEN ?? null, open: env.SLUICE_OPEN === "1", version: VERSION }),
  codec: brokerState.codec,
  json: brokerState.json,
  topicConfigs: (set) =>
    describeConfigs(set).map(({ key, value, defaultValue, source, type, honoured, doc }) => {
      return { name: key, value, default: defaultValue, source, type, honoured, doc };
    }),
});

export default {
  fetch: (request, env, context) => http.fetch(request, env, context),

  async connect(socket, env, context) {
    const config = readConnectionConfigs(env.SLUICE_CONNECTION_CONFIGS);
    const { localAddress, remoteAddress } = await socket.opened;
    const close = connections.open(remoteAddress?.replace(PORT, "") ?? null, config);
    if (typeof close === "string") return refuseSocket(socket, close);
    try {
      const broker = openBroker(env, context);
      await serveSocket(socket, { broker, security: securityOf(env), settings: socketSettings(env, localAddress) }, config.maxIdleMs);
    } finally {
      close();
    }
  },
} satisfies ExportedHandler<Env>;

/** Of an address with its port. */
const PORT = /:\d+$/;

async function refuseSocket(socket: Socket, reason: string): Promise<void> {
  console.warn(JSON.stringify({ message: "a Kafka connection is refused", reason }));
  await socket.close();
}

// Fifty members of one group: they share sixty partitions, half of them leave, and come back.

import { afterAll, beforeAll } from "vitest";
import { type Broker, startBroker } from "../../support/broker.ts";
import { LONG_SESSION_MS } from "./group.ts";
import { scenario } from "./scenario.ts";

let broker: Broker;

beforeAll(async () => {
  const configs = { "group.consumer.session.timeout.ms": String(LONG_SESSION_MS), "group.consumer.heartbeat.interval.ms": "1000" };
  broker = await startBroker({ env: { SLUICE_GROUP_CONFIGS: JSON.stringify(configs) } });
});
afterAll(async () => {
  await broker?.stop();
});

scenario(
  "fifty members share sixty partitions, while half of them leave and come back",
  { on: () => broker, needs: ["crowd"] },
  async (group, topic) => {
    await group.createTopic(topic, 60);
    await group.startMany(50);
    await group.atRest();
    await group.produce(topic, 600);
    await group.delivered();
    await group.leave(...[...group.members].slice(0, 25));
    await group.atRest();
    await group.produce(topic, 600);
    await group.delivered();
    await group.startMany(25);
    await group.atRest();
    await group.produce(topic, 600);
    await group.delivered();
    await group.leave(...group.members);
    group.expectDelivered();
    await group.expectCommitted();
  },
);

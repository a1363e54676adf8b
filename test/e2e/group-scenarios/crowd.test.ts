// Fifty members of one group: they share sixty partitions, half of them leave, and come back.

import { fileBroker } from "./file-broker.ts";
import { scenario } from "./scenario.ts";

const on = fileBroker({ heartbeatMs: 1_000 });

const members = { isOneOfMany: true };

scenario("fifty members share sixty partitions, while half of them leave and come back", { on, members }, async (group, topic) => {
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
});

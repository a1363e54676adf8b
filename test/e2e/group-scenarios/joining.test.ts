// Members that join and leave, of every kind of client and mixed: sessions are longer than the tests, so what is given over was given over
// because somebody left.

import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { fileBroker } from "./file-broker.ts";
import { scenario } from "./scenario.ts";

/** Of a stream: written at a time, and ahead of the slowest of clients, which takes records one by one from another process. */
const ROUND_RECORDS = 20;
const MAX_UNSEEN_RECORDS = 60;

const on = fileBroker();

scenario("members join one after the other, share the partitions, and give them over as they leave", { on }, async (group, topic) => {
  await group.createTopic(topic, 6);
  await group.produce(topic, 60);
  const first = await group.start();
  await group.delivered();
  await group.atRest();
  const [second] = await group.startMany(2);
  await group.atRest();
  await group.produce(topic, 60);
  await group.delivered();
  expect([...group.members].map(({ seen }) => seen.length > 0)).toEqual([true, true, true]);
  for (const leaver of [first, second!]) {
    await group.leave(leaver);
    await group.atRest();
    await group.produce(topic, 60);
    await group.delivered();
  }
  await group.leave(...group.members);
  expect(await group.describe()).toMatchObject({ state: "Empty", members: [] });
  group.expectDelivered();
  await group.expectCommitted();
});

scenario("nothing is lost or repeated while members come and go in the middle of a stream", { on }, async (group, topic) => {
  await group.createTopic(topic, 4);
  let isOver = false;
  const seen = (count: number) => until(`${count} records were seen`, () => isOver || group.log.mark() >= count);
  const more = () => seen(group.log.mark() + MAX_UNSEEN_RECORDS);
  const producing = (async () => {
    for (let count = 0; !isOver; count += ROUND_RECORDS) {
      await seen(count - MAX_UNSEEN_RECORDS);
      await group.produce(topic, ROUND_RECORDS);
    }
  })();
  try {
    const first = await group.start();
    await more();
    const second = await group.start();
    await group.atRest();
    await more();
    await group.leave(first);
    await group.atRest();
    await group.startMany(2);
    await group.atRest();
    await more();
    await group.leave(second);
    await group.atRest();
  } finally {
    isOver = true;
    await producing;
  }
  await group.delivered();
  await group.leave(...group.members);
  group.expectDelivered();
  await group.expectCommitted();
});

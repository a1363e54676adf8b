// Where members read: the group is rewound while it has no members, a member seeks, pauses and resumes, and both doors say the same of what
// is committed.

import { expect } from "vitest";
import { fileBroker } from "./file-broker.ts";
import { scenario } from "./scenario.ts";

const on = fileBroker();

scenario("a group that is rewound reads everything from there again, once", { on }, async (group, topic) => {
  await group.createTopic(topic, 4);
  await group.startMany(2);
  await group.atRest();
  await group.produce(topic, 40);
  await group.delivered();
  expect(await group.reset(topic, "earliest")).toBe(409);
  await group.leave(...group.members);
  await group.expectCommitted();
  for (const [to, from] of [["earliest", 0] as const, [{ shiftBy: -3 }, 7] as const]) {
    expect(await group.reset(topic, to)).toBe(200);
    const start = new Map([...group.ends].map(([name]) => [name, from]));
    await group.expectCommitted(start);
    const mark = group.log.mark();
    await group.startMany(2);
    await group.delivered(mark);
    await group.leave(...group.members);
    if (group.isExact) group.log.expectOnce(start, group.ends, mark);
    await group.expectCommitted();
  }
});

scenario(
  "a member that seeks reads from there, once, and nobody else reads anything again",
  { on, needs: ["seek"] },
  async (group, topic) => {
    await group.createTopic(topic, 4);
    const [seeker] = await group.startMany(2);
    await group.atRest();
    await group.produce(topic, 40);
    await group.delivered();
    const partition = Number(seeker!.assigned()![0]!.split("/")[1]);
    const mark = group.log.mark();
    await seeker!.seek({ topic, partition }, 4);
    await group.produce(topic, 40);
    await group.delivered(mark);
    const before = new Map([...group.ends].map(([name]) => [name, name === `${topic}/${partition}` ? 4 : 10]));
    await group.leave(...group.members);
    group.log.expectOnce(before, group.ends, mark);
    await group.expectCommitted();
  },
);

scenario("a member reads nothing of what it has paused, and all of it once it resumes", { on, needs: ["pause"] }, async (group, topic) => {
  await group.createTopic(topic, 2);
  const member = await group.start();
  await group.atRest();
  const paused = { topic, partition: 0 };
  await group.produce(topic, 2);
  await group.delivered();
  await member.pause([paused]);
  const mark = group.log.mark();
  // What of the paused partition is under way when it is paused may be given still: what comes after is not.
  for (let round = 1; round <= 3; round++) {
    await group.produce(topic, 2);
    await group.seenUpTo({ topic, partition: 1 }, round + 1);
  }
  const early = group.log.since(mark).filter(({ partition }) => partition === 0);
  expect(early.length).toBeLessThanOrEqual(1);
  await member.resume([paused]);
  await group.delivered();
  await group.leave(member);
  group.expectDelivered();
  await group.expectCommitted();
});

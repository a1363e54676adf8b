// Members that die, and members that are slow, of every kind of client and mixed. Nothing is lost; what a member had and did not commit comes
// again to the others once its session has ended, and not before a member that is only slow has lost its partitions by its client's rule.

import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { fileBroker } from "./file-broker.ts";
import type { Group, GroupMember } from "./group.ts";
import type { Seen } from "./member.ts";
import { scenario } from "./scenario.ts";

/** Of members that are to die. */
const SHORT_SESSION_MS = 2_000;

/** Of members that are to live although they are slow, on a machine that may be slow too. Also the consumer protocol's, which the broker sets. */
const SLOW_SESSION_MS = 6_000;

const on = fileBroker({ sessionMs: SLOW_SESSION_MS, configs: { "group.min.session.timeout.ms": "500" } });

/** A handler that stops in the middle of its first record, until it is let go. */
function stuckHandler() {
  const entered = Promise.withResolvers<Seen>();
  const released = Promise.withResolvers<void>();
  const handle = async (record: Seen): Promise<void> => {
    entered.resolve(record);
    await released.promise;
  };
  return { handle, entered: entered.promise, release: released.resolve };
}

/** How often a record was handled. */
function timesSeen({ log }: Group, { topic, partition, offset }: Seen): number {
  return log.since(0).filter((one) => one.topic === topic && one.partition === partition && one.offset === offset).length;
}

scenario("what a member that crashes had not committed comes again to the others", { on }, async (group, topic) => {
  await group.createTopic(topic, 6);
  const stuck = stuckHandler();
  const doomed = await group.start({ sessionTimeoutMs: SHORT_SESSION_MS, handle: stuck.handle });
  await group.startMany(2);
  await group.atRest();
  await group.produce(topic, 60);
  const record = await stuck.entered;
  await group.crash(doomed);
  stuck.release();
  await group.delivered();
  await group.atRest();
  expect(timesSeen(group, record)).toBe(2);
  group.log.expectAtLeastOnce(group.ends);
  const mark = group.log.mark();
  const before = group.ends;
  await group.produce(topic, 60);
  await group.delivered(mark);
  group.log.expectOnce(before, group.ends, mark);
  await group.leave(...group.members);
  await group.expectCommitted();
});

scenario("all members crash at once, and those that come after them go on from what was committed", { on }, async (group, topic) => {
  const options = { sessionTimeoutMs: SHORT_SESSION_MS };
  await group.createTopic(topic, 4);
  await group.startMany(3, options);
  await group.atRest();
  await group.produce(topic, 40);
  await group.delivered();
  await group.crash(...group.members);
  await group.produce(topic, 40);
  await group.startMany(2, options);
  await group.delivered();
  await group.atRest();
  await group.leave(...group.members);
  group.log.expectAtLeastOnce(group.ends);
  await group.expectCommitted();
});

scenario("a slow member is kept, or loses its partitions and comes back, as its client has it", { on }, async (group, topic) => {
  await group.createTopic(topic, 4);
  const stuck = stuckHandler();
  const options = { sessionTimeoutMs: SLOW_SESSION_MS };
  const slow = await group.start({ ...options, maxPollIntervalMs: SLOW_SESSION_MS, handle: stuck.handle });
  const other = await group.start();
  await group.atRest();
  // It dies when the slow one gets stuck: once it is out, a session has passed.
  const canary = await group.start(options, slow.kind);
  await group.atRest();
  await group.produce(topic, 40);
  const record = await stuck.entered;
  await group.crash(canary);
  if (slow.kind.whenSlow === "kept") await keepsItsPartitions(group, other);
  else await losesItsPartitions(group, other, record);
  stuck.release();
  await group.delivered();
  await group.atRest();
  group.log.expectAtLeastOnce(group.ends);
  await group.leave(...group.members);
  if (slow.kind.whenSlow === "kept") {
    expect(timesSeen(group, record)).toBe(1);
    await group.expectCommitted();
  } else {
    // The canary and the slow one may go in two rebalances, and what was handled between them comes again, up to when they leave.
    expect(timesSeen(group, record)).toBeGreaterThanOrEqual(2);
    await group.expectCommittedAtMost();
  }
});

/** The canary's are shared, and the slow one is there still. */
async function keepsItsPartitions(group: Group, other: GroupMember): Promise<void> {
  await until("the canary is out", async () => (await group.describe()).members.length === 2 && other.assigned()?.length === 2);
}

async function losesItsPartitions(group: Group, other: GroupMember, record: Seen): Promise<void> {
  await until("the other has everything", () => other.assigned()?.length === 4 && timesSeen(group, record) >= 2);
}

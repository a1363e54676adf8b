// What members subscribe to, and under which name: topics that come later and match a pattern, several topics by name, and static members.

import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { fileBroker } from "./file-broker.ts";
import type { Group } from "./group.ts";
import { scenario } from "./scenario.ts";

const on = fileBroker();

scenario(
  "a new topic that the pattern matches is joined by itself, and one that it does not match is not",
  { on, needs: ["pattern"] },
  async (group, topic) => {
    await group.createTopic(`${topic}-a`, 2);
    await group.startMany(2, { topics: { pattern: `${topic}-[a-m]` } });
    await group.atRest();
    await group.produce(`${topic}-a`, 20);
    await group.delivered();
    await group.createTopic(`${topic}-m`, 2);
    await group.produce(`${topic}-m`, 20);
    await group.atRest();
    await group.delivered();
    await group.leave(...group.members);
    group.expectDelivered();
    await group.expectCommitted();
  },
);

scenario("members of several topics share the partitions of all", { on }, async (group, topic) => {
  for (const name of ["one", "two", "three"]) await group.createTopic(`${topic}-${name}`, 2);
  await group.startMany(3);
  await group.atRest();
  for (const name of ["one", "two", "three"]) await group.produce(`${topic}-${name}`, 20);
  await group.delivered();
  await group.leave(...group.members);
  group.expectDelivered();
  await group.expectCommitted();
});

/** @param ends how the member ends, one time after the other */
function comesBackAfter(...ends: readonly ("leave" | "crash")[]) {
  return async (group: Group, topic: string): Promise<void> => {
    await group.createTopic(topic, 6);
    const [moving, ...staying] = [
      await group.start({ instanceId: "a" }),
      await group.start({ instanceId: "b" }),
      await group.start({ instanceId: "c" }),
    ];
    await group.atRest();
    await group.produce(topic, 60);
    await group.delivered();
    const shares = staying.map((member) => member.assigned());
    const told = staying.map(({ timesAssigned }) => timesAssigned);
    const share = moving!.assigned();
    let present = moving!;
    for (const end of ends) {
      await group[end](present);
      await group.produce(topic, 60);
      present = await group.start({ instanceId: "a" }, present.kind);
      await group.atRest();
      await group.delivered();
      expect(present.assigned()).toEqual(share);
    }
    expect(staying.map((member) => member.assigned())).toEqual(shares);
    expect(staying.map(({ timesAssigned }) => timesAssigned)).toEqual(told);
    await group.leave(...group.members);
    group.log.expectAtLeastOnce(group.ends);
    await group.expectCommitted();
  };
}

scenario(
  "a static member comes back to its partitions after a crash, and the others notice nothing",
  { on, needs: ["static"] },
  comesBackAfter("crash"),
);

scenario(
  "a static member ends and comes back to its partitions, and the others notice nothing",
  { on, needs: ["static", "stay"] },
  comesBackAfter("leave"),
);

scenario(
  "of two members with one static name the older is fenced, and does not come back",
  { on, needs: ["static", "fenced"] },
  async (group, topic) => {
    await group.createTopic(topic, 4);
    const older = await group.start({ instanceId: "one" });
    await group.atRest();
    group.members.delete(older);
    const newer = await group.start({ instanceId: "one" }, older.kind);
    await until("the older one has ended", () => older.failure !== null);
    expect(older.failure).toMatch(/FENCED_INSTANCE_ID|fenced/i);
    await group.atRest();
    await group.produce(topic, 40);
    await group.delivered();
    expect(newer.seen).toHaveLength(40);
    expect(older.seen).toHaveLength(0);
    await older.crash();
  },
);

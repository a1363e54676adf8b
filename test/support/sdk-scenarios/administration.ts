// What the admin does, on every platform: topics, groups, the cluster.

import { aTopic, errorOf, produce, type Scenario } from "./scenario.ts";

export const ADMINISTRATION: readonly Scenario[] = [
  {
    name: "topics are made, described, altered, listed and deleted",
    async run(kit) {
      const { topics } = new kit.sdk.Admin(kit.connect());
      const prefix = `sdk-${crypto.randomUUID()}`;
      for (const letter of ["b", "a", "c"])
        await topics.create({ name: `${prefix}${letter}`, partitions: 2, configs: { "retention.ms": 1000 } });
      const altered = await topics.alter(`${prefix}a`, { partitions: 3, configs: { "retention.ms": null, "cleanup.policy": "compact" } });
      const described = await topics.describe(`${prefix}a`);
      const listed: string[] = [];
      for await (const { name, partitions } of topics.list({ prefix })) listed.push(`${name.slice(prefix.length)}:${partitions}`);
      await topics.delete(`${prefix}a`);
      return {
        ...{ altered: altered.configs, partitions: described.partitions.length, listed },
        gone: (await errorOf(topics.describe(`${prefix}a`)))!.code,
      };
    },
    expected: {
      altered: { "cleanup.policy": "compact" },
      partitions: 3,
      listed: ["a:3", "b:2", "c:2"],
      gone: "UNKNOWN_TOPIC_OR_PARTITION",
    },
  },
  {
    name: "offsets are told, records before one deleted, groups committed to, reset and deleted",
    async run(kit) {
      const topic = await aTopic(kit);
      await produce(kit, topic, 4);
      const { topics, groups } = new kit.sdk.Admin(kit.connect());
      const groupId = `of-${topic}`;
      await groups.commit(groupId, { offsets: [{ topic, partition: 0, offset: 3 }] });
      const [committed] = (await groups.offsets(groupId)).offsets;
      const reset = await groups.reset(groupId, { topic, partition: 0, to: { shiftBy: -2 } });
      await groups.delete(groupId);
      return {
        ...{ latest: (await topics.offset(topic, 0, "latest")).offset, start: (await topics.truncate(topic, 0, 1)).logStartOffset },
        ...{ committed: committed!.offset, lag: committed!.lag, reset: reset.offsets.map(({ to }) => to) },
        gone: (await errorOf(groups.describe(groupId)))!.code,
      };
    },
    expected: { latest: 4, start: 1, committed: 3, lag: 1, reset: [1], gone: "GROUP_ID_NOT_FOUND" },
  },
  {
    name: "the cluster tells its limits, and that it is up",
    async run(kit) {
      const admin = new kit.sdk.Admin(kit.connect());
      return { isUp: await admin.isUp(), hasLimits: (await admin.cluster()).limits.maxBodyBytes! > 0 };
    },
    expected: { isUp: true, hasLimits: true },
  },
];
